"""What a calendar answers: the one event, who says what to which invitation, and the time that is proposed."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.period import OSLO
from booking.ical.reply import MOST_CHARACTERS, Answer, Fault, NoReply, Proposal, ReplyMessage, read_reply

CALENDARS = Path(__file__).parents[1] / "calendars"
SECONDS = 3.0

EVENT = (
    "UID:1@klinikk.example",
    "DTSTAMP:20270302T071503Z",
    "SEQUENCE:2",
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:kari@example.com",
)


def text(*lines: str, method: str = "REPLY", end: str = "\r\n") -> str:
    whole = ["BEGIN:VCALENDAR", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT", *lines, "END:VEVENT"]
    return end.join([*whole, "END:VCALENDAR", ""])


def read(*lines: str, method: str = "REPLY", said: str | None = None) -> ReplyMessage:
    return read_reply(text(*lines, method=method), zone=OSLO, method=said)


def instead(name: str, *lines: str) -> list[str]:
    """The event's lines, those of `name` replaced."""
    return [*(line for line in EVENT if not line.startswith(name)), *lines]


def fault_of(calendar: str, said: str | None = None) -> Fault:
    with pytest.raises(NoReply) as raised:
        read_reply(calendar, zone=OSLO, method=said)
    return raised.value.fault


def proposal(*lines: str) -> Proposal | None:
    return read(*EVENT, *lines, method="COUNTER").proposal


# -- what it says -----------------------------------------------------------------------------------------------------


def test_an_answer_says_what_to_which_invitation_and_when() -> None:
    stamp = datetime(2027, 3, 2, 7, 15, 3, tzinfo=UTC)
    assert read(*EVENT) == ReplyMessage("1@klinikk.example", 2, stamp, {"kari@example.com": Answer.ACCEPTED}, None)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\r\n\r\n"])
def test_the_ends_of_lines_make_no_difference(end: str) -> None:
    assert read_reply(text(*EVENT, end=end), zone=OSLO) == read(*EVENT)


def test_folded_lines_and_small_letters_are_read() -> None:
    folded = text(*EVENT).replace("mailto:kari", "mail\r\n to:ka\r\n\tri").replace("UID:", "uid:")
    assert read_reply("\ufeff" + folded.replace("PARTSTAT=ACCEPTED", "partstat=accepted"), zone=OSLO) == read(*EVENT)


@pytest.mark.parametrize("answer", [Answer.ACCEPTED, Answer.DECLINED, Answer.TENTATIVE])
def test_each_answer_is_known(answer: Answer) -> None:
    lines = instead("ATTENDEE", f"ATTENDEE;PARTSTAT={answer.value.upper()}:mailto:k@example.com")
    assert read(*lines).answers == {"k@example.com": answer}


@pytest.mark.parametrize("word", ["NEEDS-ACTION", "DELEGATED", "COMPLETED", "X-PERHAPS", ""])
def test_what_is_neither_yes_nor_no_nor_maybe_is_no_answer(word: str) -> None:
    lines = instead("ATTENDEE", f"ATTENDEE;PARTSTAT={word}:mailto:k@example.com")
    assert fault_of(text(*lines)) is Fault.NO_ANSWER


@pytest.mark.parametrize(
    "line",
    [
        'ATTENDEE;CN="Prøve; Kari: 1";PARTSTAT=DECLINED:mailto:kari@example.com',
        'ATTENDEE;PARTSTAT="DECLINED":MAILTO:Kari@Example.COM',
        "ATTENDEE;PARTSTAT=DECLINED:mailto:kari%40example.com",
        'ATTENDEE;EMAIL="kari@example.com";PARTSTAT=DECLINED:urn:uuid:6B1D0C55',
        f'ATTENDEE;X-RESPONSE-COMMENT="{"it hurts; " * 2000}";PARTSTAT=DECLINED:mailto:kari@example.com',
    ],
)
def test_an_address_is_found_however_it_is_written(line: str) -> None:
    assert read(*instead("ATTENDEE", line)).answers == {"kari@example.com": Answer.DECLINED}


def test_without_a_sequence_it_is_the_first_invitation() -> None:
    assert read(*instead("SEQUENCE")).sequence == 0


