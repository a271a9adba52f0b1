"""Busy times out of a stranger's calendar: what counts, what is flagged, and that nothing runs long."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.domain.period import OSLO, Period, at_wall
from booking.ical.busy import (
    MOST_BYTES,
    MOST_DAYS,
    MOST_INSTANCES,
    Busy,
    Flaw,
    UnreadableCalendar,
    busy_periods,
)

START = datetime(2027, 3, 1, tzinfo=OSLO)
END = datetime(2027, 6, 1, tzinfo=OSLO)

SECONDS = 4.0


def calendar(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


def event(*lines: str, start: str = "20270316T080000", uid: str = "1", minutes: int = 60) -> str:
    head = ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTART;TZID=Europe/Oslo:{start}", f"DURATION:PT{minutes}M"]
    return "\r\n".join([*head, *lines, "END:VEVENT"])


def bare(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"])


def read(*events: str, start: datetime = START, end: datetime = END, zone: ZoneInfo = OSLO) -> Busy:
    return busy_periods(calendar(*events), start=start, end=end, zone=zone)


def starts(busy: Busy) -> list[str]:
    """Each busy time's start on the clock in Oslo."""
    return [f"{period.start.astimezone(OSLO):%m-%d %H:%M}" for period in busy.periods]


def hours(day: date, first: int, last: int) -> Period:
    return Period(at_wall(day, first * 60), at_wall(day, last * 60))


TUESDAY = date(2027, 3, 16)


def test_an_event_is_busy_from_start_to_end() -> None:
    assert read(event()) == Busy((hours(TUESDAY, 8, 9),), assumed_zone=0, unreadable=0, complete=True)


def test_only_start_and_end_are_kept() -> None:
    busy = read(event("SUMMARY:Secret", "DESCRIPTION:Secret", "LOCATION:Secret", "X-SECRET:Secret"))
    assert "Secret" not in repr(busy)
    assert starts(busy) == ["03-16 08:00"]


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "status:cancelled"])
def test_what_is_free_or_cancelled_is_not_busy(line: str) -> None:
    assert read(event(line)).periods == ()


@pytest.mark.parametrize("line", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "STATUS:CONFIRMED"])
def test_what_may_take_place_is_busy(line: str) -> None:
    assert starts(read(event(line))) == ["03-16 08:00"]


def test_times_that_touch_or_overlap_are_one() -> None:
    busy = read(
        event(start="20270316T090000", uid="b"),
        event(start="20270316T080000", uid="a"),
        event(start="20270316T093000", uid="c"),
        event(start="20270316T120000", uid="d"),
    )
    assert busy.periods == (
        Period(at_wall(TUESDAY, 8 * 60), at_wall(TUESDAY, 10 * 60 + 30)),
        hours(TUESDAY, 12, 13),
    )


def test_what_reaches_out_of_the_time_asked_for_is_clipped() -> None:
    busy = read(bare("DTSTART:20270101T000000Z", "DTEND:20271231T000000Z"))
    assert busy.periods == (Period(START, END),)


def test_a_whole_day_is_busy_from_midnight_to_midnight() -> None:
    busy = read(bare("DTSTART;VALUE=DATE:20270316"))
    assert busy.periods == (hours(TUESDAY, 0, 24),)


def test_whole_days_end_before_their_last() -> None:
    busy = read(bare("DTSTART;VALUE=DATE:20270316", "DTEND;VALUE=DATE:20270318"))
    assert busy.periods == (Period(at_wall(TUESDAY, 0), at_wall(date(2027, 3, 18), 0)),)


def test_the_day_of_the_clock_change_has_twenty_three_hours() -> None:
    [period] = read(bare("DTSTART;VALUE=DATE:20270328")).periods
    assert period.length == timedelta(hours=23)


def test_a_weekly_event_keeps_its_hour_across_the_clock_change() -> None:
    busy = read(event("RRULE:FREQ=WEEKLY;COUNT=4"))
    assert starts(busy) == ["03-16 08:00", "03-23 08:00", "03-30 08:00", "04-06 08:00"]


