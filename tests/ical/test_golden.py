"""Each message, byte for byte as it stands in tests/calendars; a change there is read and made by a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from booking.ical.event import Entry, Status, vevent
from booking.ical.feed import feed
from booking.ical.imip import invitation_mail, plain_mail
from booking.ical.itip import Method, cancel, published, request
from tests.calendars import rules
from tests.ical.entries import KARI, ORGANIZER, at_eight, entry, letter

CALENDARS = Path(__file__).resolve().parents[1] / "calendars"


def weeks() -> list[Entry]:
    """Both sides of the clock change of 28 March 2027; the second has been moved, the third is held."""
    later = "c8b1f7d2-3e44-4f0c-8f2b-7a9e5d0c2b22@klinikk.example"
    held = "1d0a4b3c-9f6e-47a5-b1c2-5e8f7a6d3c33@klinikk.example"
    return [
        entry(),
        entry(uid=later, sequence=2, period=at_eight(date(2027, 3, 30))),
        entry(uid=held, period=at_eight(date(2027, 4, 6)), status=Status.TENTATIVE, alarm=None),
    ]


def the_request() -> bytes:
    return request(entry(), ORGANIZER, KARI)


def the_cancel() -> bytes:
    return cancel(entry(sequence=4), ORGANIZER, KARI)


def the_file() -> bytes:
    return published(weeks())


def the_feed() -> bytes:
    return feed('Avtaler; "mine", Råholt', (vevent(each) for each in weeks()))


def the_invitation() -> bytes:
    return invitation_mail(letter(), calendar=the_request(), method=Method.REQUEST)


def the_cancellation() -> bytes:
    return invitation_mail(letter(), calendar=the_cancel(), method=Method.CANCEL)


def the_confirmation() -> bytes:
    return plain_mail(letter(subject="Your times", language="en"), calendar=the_file())


GOLDEN: dict[str, tuple[Callable[[], bytes], Callable[[bytes], object]]] = {
    "request.ics": (the_request, rules.check_request),
    "cancel.ics": (the_cancel, rules.check_cancel),
    "file.ics": (the_file, rules.check_file),
    "feed.ics": (the_feed, rules.check_feed),
    "invitation.eml": (the_invitation, rules.check_invitation_mail),
    "cancellation.eml": (the_cancellation, rules.check_invitation_mail),
    "confirmation.eml": (the_confirmation, rules.check_plain_mail),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_message_is_as_it_was_agreed(name: str) -> None:
    made = GOLDEN[name][0]()
    agreed = (CALENDARS / name).read_bytes()
    assert made.split(b"\r\n") == agreed.split(b"\r\n")


@pytest.mark.parametrize("name", GOLDEN)
def test_an_agreed_message_keeps_the_rules(name: str) -> None:
    GOLDEN[name][1]((CALENDARS / name).read_bytes())


@pytest.mark.parametrize("name", GOLDEN)
def test_the_same_values_give_the_same_bytes(name: str) -> None:
    make = GOLDEN[name][0]
    assert make() == make()


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.endswith(".ics")])
def test_a_second_library_reads_what_was_written(name: str) -> None:
    known = {each.uid: each for each in weeks()}
    for uid, start, end, summary, location in rules.second_reader(GOLDEN[name][0]()):
        assert (start, end) == (known[uid].period.start, known[uid].period.end)
        assert (summary, location) == (known[uid].summary, known[uid].location)


def test_a_file_leaves_out_what_is_cancelled() -> None:
    gone = replace(weeks()[0], status=Status.CANCELLED, sequence=1)
    assert [uid for uid, *_ in rules.second_reader(published([gone, *weeks()[1:]]))] == [
        each.uid for each in weeks()[1:]
    ]
