"""Pages and feeds of the running site over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bench.client import Client
from bench.lines import AT_LEAST, Question
from bench.reference import HELLO, ONE_SELECT, ROWS, SIGN_IN
from booking.domain.period import oslo

PACKED = {"Accept-Encoding": "gzip"}

FINDER = "/en/clinicians"
ARTICLE = "/en/articles/acupuncture-can-relieve-fibromyalgia"


def pages(client: Client, now: datetime) -> Iterator[Question]:
    """Of the demonstration's clinics."""
    day = oslo(now).date() + timedelta(days=8)
    for name, aim, path in (
        ("planner page", 6, "/en/book/plan?clinic=lambertseter"),
        ("a day of times", 2, f"/en/book/single?kind=needle-session&clinic=lambertseter&on={day}"),
        ("article", 4, ARTICLE),
    ):
        yield page(name, aim, client, path)


def finder(aim: float, client: Client, clinics: int) -> Question:
    """In its default order, by who can begin soonest, without a wish."""
    return page(f"finder, {clinics} clinics", aim, client, FINDER)


def page(name: str, aim: float, client: Client, path: str) -> Question:
    return Question(
        name=name,
        aim=aim,
        reference="a page of the site with one SELECT in its frame",
        data=f"{len(client.get(path)[0]) / 1000:.0f} kB",
        measured=client.side(path),
        against=client.side(ONE_SELECT),
    )


def schedule(client: Client, key: str, clinic: int, clinician: int, now: datetime, booked: int) -> Iterator[Question]:
    """The week of a clinician and the day of her clinic, a month ahead, beside the same rows in a plain list."""
    day, headers = oslo(now).date() + timedelta(weeks=4), client.signed_in(f"{SIGN_IN}/{key}")
    for name, aim, path, rows in (
        ("week of a clinician", 4, f"clinicians/{clinician}/week", f"clinician={clinician}&days=7"),
        ("day of a clinic with ten", 5, f"clinics/{clinic}/day", f"clinic={clinic}"),
    ):
        page = f"/en/staff/{path}?day={day}"
        yield Question(
            name=name,
            aim=aim,
            reference="a page of the site with the same rows in a list",
            data=f"{len(client.get(page, headers)[0]) / 1000:.0f} kB, {booked} appointments in the house",
            measured=client.side(page, headers),
            against=client.side(f"{ROWS}?day={day}&{rows}"),
        )


def feeds(client: Client, feed: str, events: int) -> Iterator[Question]:
    reference, against = "hello-world's rate, a view of the site", client.side(HELLO)
    body, tag = client.get(feed, PACKED)
    warm = client.side(feed, PACKED)
    unchanged = client.side(feed, {**PACKED, "If-None-Match": tag}, status=304)
    for name, aim, measured, data in (
        (f"feed of {events} events, warm", 0.4, warm, f"{len(body) / 1000:.0f} kB packed"),
        (f"feed of {events} events, unchanged (304)", 0.6, unchanged, "no body"),
    ):
        yield Question(
            name=name,
            aim=aim,
            reference=reference,
            data=data,
            measured=measured,
            against=against,
            bound=AT_LEAST,
        )
