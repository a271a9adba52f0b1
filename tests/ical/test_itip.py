"""The life of one appointment, told to somebody's calendar."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import unquote

import pytest
from icalendar import Calendar

from booking.ical.event import Status, vevent
from booking.ical.feed import feed
from booking.ical.itip import Party, cancel, published, request
from tests.calendars import rules
from tests.ical.entries import KARI, ORGANIZER, STAMP, at_eight, entry


def moved(times: int) -> dict[str, object]:
    days = timedelta(days=7 * times)
    return {"sequence": times, "period": at_eight(date(2027, 3, 16) + days), "stamp": STAMP + days}


def test_a_life_keeps_its_uid_and_counts_its_changes() -> None:
    messages = [request(entry(**moved(times)), ORGANIZER, KARI) for times in range(4)]
    messages.append(cancel(entry(**{**moved(3), "sequence": 4}), ORGANIZER, KARI))
    events = [*map(rules.check_request, messages[:4]), rules.check_cancel(messages[4])]
    assert {event.text("UID") for event in events} == {entry().uid}
    assert [event.one("SEQUENCE").value for event in events] == ["0", "1", "2", "3", "4"]
    assert [event.one("STATUS").value for event in events] == ["CONFIRMED"] * 4 + ["CANCELLED"]


def test_a_resend_is_the_same_bytes() -> None:
    assert request(entry(), ORGANIZER, KARI) == request(entry(), ORGANIZER, KARI)


def test_the_uid_is_the_same_in_invitation_file_feed_and_cancellation() -> None:
    messages = [
        request(entry(), ORGANIZER, KARI),
        published([entry()]),
        feed("Avtaler", [vevent(entry())]),
        cancel(entry(sequence=1), ORGANIZER, KARI),
    ]
    assert {rules.second_reader(message)[0][0] for message in messages} == {entry().uid}


def test_a_cancellation_is_one_whatever_the_entry_said() -> None:
    rules.check_cancel(cancel(entry(sequence=2, status=Status.TENTATIVE), ORGANIZER, KARI))


@pytest.mark.parametrize("status", [Status.TENTATIVE, Status.CANCELLED])
def test_only_a_confirmed_appointment_is_a_request(status: Status) -> None:
    with pytest.raises(ValueError):
        request(entry(status=status), ORGANIZER, KARI)


def test_nothing_is_cancelled_that_was_never_sent() -> None:
    with pytest.raises(ValueError):
        cancel(entry(sequence=0), ORGANIZER, KARI)


def test_a_held_time_is_tentative_in_a_feed() -> None:
    [event] = rules.check_feed(feed("Avtaler", [vevent(entry(status=Status.TENTATIVE))]))
    assert event.one("STATUS").value == "TENTATIVE"


@pytest.mark.parametrize("email", ["kari+time@example.com", "o'brien@example.com", "a%b?c&d=e/f@example.com"])
def test_an_address_comes_back_from_its_uri(email: str) -> None:
    data = request(entry(), ORGANIZER, Party("Kari", email))
    uri = str(Calendar.from_ical(data).events[0]["ATTENDEE"])
    assert unquote(uri.removeprefix("mailto:")) == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "kari",
        "@example.com",
        "kari@",
        "a@b@example.com",
        "kari@example.com\r\nBcc: siv@example.com",
        "kari@example.com, siv@example.com",
        "<kari@example.com>",
        "kari æ@example.com",
        "kåri@example.com",
        '"kari"@example.com',
    ],
)
def test_an_address_that_could_not_stand_in_a_header_is_refused(email: str) -> None:
    with pytest.raises(ValueError):
        Party("Kari", email)
