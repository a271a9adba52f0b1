"""Builders: protocols, the demonstration's clinics and small invented ones, and ways to say a date and a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from booking.domain.course import NoPlan, Plan, Planned, Wishes
from booking.domain.period import Period
from booking.domain.planner import needed_range, plan_course, widest_range
from booking.domain.protocol import Protocol, Step, StepKind, Treatment, Window
from booking.domain.schedule import Break, Clinic, Clinician, ClosedPeriod, DayHours, Hours, Name, Schedule
from booking.domain.slot import Availability

WALL = ZoneInfo("Europe/Oslo")

FIRST = Treatment(1, "first-visit", Name.of(en="First visit"), 60, 1190, needles=False)
NEEDLES = Treatment(2, "needle-session", Name.of(en="Needle session"), 30, 690, needles=True)
REVIEW = Treatment(3, "review", Name.of(en="Week 10 review"), 30, 690, needles=False)

MON, TUE, WED, THU, FRI = range(5)
LAMBERTSETER, EIDSVOLL, RAHOLT = 1, 2, 3
ASK, BJORK, EMBLA, FROY, STORM, LIVE = 1, 2, 3, 4, 5, 6

BEFORE = Window(-10, 0, 0)
WEEK_TEN = Window(63, 84, 70)

_BEGINNING = date(2026, 1, 1)


def course(
    sessions: int = 9,
    *,
    min_gap: int = 5,
    max_gap: int = 10,
    max_slips: int = 3,
    start_weeks: int = 2,
    first_visit: Window | None = BEFORE,
    review: Window | None = WEEK_TEN,
    review_gap: int = 7,
) -> Protocol:
    """The nine-week course, or one like it."""
    steps = [Step(StepKind.FIRST_VISIT, 1, FIRST, first_visit)] if first_visit else []
    steps += [Step(StepKind.SESSION, number, NEEDLES) for number in range(1, sessions + 1)]
    steps += [Step(StepKind.REVIEW, 1, REVIEW, review)] if review else []
    name = Name.of(en="Nine-week course")
    return Protocol(
        1, "course", name, tuple(steps), min_gap, max_gap, max_slips, start_weeks, review_gap, exclusive=True
    )


def single(step: Step) -> Protocol:
    """A protocol with one appointment."""
    return Protocol(2, "single", step.treatment.name, (step,), 5, 10, 0, 2, 7, exclusive=False)


def oslo(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant, by the clock on the wall in Oslo."""
    return datetime(year, month, day, hour, minute, tzinfo=WALL)


def from_to(start: datetime, end: datetime) -> Period:
    return Period(start, end)


def whole_days(first: date, last: date) -> Period:
    """From midnight to midnight in Oslo, both dates included."""
    return Period(datetime.combine(first, time(), WALL), datetime.combine(last + timedelta(days=1), time(), WALL))


def hours(
    clinic: int, clinician: int | None, week: str, *, since: date = _BEGINNING, until: date | None = None
) -> Hours:
    """A week template from text: "mon 9-17, thu 12-20"; several stretches of a day stand one by one."""
    days = tuple(_day_hours(text.strip()) for text in week.split(",") if text.strip())
    return Hours(clinic, clinician, since, until, days)