def test_utc_and_foreign_zones_are_exact() -> None:
    busy = read(
        bare("DTSTART:20270316T070000Z", "DURATION:PT1H"),
        bare("DTSTART;TZID=America/New_York:20270316T080000", "DURATION:PT1H"),
        bare('DTSTART;TZID="Tokyo Standard Time":20270317T080000', "DURATION:PT1H"),
        bare("DTSTART;TZID=/vendor.example/2020/Europe/London:20270317T080000", "DURATION:PT1H"),
    )
    assert starts(busy) == ["03-16 08:00", "03-16 13:00", "03-17 00:00", "03-17 09:00"]
    assert busy.assumed_zone == 0


@pytest.mark.parametrize("head", ["DTSTART", "DTSTART;TZID=Nowhere/Land", "DTSTART;TZID=../../etc/passwd"])
def test_a_missing_or_unknown_zone_is_the_clinic_s_and_flagged(head: str) -> None:
    busy = read(bare(f"{head}:20270316T080000", "DURATION:PT1H"))
    assert busy == Busy((hours(TUESDAY, 8, 9),), assumed_zone=1, unreadable=0, complete=True)


def test_a_zone_that_the_file_defines_itself_is_not_believed() -> None:
    japan = ("DTSTART:19700101T000000", "RRULE:FREQ=SECONDLY", "TZOFFSETFROM:+0900", "TZOFFSETTO:+0900")
    liar = ("BEGIN:VTIMEZONE", "TZID:Europe/Oslo", "BEGIN:STANDARD", *japan, "END:STANDARD", "END:VTIMEZONE")
    assert read(*liar, event()).periods == (hours(TUESDAY, 8, 9),)


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:yesterday",),
        ("DTSTART:20270231T080000Z",),
        ("DTSTART:20270316T250000Z",),
        ("DTEND:20270316T080000Z",),
        ("DTSTART:20270316T080000Z", "DTSTART:20270317T080000Z"),
        ("DTSTART:20270316T080000Z", "DTEND:20270101T080000Z"),
        ("DTSTART:20270316T080000Z", "DURATION:-PT1H"),
        ("DTSTART:20270316T080000Z", "RRULE:FREQ=FORTNIGHTLY"),
        ("DTSTART:20270316T080000Z", "RRULE:INTERVAL=2"),
        ("DTSTART:20270316T080000Z", "RRULE:FREQ=DAILY;INTERVAL=0"),
        ("DTSTART:20270316T080000Z", "RRULE:FREQ=DAILY;BYHOUR=99"),
    ],
)
def test_an_event_that_cannot_be_read_is_counted_and_the_others_stay(lines: tuple[str, ...]) -> None:
    busy = read(bare(*lines), event(uid="2"))
    assert (starts(busy), busy.unreadable, busy.complete) == (["03-16 08:00"], 1, True)


def test_one_instance_moved_one_cancelled_one_excepted() -> None:
    busy = read(
        event("RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Oslo:20270323T080000"),
        event("RECURRENCE-ID;TZID=Europe/Oslo:20270330T080000", start="20270331T140000"),
        event("RECURRENCE-ID;TZID=Europe/Oslo:20270406T080000", "STATUS:CANCELLED", start="20270406T080000"),
    )
    assert starts(busy) == ["03-16 08:00", "03-31 14:00", "04-13 08:00"]


def test_an_instance_moved_out_of_the_time_asked_for_leaves_its_place_free() -> None:
    busy = read(
        event("RRULE:FREQ=WEEKLY;COUNT=2"),
        event("RECURRENCE-ID;TZID=Europe/Oslo:20270323T080000", start="20300101T080000"),
    )
    assert starts(busy) == ["03-16 08:00"]


def test_extra_dates_are_busy() -> None:
    busy = read(event("RDATE;TZID=Europe/Oslo:20270320T080000,20270321T100000,20200101T080000"))
    assert starts(busy) == ["03-16 08:00", "03-20 08:00", "03-21 10:00"]


def test_several_events_with_one_uid_are_all_busy() -> None:
    assert starts(read(event(), event(start="20270317T080000"))) == ["03-16 08:00", "03-17 08:00"]


