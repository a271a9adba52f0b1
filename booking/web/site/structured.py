"""Structured: what a page tells machines about itself, in the words of schema.org, as JSON-LD.

Only what the page itself says and what is true of it. No ratings: readers rate how useful an article is, which is not a
rating of a clinic or a treatment (Health Personnel Act, section 13).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import url_for
from markupsafe import Markup

from booking.domain.period import Period, oslo
from booking.prose.document import Document
from booking.services.articles import Published
from booking.store.clinics import Clinic, Group
from booking.web.office import office
from booking.web.site.hours import OpenDay

Data = dict[str, Any]
SCHEMA = "https://schema.org"

# Whatever a text holds, it must not end the script element or begin a comment in it (HTML standard, 4.12.1.3).
_HARMLESS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def json_ld(data: Data) -> Markup:
    """The data as a script element that no browser runs."""
    text = json.dumps({"@context": SCHEMA, **data}, ensure_ascii=False).translate(_HARMLESS)
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(text))  # noqa: S704


def of_article(article: Published, group: Group) -> list[Data]:
    """The article, and the questions that it answers if there are any."""
    address = office().url + url_for("site.article", slug=article.slug, language=article.language)
    page = _medical_page(article.document, address, article.language, group)
    if not article.document.questions:
        return [page]
    return [page, _questions(article.document, address, article.language)]


def of_clinic(clinic: Clinic, week: Iterable[OpenDay], group: Group) -> list[Data]:
    """The clinic, with the opening times of one week; a number that cannot be called is left out."""
    address = office().url + url_for("site.clinic", slug=clinic.slug)
    found: Data = {
        "@type": "MedicalClinic",
        "@id": f"{address}#clinic",
        "name": f"{group.name} {clinic.name}",
        "url": address,
        "email": clinic.email,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": clinic.address,
            "postalCode": clinic.postcode,
            "addressLocality": clinic.place,
            "addressRegion": clinic.county,
            "addressCountry": "NO",
        },
        "openingHoursSpecification": [hours for day in week for hours in _hours_on(day)],
        "parentOrganization": _house(group),
    }
    if not clinic.phone_note:
        found["telephone"] = clinic.phone_display
    if clinic.latitude is not None and clinic.longitude is not None:
        found["geo"] = {"@type": "GeoCoordinates", "latitude": clinic.latitude, "longitude": clinic.longitude}
    return [found]


def of_house(group: Group) -> list[Data]:
    """The house as a whole, for its own page."""
    return [_house(group)]


def _medical_page(document: Document, address: str, language: str, group: Group) -> Data:
    page: Data = {
        "@type": "MedicalWebPage",
        "@id": address,
        "url": address,
        "name": document.title,
        "headline": document.title,
        "description": document.standfirst,
        "inLanguage": language,
        "about": [{"@type": "Thing", "name": tag} for tag in document.tags],
        "datePublished": document.published.isoformat(),
        "dateModified": document.updated.isoformat(),
        "author": _author(document, group),
        "publisher": _house(group),
        "isAccessibleForFree": True,
    }
    if document.reviewer:
        page["lastReviewed"] = document.reviewed.isoformat()
        page["reviewedBy"] = _person(document.reviewer, document.reviewer_role)
    return page


def _questions(document: Document, address: str, language: str) -> Data:
    return {
        "@type": "FAQPage",
        "@id": f"{address}#questions",
        "inLanguage": language,
        "mainEntity": [
            {
                "@type": "Question",
                "name": each.question,
                "url": f"{address}#{each.anchor}",
                "acceptedAnswer": {"@type": "Answer", "text": each.answer_text},
            }
            for each in document.questions
        ],
    }


def _author(document: Document, group: Group) -> Data:
    """The house, where it is named among who wrote the text: then that is nobody by herself."""
    if group.name in document.author:
        return {"@type": "Organization", "name": document.author}
    return _person(document.author, document.author_role)


def _person(name: str, role: str) -> Data:
    person = {"@type": "Person", "name": name}
    return person | {"jobTitle": role} if role else person


def _house(group: Group) -> Data:
    address = office().url
    return {"@type": "MedicalOrganization", "@id": f"{address}/#house", "name": group.name, "url": f"{address}/"}


def _hours_on(day: OpenDay) -> list[Data]:
    """Times of one date. Closed is 00:00 to 00:00, as search engines read it."""
    if not day.open:
        return [_hours(day, "00:00", "00:00")]
    return [_hours(day, _clock(period)[0], _clock(period)[1]) for period in day.open]


def _hours(day: OpenDay, opens: str, closes: str) -> Data:
    return {
        "@type": "OpeningHoursSpecification",
        "dayOfWeek": f"{SCHEMA}/{_WEEKDAYS[day.day.weekday()]}",
        "opens": opens,
        "closes": closes,
        "validFrom": day.day.isoformat(),
        "validThrough": day.day.isoformat(),
    }


def _clock(period: Period) -> tuple[str, str]:
    return f"{oslo(period.start):%H:%M}", f"{oslo(period.end):%H:%M}"


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