def test_lines_of_alarms_and_time_zones_are_not_the_events() -> None:
    alarm = ["BEGIN:VALARM", "UID:2", "DTSTAMP:x", "ATTENDEE:mailto:siv@example.com", "END:VALARM"]
    zone = "BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:x\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
    assert read_reply(text(*EVENT, *alarm).replace("BEGIN:VEVENT", zone), zone=OSLO) == read(*EVENT)


def test_the_time_in_an_answer_is_never_read() -> None:
    assert read(*EVENT, "DTSTART:whenever", "DTEND:never", "DURATION:long") == read(*EVENT)


# -- another time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20270408T080000Z", "DTEND:20270408T083000Z"),
        ("DTSTART:20270408T080000Z", "DURATION:PT30M"),
        ("DTSTART;TZID=Europe/Oslo:20270408T100000", "DTEND;TZID=Europe/Oslo:20270408T103000"),
        ("DTSTART;TZID=W. Europe Standard Time:20270408T100000", "DTEND;TZID=W. Europe Standard Time:20270408T103000"),
        ("DTSTART;TZID=America/New_York:20270408T040000", "DTEND:20270408T083000Z"),
        ("DTSTART:20270408T100000", "DTEND:20270408T103000"),
        ("DTSTART;TZID=Nowhere/At_All:20270408T100000", "DTEND;TZID=Nowhere/At_All:20270408T103000"),
    ],
)
def test_a_proposed_time_is_read_in_its_zone_or_the_clinics(lines: tuple[str, str]) -> None:
    ten = datetime(2027, 4, 8, 8, tzinfo=UTC)
    assert proposal(*lines) == Proposal(ten, ten.replace(minute=30))


def test_who_proposes_is_a_counter_whatever_else_she_says() -> None:
    counter = read(*EVENT, "DTSTART:20270408T080000Z", method="COUNTER")
    assert counter.answers == {"kari@example.com": Answer.COUNTER}


def test_a_whole_day_is_no_time() -> None:
    assert proposal("DTSTART;VALUE=DATE:20270408", "DTEND;VALUE=DATE:20270409") is None


def test_an_end_before_its_start_is_left_out() -> None:
    found = proposal("DTSTART:20270408T080000Z", "DTEND:20270407T080000Z")
    assert found == Proposal(datetime(2027, 4, 8, 8, tzinfo=UTC), None)


def test_an_hour_that_the_clock_change_skips_is_some_hour() -> None:
    assert proposal("DTSTART;TZID=Europe/Oslo:20270328T023000") is not None


# -- what is none -----------------------------------------------------------------------------------------------------

WHOLE = text(*EVENT)
TWICE = "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:2\r\nEND:VEVENT"


