"""Findable: where the public pages stand, for search engines, for who shares a page, and for a phone's home screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from xml.etree import ElementTree

from flask import Blueprint, Flask, Response, jsonify, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.services.articles import languages_of, published
from booking.store.clinics import all_clinics, the_group
from booking.store.database import db
from booking.store.people import all_clinicians
from booking.web.access import Rule, open_to
from booking.web.language import LANGUAGES, PREFIX, current_language
from booking.web.office import office
from booking.web.site.structured import json_ld

findable = Blueprint("findable", __name__)

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
ElementTree.register_namespace("", SITEMAP)
ElementTree.register_namespace("xhtml", XHTML)

KEPT_SECONDS = 3600
LOCALES = {"nb": "nb_NO", "en": "en_GB"}
DEFAULT_LANGUAGE = "en"
"""For who reads neither."""

ALONE = (
    "site.start",
    "site.articles",
    "site.clinicians",
    "site.clinics",
    "site.about",
    "site.contact",
    "site.privacy",
    "site.accessibility",
    "me.find",
)
"""Public pages of which there is one in each language."""

PUBLIC = (*ALONE, "site.article", "site.tagged", "site.clinic", "site.clinician")

NOT_FOR_ROBOTS = ("book/", "call-me", "comments/", "course/", "my-appointments/", "reminders/", "waiting/", "search")
"""Steps of a booking, what one person alone may see, and what would be without end; below each language."""

PAPER, BRAND = "#fbf8f3", "#0e5a5a"
ICONS = (
    ("img/icon-192.png", "192x192", "any"),
    ("img/icon-512.png", "512x512", "any"),
    ("img/icon-maskable-512.png", "512x512", "maskable"),
    ("img/favicon.svg", "any", "any"),
)
SHARED_PICTURE = "img/share.png"


@dataclass(frozen=True, slots=True)
class Page:
    """A public page in the languages it has; `changed` where it is known."""

    endpoint: str
    values: dict[str, Any] = field(default_factory=dict)
    languages: tuple[str, ...] = LANGUAGES
    changed: date | None = None

    def address(self, language: str) -> str:
        """Its whole address, without a query."""
        return office().url + url_for(self.endpoint, language=language, **self.values)

    @property
    def alternates(self) -> tuple[tuple[str, str], ...]:
        """The same page by language, for `hreflang`; none where there is one language only."""
        if len(self.languages) < 2:
            return ()
        default = DEFAULT_LANGUAGE if DEFAULT_LANGUAGE in self.languages else self.languages[0]
        found = [(language, self.address(language)) for language in self.languages]
        return (*found, ("x-default", self.address(default)))


@dataclass(frozen=True, slots=True)
class Findable:
    """What the head of a public page says of it; addresses are whole."""

    address: str
    alternates: tuple[tuple[str, str], ...]
    locale: str
    other_locales: tuple[str, ...]
    picture: str


def register(app: Flask) -> None:
    app.register_blueprint(findable)
    app.add_template_filter(json_ld, "json_ld")
    app.context_processor(lambda: {"findable": this_page()})


def this_page() -> Findable | None:
    """None for a page that is not for everybody, or is not one page: a step, a search, an answer to a form."""
    if request.endpoint not in PUBLIC or request.method not in ("GET", "HEAD"):
        return None
    language, values = current_language(), dict(request.view_args or {})
    page = Page(request.endpoint, values, _languages(db.session(), request.endpoint, values))
    return Findable(
        address=page.address(language),
        alternates=page.alternates,
        locale=LOCALES[language],
        other_locales=tuple(LOCALES[other] for other in page.languages if other != language),
        picture=office().url + url_for("static", filename=SHARED_PICTURE),
    )


@findable.get("/sitemap.xml")
@open_to(Rule.EVERYBODY)
def sitemap() -> Response:
    """Every public page in each of its languages (sitemaps.org 0.9, with xhtml:link for the other languages)."""
    root = ElementTree.Element(f"{{{SITEMAP}}}urlset")
    for page in public_pages(db.session()):
        for language in page.languages:
            _add(root, page, language)
    return _kept(ElementTree.tostring(root, "utf-8", xml_declaration=True), "application/xml")


@findable.get("/robots.txt")
@open_to(Rule.EVERYBODY)
def robots() -> Response:
    """Keeps programs away from the steps of a booking and from secret links (RFC 9309)."""
    closed = [f"Disallow: /{language}/{start}" for language in LANGUAGES for start in NOT_FOR_ROBOTS]
    lines = ["User-agent: *", *closed, "Disallow: /calendars/", "Disallow: /dev/", "", f"Sitemap: {_sitemap_address()}"]
    return _kept("\n".join(lines) + "\n", "text/plain")


@findable.get(f"{PREFIX}/manifest.webmanifest")
@open_to(Rule.EVERYBODY)
def manifest() -> Response:
    """What a phone needs to put the site on its home screen."""
    name, start = the_group(db.session()).name, url_for("site.start")
    answer = jsonify(
        id=start,
        name=name,
        short_name=name,
        description=_("Nine weeks, planned around you"),
        lang=current_language(),
        dir="ltr",
        start_url=start,
        scope="/",
        display="minimal-ui",
        background_color=PAPER,
        theme_color=BRAND,
        icons=[_icon(*icon) for icon in ICONS],
    )
    return _kept(answer.get_data(), "application/manifest+json")


def public_pages(session: Session) -> list[Page]:
    """Every page that search engines may know, in the order of the navigation."""
    alone = [Page(endpoint, changed=_changed(session, endpoint)) for endpoint in ALONE]
    clinics = [Page("site.clinic", {"slug": each.slug}, changed=each.facts_on) for each in all_clinics(session)]
    clinicians = [Page("site.clinician", {"slug": each.slug}) for each in all_clinicians(session)]
    return [*alone, *_articles(session), *clinics, *clinicians]


def _articles(session: Session) -> list[Page]:
    changed: dict[str, date] = {}
    for language in LANGUAGES:
        for each in published(session, language):
            changed[each.slug] = max(each.document.updated, changed.get(each.slug, date.min))
    return [
        Page("site.article", {"slug": slug}, _languages(session, "site.article", {"slug": slug}), day)
        for slug, day in changed.items()
    ]


def _changed(session: Session, endpoint: str) -> date | None:
    if endpoint != "site.articles":
        return None
    return max((page.changed for page in _articles(session) if page.changed), default=None)


def _languages(session: Session, endpoint: str, values: dict[str, Any]) -> tuple[str, ...]:
    """Tags are words of one language; articles stand in the languages they were written in; all else in every one."""
    if endpoint == "site.tagged":
        return (current_language(),)
    if endpoint != "site.article":
        return LANGUAGES
    return languages_of(session, values["slug"])


def _add(root: ElementTree.Element, page: Page, language: str) -> None:
    url = ElementTree.SubElement(root, f"{{{SITEMAP}}}url")
    ElementTree.SubElement(url, f"{{{SITEMAP}}}loc").text = page.address(language)
    if page.changed:
        ElementTree.SubElement(url, f"{{{SITEMAP}}}lastmod").text = page.changed.isoformat()
    for tag, address in page.alternates:
        ElementTree.SubElement(url, f"{{{XHTML}}}link", rel="alternate", hreflang=tag, href=address)


def _icon(file: str, sizes: str, purpose: str) -> dict[str, str]:
    kind = "image/svg+xml" if file.endswith(".svg") else "image/png"
    return {"src": url_for("static", filename=file), "sizes": sizes, "type": kind, "purpose": purpose}


def _sitemap_address() -> str:
    return office().url + url_for("findable.sitemap")


def _kept(body: str | bytes, kind: str) -> Response:
    response = Response(body, content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response
