"""One appointment as an event: what it says, what it cuts, what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from booking.domain.period import OSLO, Period
from booking.ical.event import Entry, Status, vevent
from booking.ical.itip import Party, published, request
from booking.ical.text import one_line, plain
from tests.calendars import rules
from tests.ical.entries import KARI, ORGANIZER, at_eight, entry

AWKWARD = [
    "Åse Ærlig-Østby",
    "Hansen, Kari; \"Kaja\" 'K'",
    "back\\slash \\n and \\, no newline",
    "Zoë 👩‍👩‍👧 😀",
    "two\r\nlines\nand\rthree",
    "BEGIN:VEVENT\r\nATTENDEE:mailto:siv@example.com",
    r"C:\New\north \N \\N",
    "caret ^n ^^ ^'",
    "æ" * 300,
    "😀" * 300,
    "word " * 60,
    "\ufeffmark \x00\x07 \x85 \u2028 controls \ud800",
]

texts = st.one_of(
    st.sampled_from(AWKWARD),
    st.text(st.characters(blacklist_categories=("Cs",)), max_size=300),
    st.text("æøåÆØÅ😀,;:\\\"'^nN\r\n\t =", max_size=300),
)


def events(data: bytes) -> list[tuple[str, str, str]]:
    """Summary, location and description as icalendar reads them."""
    calendar = Calendar.from_ical(data)
    return [
        tuple(str(event.get(name, "")) for name in ("SUMMARY", "LOCATION", "DESCRIPTION"))  # type: ignore[misc]
        for event in calendar.events
    ]


@given(texts)
def test_any_text_comes_back_whole_from_two_libraries(text: str) -> None:
    short = one_line(text)[:200].strip() or "x"
    data = published([entry(summary=short, location=short, description=plain(text)[:300])])
    assert events(data) == [(short, short, plain(text)[:300])]
    [(_, _, _, summary, location)] = rules.second_reader(data)
    assert (summary, location) == (short, short)


@given(texts)
@example("x" * 300)
def test_any_text_keeps_the_rules_of_the_bytes(text: str) -> None:
    rules.lines_of(published([entry(summary="x" + text, location=text, description=text * 9)]))


@given(texts)
def test_a_name_comes_back_whole_from_an_invitation(name: str) -> None:
    data = request(entry(), ORGANIZER, Party(name, "kari@example.com"))
    assert rules.check_request(data).one("ATTENDEE").parameters.get("CN", "") == one_line(name)
    if "\\" not in name:  # icalendar takes a backslash in a parameter for an escape, which RFC 6868 does not
        assert Calendar.from_ical(data).events[0]["ATTENDEE"].params.get("CN", "") == one_line(name)


@pytest.mark.parametrize("text", ["å" * 300, "😀" * 300, "x" * 254, "x" * 255])
def test_a_long_text_is_cut_below_its_limit(text: str) -> None:
    [event] = rules.check_file(published([entry(summary=text, location=text, description=text * 20)]))
    assert event.text("SUMMARY").rstrip("…") in text
    assert len(event.text("SUMMARY")) == min(len(text), 254)


@pytest.mark.parametrize(
    ("before", "after"),
    [(date(2027, 3, 22), date(2027, 3, 29)), (date(2027, 10, 25), date(2027, 11, 1))],
    ids=["spring", "autumn"],
)
def test_eight_stays_eight_across_a_clock_change(before: date, after: date) -> None:
    other = entry().uid.replace("6f1c", "7a2d")
    data = published([entry(period=at_eight(before)), entry(uid=other, period=at_eight(after))])
    assert b"DTSTART;TZID=Europe/Oslo:" + f"{before:%Y%m%d}".encode() + b"T080000\r\n" in data
    assert b"DTSTART;TZID=Europe/Oslo:" + f"{after:%Y%m%d}".encode() + b"T080000\r\n" in data
    (_, first, *_), (_, second, *_) = rules.second_reader(data)
    assert first.utcoffset() != second.utcoffset()
    assert first.replace(tzinfo=None).hour == second.replace(tzinfo=None).hour == 8
    assert first.astimezone(UTC) == at_eight(before).start


def test_an_event_without_extras_has_none() -> None:
    bare = entry(url=None, geo=None, alarm=None)
    [event] = rules.check_file(published([bare]))
    assert not event.names & {"URL", "GEO", "LAST-MODIFIED"}
    assert not event.parts


def test_an_event_says_when_its_row_last_changed() -> None:
    changed = datetime(2027, 3, 2, 9, 30, 15, tzinfo=OSLO)
    [event] = rules.check_file(published([entry(last_modified=changed)]))
    assert event.one("LAST-MODIFIED").value == "20270302T083015Z"


def test_a_cancelled_event_has_no_alarm() -> None:
    assert b"VALARM" not in vevent(entry(status=Status.CANCELLED))


def test_the_stamp_is_the_caller_s_and_no_clock_is_read() -> None:
    assert vevent(entry()) == vevent(entry())
    assert b"DTSTAMP:20270301T080000Z\r\n" in vevent(entry())


@pytest.mark.parametrize(
    "changes",
    [
        {"uid": ""},
        {"uid": "a b@klinikk.example"},
        {"uid": "a@b\r\nATTENDEE:mailto:siv@example.com"},
        {"sequence": -1},
        {"url": "https://klinikk.example/\r\nATTENDEE:mailto:siv@example.com"},
        {"url": ""},
        {"stamp": datetime(2027, 3, 1, 8)},  # noqa: DTZ001
        {"last_modified": datetime(2027, 3, 1, 8)},  # noqa: DTZ001
        {"alarm": timedelta(0)},
        {"alarm": timedelta(hours=24), "alarm_text": " \n"},
        {"summary": " \r\n "},
    ],
)
def test_an_entry_refuses_what_no_reader_could_use(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        entry(**changes)


def test_the_hour_that_autumn_repeats_is_refused() -> None:
    second_half_past_two = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    with pytest.raises(ValueError):
        entry(period=Period(second_half_past_two, second_half_past_two + timedelta(minutes=30)))


def test_an_entry_is_a_value() -> None:
    whole: Entry = entry()
    assert whole == entry()
    assert hash(whole) == hash(entry())
    assert Party("  Kari Ærlig\r\nØstby, 48 ", KARI.email) == KARI