OLD_RULES = [
    ("FREQ=DAILY;INTERVAL=3", "20050301T080000"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "20050301T080000"),
    ("FREQ=WEEKLY;INTERVAL=3;WKST=SU;BYDAY=SU,MO", "20050306T080000"),
    ("FREQ=MONTHLY;BYDAY=-1FR", "20050301T080000"),
    ("FREQ=MONTHLY;INTERVAL=7", "20050131T080000"),
    ("FREQ=YEARLY;INTERVAL=2", "20050401T080000"),
    ("FREQ=YEARLY;BYMONTH=4,5;BYDAY=1MO,3WE", "20050401T080000"),
    ("FREQ=DAILY;UNTIL=20270320T070000Z", "20050301T080000"),
]


@pytest.mark.parametrize(("rule", "start"), OLD_RULES)
def test_an_old_series_is_read_as_if_counted_from_its_beginning(rule: str, start: str) -> None:
    counted = read(event(f"RRULE:{rule};COUNT=900000".replace(";UNTIL=20270320T070000Z", ""), start=start))
    brought_forward = read(event(f"RRULE:{rule}", start=start))
    if "UNTIL" in rule:
        assert starts(brought_forward)[-1] == "03-20 08:00"
        assert brought_forward.periods == counted.periods[: len(brought_forward.periods)]
    else:
        assert brought_forward.periods == counted.periods
    assert brought_forward.periods
    assert brought_forward.complete


def test_a_series_that_is_over_is_passed_by() -> None:
    assert read(event("RRULE:FREQ=DAILY;UNTIL=20260101T000000Z", start="20050301T080000")).periods == ()


def test_no_more_than_four_hundred_days_are_read() -> None:
    busy = read(event("RRULE:FREQ=DAILY"), end=START + timedelta(days=3000))
    assert busy.periods[-1].end <= START.astimezone(UTC) + timedelta(days=MOST_DAYS)
    assert busy.complete


def test_no_more_than_five_thousand_instances_are_read() -> None:
    busy = read(*(event("RRULE:FREQ=DAILY", uid=str(number), minutes=1) for number in range(100)))
    assert not busy.complete


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"", Flaw.NO_CALENDAR),
        (b"hello", Flaw.NO_CALENDAR),
        (b"<html><body>Not found</body></html>", Flaw.NO_CALENDAR),
        ("BEGIN:VCALENDAR\r\n".encode("utf-16"), Flaw.NO_CALENDAR),
        (calendar(event())[:-20], Flaw.BROKEN),
        (calendar("BEGIN:VEVENT", "END:VTODO"), Flaw.BROKEN),
        (calendar("END:VEVENT"), Flaw.BROKEN),
        (b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 100_000, Flaw.BROKEN),
        (b"BEGIN:VCALENDAR\r\n" + b" " * MOST_BYTES, Flaw.TOO_LARGE),
    ],
    ids=["empty", "text", "html", "utf-16", "cut", "crossed", "overclosed", "deep", "large"],
)
def test_a_file_that_is_no_calendar_is_refused_whole(data: bytes, flaw: Flaw) -> None:
    with pytest.raises(UnreadableCalendar) as refused:
        busy_periods(data, start=START, end=END, zone=OSLO)
    assert refused.value.flaw is flaw


@pytest.mark.parametrize("change", [lambda data: b"\xef\xbb\xbf" + data, lambda data: data.replace(b"\r\n", b"\n")])
def test_a_byte_order_mark_or_bare_newlines_do_no_harm(change) -> None:  # type: ignore[no-untyped-def]
    busy = busy_periods(change(calendar(event())), start=START, end=END, zone=OSLO)
    assert starts(busy) == ["03-16 08:00"]


def test_folded_lines_are_joined() -> None:
    assert starts(read(bare("DTSTART;TZID=Euro\r\n pe/Oslo:20270316T\r\n\t080000", "DURATION:PT1H"))) == ["03-16 08:00"]


def test_times_inside_an_alarm_are_not_the_event_s() -> None:
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", "DURATION:PT9H", "REPEAT:3", "END:VALARM")
    assert read(event(*alarm)).periods == (hours(TUESDAY, 8, 9),)


MANY_DATES = ",".join(
    f"2027{month:02}{day:02}T{hour:02}{minute:02}00"
    for month in (3, 4, 5)
    for day in range(1, 29)
    for hour in range(24)
    for minute in range(60)
)