def _day_hours(text: str) -> DayHours:
    day, stretch = text.split()
    start, end = (_minutes(clock) for clock in stretch.split("-"))
    return DayHours(("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day), start, end)


def _minutes(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute or 0)


def taken(clinician: int, room: int, start: datetime, minutes: int = 30) -> tuple[int, int, int, int]:
    begin = int(start.timestamp())
    return clinician, room, begin, begin + minutes * 60


def demonstration() -> Schedule:
    """The demonstration's three clinics and six clinicians, with the closings of 2026 to 2028."""
    clinics = (
        Clinic(LAMBERTSETER, "lambertseter", "Lambertseter", 15, 5, (11, 12)),
        Clinic(EIDSVOLL, "eidsvoll-sundet", "Eidsvoll Sundet", 15, 5, (21, 22)),
        Clinic(RAHOLT, "raholt", "Råholt", 10, 5, (31, 32)),
    )
    clinicians = (
        Clinician(ASK, "ask-eksempel", "Ask Eksempel", needles=True),
        Clinician(BJORK, "bjork-provesen", "Bjørk Prøvesen", needles=True),
        Clinician(EMBLA, "embla-monstervik", "Embla Mønstervik", needles=True),
        Clinician(FROY, "froy-testad", "Frøy Testad", needles=True),
        Clinician(STORM, "storm-fiktivsen", "Storm Fiktivsen", needles=False),
        Clinician(LIVE, "live-demodatter", "Live Demodatter", needles=True),
    )
    summers = [(date.fromisocalendar(year, 28, 1), date.fromisocalendar(year, 30, 7)) for year in (2026, 2027, 2028)]
    templates = (
        hours(LAMBERTSETER, None, "mon 9-18, tue 8-16, wed 9-18, thu 8-20, fri 8-15"),
        *(hours(LAMBERTSETER, None, "tue 9-15, thu 9-15", since=first, until=last) for first, last in summers),
        hours(EIDSVOLL, None, "mon 8-16, tue 8-18, wed 8-16, thu 10-18, fri 8-14"),
        hours(RAHOLT, None, "mon 10-18, tue 8-16, wed 8-18, fri 8-15"),
        hours(LAMBERTSETER, ASK, "mon 9-17, tue 8-16, wed 9-17, thu 12-20, fri 8-15"),
        hours(LAMBERTSETER, BJORK, "tue 8-16, thu 8-16"),
        hours(RAHOLT, BJORK, "mon 10-18, wed 8-16"),
        hours(EIDSVOLL, EMBLA, "mon 8-16, tue 10-18, wed 8-16, thu 10-18, fri 8-14"),
        hours(EIDSVOLL, FROY, "mon 8-16, thu 10-18"),
        hours(RAHOLT, FROY, "tue 8-16, fri 8-15"),
        hours(RAHOLT, STORM, "mon 10-18, tue 8-16, wed 10-18, fri 8-15"),
        hours(LAMBERTSETER, LIVE, "mon 12-18, wed 12-18, thu 14-20"),
    )
    lunch = tuple(Break(clinic.id, None, 12 * 60, 12 * 60 + 30) for clinic in clinics)
    return Schedule(clinics, clinicians, templates, lunch, tuple(_closings(summers)), ())


EASTER_WEEK = Name.of(nb="Påskeuka", en="Easter week")
SUMMER = Name.of(nb="Fellesferie", en="Summer closing")
CHRISTMAS = Name.of(nb="Jul og romjul", en="Christmas")


def _closings(summers: Iterable[tuple[date, date]]) -> Iterable[ClosedPeriod]:
    for easter in (date(2026, 4, 5), date(2027, 3, 28), date(2028, 4, 16)):
        wednesday = datetime.combine(easter - timedelta(days=4), time(12), WALL)
        yield ClosedPeriod(
            None, Period(wednesday, datetime.combine(easter + timedelta(days=2), time(), WALL)), EASTER_WEEK
        )
    for first, last in summers:
        for clinic in (EIDSVOLL, RAHOLT):
            yield ClosedPeriod(clinic, whole_days(first, last), SUMMER)
    for year in (2026, 2027, 2028):
        yield ClosedPeriod(None, whole_days(date(year, 12, 24), date(year + 1, 1, 1)), CHRISTMAS)


def availability(
    schedule: Schedule,
    protocol: Protocol,
    wishes: Wishes,
    now: datetime,
    rows: Sequence[tuple[int, int, int, int]] = (),
) -> Availability:
    """What a course needs to be planned, nothing more."""
    return Availability(schedule, *needed_range(protocol, wishes, now), rows, earliest=now + timedelta(hours=2))


def widest(
    schedule: Schedule, wishes: Wishes, now: datetime, rows: Sequence[tuple[int, int, int, int]] = ()
) -> Availability:
    """Everything from today to the horizon."""
    return Availability(schedule, *widest_range(wishes, now), rows, earliest=now + timedelta(hours=2))


def plans(
    schedule: Schedule,
    protocol: Protocol,
    wishes: Wishes,
    now: datetime,
    rows: Sequence[tuple[int, int, int, int]] = (),
) -> tuple[Plan, ...]:
    found = plan_course(protocol, wishes, availability(schedule, protocol, wishes, now, rows), now=now)
    assert not isinstance(found, NoPlan), found
    return found


def refusal(
    schedule: Schedule,
    protocol: Protocol,
    wishes: Wishes,
    now: datetime,
    rows: Sequence[tuple[int, int, int, int]] = (),
    others: tuple[int, ...] = (),
) -> NoPlan:
    found = plan_course(protocol, wishes, widest(schedule, wishes, now, rows), now=now, others=others)
    assert isinstance(found, NoPlan), found
    return found


def wall(moment: datetime) -> str:
    """An instant as "2027-03-16 09:00" on the wall in Oslo."""
    return moment.astimezone(WALL).strftime("%Y-%m-%d %H:%M")


def dates(appointments: Iterable[Planned]) -> list[str]:
    return [wall(each.start)[:10] for each in appointments]


def kinds(planned: Planned) -> list[str]:
    assert planned.deviation is not None
    return [str(reason.kind) for reason in planned.deviation.reasons]