@pytest.mark.parametrize(
    ("calendar", "fault"),
    [
        ("", Fault.BROKEN),
        ("Hello Kari", Fault.BROKEN),
        (WHOLE[: len(WHOLE) // 2], Fault.BROKEN),
        (WHOLE + WHOLE, Fault.BROKEN),
        (WHOLE.replace("END:VEVENT\r\n", ""), Fault.BROKEN),
        (WHOLE.replace("BEGIN:VEVENT", "BEGIN:VEVENT\r\n" + "BEGIN:X\r\n" * 9), Fault.BROKEN),
        (WHOLE.replace("END:VEVENT", TWICE), Fault.NOT_ONE_EVENT),
        (WHOLE.replace("VEVENT", "VTODO"), Fault.NOT_ONE_EVENT),
        (WHOLE.replace("METHOD:REPLY\r\n", ""), Fault.METHOD),
        (WHOLE.replace("METHOD:REPLY", "METHOD:REPLY\r\nMETHOD:COUNTER"), Fault.METHOD),
        (text(*EVENT, "UID:2"), Fault.BROKEN),
        (text(*EVENT, "SEQUENCE:2"), Fault.BROKEN),
        (text(*EVENT, "ATTENDEE;PARTSTAT=DECLINED:mailto:kari@example.com"), Fault.BROKEN),
        (text(*instead("ATTENDEE", *["ATTENDEE;PARTSTAT=DECLINED:mailto:k@example.com"] * 99)), Fault.BROKEN),
        (text(*instead("UID")), Fault.BROKEN),
        (text(*instead("DTSTAMP")), Fault.BROKEN),
        (text(*instead("ATTENDEE")), Fault.NO_ANSWER),
        (text(*instead("ATTENDEE", 'ATTENDEE;CN="Kari;PARTSTAT=DECLINED:mailto:k@example.com')), Fault.BROKEN),
        (text(*EVENT, "RECURRENCE-ID:20270406T070000Z"), Fault.SERIES),
        (WHOLE + "x" * MOST_CHARACTERS, Fault.TOO_LARGE),
    ],
)
def test_what_is_broken_or_something_else_is_refused(calendar: str, fault: Fault) -> None:
    assert fault_of(calendar) is fault


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", "PUBLISH", "ADD", "REFRESH", "DECLINECOUNTER", ""])
def test_every_other_method_is_refused(method: str) -> None:
    assert fault_of(text(*EVENT, method=method)) is Fault.METHOD


def test_the_mail_and_its_calendar_name_one_method() -> None:
    assert read(*EVENT, said="reply") == read(*EVENT)
    assert fault_of(WHOLE, said="REQUEST") is Fault.METHOD


@pytest.mark.parametrize("value", ["-1", "1.5", "two", "9" * 30, "٣"])
def test_a_sequence_that_is_no_number_is_refused(value: str) -> None:
    assert fault_of(text(*instead("SEQUENCE", f"SEQUENCE:{value}"))) is Fault.BROKEN


MOMENTS = ["", "soon", "20270231T080000Z", "20270408T250000Z", "00000101T000000Z", "20270408", "٢٠٢٧٠٤٠٨T080000Z"]


@pytest.mark.parametrize("value", MOMENTS)
def test_a_stamp_that_is_no_moment_is_refused(value: str) -> None:
    assert fault_of(text(*instead("DTSTAMP", f"DTSTAMP:{value}"))) is Fault.BROKEN


@pytest.mark.parametrize("value", [*(each for each in MOMENTS if each != "20270408"), "00010101T000000"])
def test_a_proposal_that_is_no_moment_is_refused(value: str) -> None:
    assert fault_of(text(*EVENT, f"DTSTART;TZID=Asia/Tokyo:{value}", method="COUNTER")) is Fault.BROKEN


# -- whatever comes ---------------------------------------------------------------------------------------------------

HARD = {
    "parameters": text(*EVENT, "ATTENDEE" + ";A=B" * 50_000),
    "quotes": text(*EVENT, "ATTENDEE" + ';A="' * 50_000),
    "quotation marks": text(*EVENT, "ATTENDEE;A=" + '"' * 200_001),
    "folds": text(*EVENT, "X:" + "\r\n " * 60_000),
    "begins": "BEGIN:VCALENDAR\r\n" * 14_000,
    "ends": text(*EVENT, *["END:VEVENT", "BEGIN:VEVENT"] * 8_000),
    "digits": text(*instead("SEQUENCE", "SEQUENCE:" + "1" * 200_000)),
}


@pytest.mark.parametrize("name", HARD)
def test_no_calendar_takes_long(name: str) -> None:
    began = time.process_time()
    with suppress(NoReply):
        read_reply(HARD[name], zone=OSLO)
    assert time.process_time() - began < SECONDS


@given(st.text(max_size=500))
def test_no_text_breaks_it(anything: str) -> None:
    with suppress(NoReply):
        read_reply(anything, zone=OSLO)


LINE = st.builds(
    lambda name, parameters, value: f"{name}{parameters}:{value}",
    st.sampled_from(["UID", "DTSTAMP", "SEQUENCE", "ATTENDEE", "DTSTART", "DTEND", "DURATION", "BEGIN", "END"]),
    st.sampled_from(["", ";TZID=Europe/Oslo", ";TZID=../../etc/passwd", ";PARTSTAT=DECLINED", ';A="', ";VALUE=DATE"]),
    st.one_of(st.text(max_size=30), st.from_regex("[0-9]{8}(T[0-9]{6}Z?)?", fullmatch=True)),
)


@given(st.lists(LINE, max_size=12), st.sampled_from(["REPLY", "COUNTER"]))
def test_no_lines_break_it(lines: list[str], method: str) -> None:
    with suppress(NoReply):
        read(*EVENT[:2], *lines, method=method)


def test_our_own_messages_answer_nothing() -> None:
    for name in ("request", "cancel", "feed", "file"):
        assert fault_of((CALENDARS / f"{name}.ics").read_text()) is Fault.METHOD