HOSTILE = {
    "every second": [event("RRULE:FREQ=SECONDLY")],
    "every minute, never": [event("RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30")],
    "every hour": [event("RRULE:FREQ=HOURLY")],
    "a giant count": [event("RRULE:FREQ=DAILY;COUNT=99999999999999999999")],
    "a giant interval": [event(f"RRULE:FREQ=DAILY;INTERVAL={'9' * 200}")],
    "a day that never comes": [
        event("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", uid=str(number)) for number in range(500)
    ],
    "a year that never comes": [
        event("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", uid=str(number)) for number in range(500)
    ],
    "a place that never comes": [event("RRULE:FREQ=WEEKLY;BYSETPOS=5", uid=str(number)) for number in range(500)],
    "counted since year one": [
        event("RRULE:FREQ=DAILY;COUNT=999999", start="00010101T080000", uid=str(number)) for number in range(100)
    ],
    "every minute of the day": [
        event("RRULE:FREQ=DAILY;BYHOUR=8;BYMINUTE=" + ",".join(map(str, range(60)))),
    ],
    "five thousand series": [event("RRULE:FREQ=DAILY", uid=str(number)) for number in range(5_000)],
    "a hundred thousand exceptions": [event("RRULE:FREQ=DAILY", f"EXDATE;TZID=Europe/Oslo:{MANY_DATES}")],
    "a hundred thousand dates": [event(f"RDATE;TZID=Europe/Oslo:{MANY_DATES}")],
    "thousands of overrides": [
        event("RRULE:FREQ=DAILY"),
        *(
            event(f"RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Oslo:202703{1 + n % 28:02}T08{n // 28:04}")
            for n in range(1500)
        ),
    ],
    "thousands of years": [bare("DTSTART:00010101T000000Z", "DTEND:99991231T235959Z", "RRULE:FREQ=DAILY")],
    "one endless line": [bare("DTSTART;" + 'A="' * 500_000)],
    "nothing but ends of lines": ["\n" * 3_000_000],
    "events of nothing": [bare()] * 60_000,
    "events of long ago": [event(start="19000101T080000", uid=str(n)) for n in range(30_000)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_takes_no_seconds(name: str) -> None:
    before = time.process_time()
    read(*HOSTILE[name])
    assert time.process_time() - before < SECONDS


def test_more_events_than_the_limit_are_said_to_be_cut() -> None:
    many = [event(start=f"202703{1 + n % 28:02}T080000", uid=str(n)) for n in range(MOST_INSTANCES + 1)]
    assert not read(*many).complete


lines = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "BEGIN:VALARM",
                "END:VALARM",
                "UID:1",
                "DTSTART:20270316T080000Z",
                "DTSTART;VALUE=DATE:20270316",
                "DTSTART;TZID=Europe/Oslo:20270316T080000",
                "DTEND;VALUE=DATE:20270317",
                "DTEND:20270316T090000",
                "DURATION:P1W",
                "DURATION:P",
                "RRULE:FREQ=DAILY;UNTIL=20270401",
                "RRULE:FREQ=MONTHLY;BYDAY=5MO;BYSETPOS=-1",
                "RRULE:FREQ=YEARLY;BYYEARDAY=-366;BYDAY=99MO",
                "EXDATE;VALUE=DATE:20270317",
                "EXDATE:20270317T080000Z",
                "RDATE;VALUE=PERIOD:20270318T080000Z/PT2H",
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20270318T080000Z",
                "RECURRENCE-ID;VALUE=DATE:20270318",
                "SEQUENCE:x",
                "SEQUENCE:7",
                "TRANSP:TRANSPARENT",
            ]
        ),
        st.text(max_size=30),
    ),
    max_size=12,
)


@given(st.lists(lines, max_size=4))
def test_whatever_the_file_says_the_answer_is_busy_times_or_a_refusal(events: list[list[str]]) -> None:
    try:
        busy = read(*("\r\n".join(["BEGIN:VEVENT", *each, "END:VEVENT"]) for each in events))
    except UnreadableCalendar:
        return
    assert list(busy.periods) == sorted(busy.periods)
    assert all(START <= period.start < period.end <= END for period in busy.periods)
    assert all(first.end < second.start for first, second in zip(busy.periods, busy.periods[1:], strict=False))
