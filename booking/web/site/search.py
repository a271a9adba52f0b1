"""Search: articles, questions, clinics, people and pages by the words in their names and headings.

The house is small, so everything is looked through at each search, and no index can be out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flask import render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from booking.services.articles import Published, published
from booking.services.postcodes import plain
from booking.services.wording import sentence
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import Clinician, all_clinicians
from booking.web.access import Rule, open_to
from booking.web.filters import local
from booking.web.forms.fields import one_line
from booking.web.language import current_language
from booking.web.site.marketing import beside_not_authorised, may_stand

LONGEST_QUERY = 100
MOST_WORDS = 8
MOST_HITS = 20

_BETWEEN_WORDS = re.compile(r"[\W_]+")
LENGTHS = range(3, 21)
"""Letters of a word of an address. Secrets are longer, or have figures in them: they are not searched for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found. `words`: what is searched beside the title; `rank`: 0 stands before 1."""

    href: str
    title: str
    text: str
    words: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found, the best first, and how much there is in all. `beside`: somebody of them is not authorised."""

    entries: tuple[Entry, ...]
    count: int
    beside: bool


@open_to(Rule.EVERYBODY)
def search() -> str:
    query = one_line(request.args.get("q", "")[: 2 * LONGEST_QUERY])[:LONGEST_QUERY].strip()
    hits = find(db.session(), query, current_language())
    return render_template("site/search.html", query=query, hits=hits, article_hidden=hits.beside)


def find(session: Session, query: str, language: str) -> Hits:
    """What has every word of the query in its title or words, at most `MOST_HITS`.

    If it finds somebody who is not authorised, articles on an illness are not among the rest.
    """
    words = plain(query).split()[:MOST_WORDS]
    if not words:
        return Hits((), 0, False)
    people = [each for each in all_clinicians(session) if _rank(_of_clinician(each), words) is not None]
    beside = beside_not_authorised(people)
    articles = [each for each in published(session, language) if may_stand(each.document, not_authorised=beside)]
    ranked = [(_rank(entry, words), entry) for entry in _entries(articles, all_clinics(session), people)]
    found = sorted(((rank, entry) for rank, entry in ranked if rank is not None), key=lambda hit: hit[0])
    return Hits(tuple(entry for _, entry in found[:MOST_HITS]), len(found), beside)


def words_of_address(path: str) -> str:
    """What somebody may have looked for who came to an address that leads nowhere."""
    words = (word for word in _BETWEEN_WORDS.split(path) if word.isalpha() and len(word) in LENGTHS)
    return " ".join(list(dict.fromkeys(words))[:MOST_WORDS])


def _entries(articles: Iterable[Published], clinics: Iterable[Clinic], people: Iterable[Clinician]) -> Iterator[Entry]:
    for article in articles:
        yield from _of_article(article)
    yield from map(_of_clinic, clinics)
    yield from map(_of_clinician, people)
    yield from _pages()


def _rank(entry: Entry, words: list[str]) -> int | None:
    """Lower is better: all words in the title, then all in the title or beside it; None if one is missing."""
    title = plain(entry.title)
    if all(word in title for word in words):
        return entry.rank
    everything = f"{title} {plain(entry.words)}"
    return entry.rank + 2 if all(word in everything for word in words) else None


def _of_article(article: Published) -> Iterator[Entry]:
    """The article, its sections, and the questions it answers."""
    document, href = article.document, url_for("site.article", slug=article.slug)
    words = " ".join((document.standfirst, *document.tags))
    yield Entry(href, document.title, document.standfirst, words)
    within = _("In the article “%(title)s”", title=document.title)
    for section in document.sections:
        yield Entry(f"{href}#{section.anchor}", section.heading, within, rank=1)
    for question in document.questions:
        yield Entry(f"{href}#{question.anchor}", question.question, within, rank=1)


def _of_clinic(clinic: Clinic) -> Entry:
    place = (_("Clinic"), clinic.county, clinic.municipality, clinic.full_address, local(clinic.transport))
    words = " ".join((*place, *_what_is_there(clinic)))
    return Entry(url_for("site.clinic", slug=clinic.slug), clinic.name, clinic.full_address, words)


def _what_is_there(clinic: Clinic) -> Iterator[str]:
    """Only what the clinic has: who needs a lift is not led to where there is none."""
    if clinic.parking:
        yield f"{_('Parking')} {local(clinic.parking)}"
    for there, name in (
        (clinic.step_free, _("Without steps")),
        (clinic.lift, _("Lift")),
        (clinic.toilet, _("Accessible toilet")),
        (clinic.hearing_loop, _("Hearing loop")),
        (clinic.lie_down, _("A place to lie down")),
        (clinic.quiet_room, _("Quiet room")),
    ):
        if there:
            yield name


def _of_clinician(clinician: Clinician) -> Entry:
    profession = sentence(local(clinician.profession.name))
    return Entry(url_for("site.clinician", slug=clinician.slug), clinician.name, profession, profession)


def _pages() -> Iterator[Entry]:
    for endpoint, title, text in (
        ("book.need", _("Book"), _("Times and prices, before you tell us anything about yourself.")),
        ("me.find", _("My appointments"), _("How to find the page with what you have booked.")),
        ("site.clinicians", _("Find a therapist"), _("By place, profession, language and what you need there.")),
        ("site.clinics", _("Clinics"), _("Addresses, opening hours and prices.")),
        ("site.articles", _("Articles"), _("What is known and what is not, with sources.")),
        ("book.call_me", _("Call me instead"), _("Leave your phone number, and a message if you like.")),
        ("site.contact", _("Contact"), _("Phone, e-mail, and what to do in an emergency.")),
        ("site.about", _("About us"), _("Who we are, and how plans and articles are made.")),
        ("site.privacy", _("Privacy"), _("What we keep about you, what we do not, and cookies.")),
        ("site.accessibility", _("Accessibility"), _("What works, what does not yet, and how to complain.")),
    ):
        yield Entry(url_for(endpoint), title, text, text, rank=1)
