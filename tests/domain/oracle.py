"""Oracle: the planner's definition once more, by trying everything, on plain datetimes.

Shares no code with the planner and none with its masks: only the definition, the facts of the schedule and the table
of holidays. Slow, for clinics with a handful of free times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from booking.domain.course import Wishes
from booking.domain.holidays import holidays_on
from booking.domain.protocol import Protocol, StepKind, Treatment
from booking.domain.schedule import Clinic, Hours, Schedule

WALL = ZoneInfo("Europe/Oslo")
PARTS = {"morning": (0, 11), "midday": (11, 14), "afternoon": (14, 17), "evening": (17, 24)}
KINDS = ["holiday", "closed_period", "absence", "taken", "no_room", "outside_hours", "patient_away", "too_close"]


@dataclass(frozen=True, order=True)
class Place:
    day: date
    minute: int
    clinician: int
    clinic: int

    @property
    def start(self) -> datetime:
        naive = datetime.combine(self.day, time(self.minute // 60, self.minute % 60))
        return naive.replace(tzinfo=WALL).astimezone(UTC)

    @property
    def who(self) -> tuple[int, int]:
        return self.clinician, self.clinic


@dataclass(frozen=True)
class Answer:
    """A course as the oracle sees it. `deviations`: (session, instead of, departure, reasons) of those that deviate."""

    pattern: tuple[int, int, int, int]
    cost: tuple[int, int, int, int]
    sessions: tuple[Place, ...]
    first_visit: Place | None
    reviews: tuple[Place, ...]
    deviations: tuple[tuple[int, datetime, int, tuple[tuple[str, str], ...]], ...] = field(default=())


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class Oracle:
    def __init__(
        self,
        schedule: Schedule,
        protocol: Protocol,
        wishes: Wishes,
        rows: Iterable[tuple[int, int, int, int]],
        *,
        now: datetime,
        notice: timedelta,
        horizon_days: int,
    ) -> None:
        self.schedule, self.protocol, self.wishes = schedule, protocol, wishes
        self.rows = [
            (clinician, room, datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))
            for clinician, room, start, end in rows
        ]
        self.earliest = now + notice
        today = now.astimezone(WALL).date()
        self.first, self.horizon = max(wishes.start, today), today + timedelta(days=horizon_days)
        self.clinics = {clinic.id: clinic for clinic in schedule.clinics}
        self.sessions = [step for step in protocol.steps if step.kind is StepKind.SESSION]
        self.first_step = next((s for s in protocol.steps if s.kind is StepKind.FIRST_VISIT), None)
        self.review_steps = [s for s in protocol.steps if s.kind is StepKind.REVIEW]
        self.places = cache(self._places)
        self.course = cache(self._course)

    # -- what is free -----------------------------------------------------------------------------------------

    def template(self, clinic: int, clinician: int | None, day: date) -> Hours | None:
        standing = [
            hours
            for hours in self.schedule.hours
            if (hours.clinic_id, hours.clinician_id) == (clinic, clinician)
            and hours.valid_from <= day <= (hours.valid_until or date.max)
            and hours.weeks in (None, ("even", "odd")[day.isocalendar().week % 2])
        ]
        latest = [hours for hours in standing if hours.valid_from == max(each.valid_from for each in standing)]
        ends = min((hours.valid_until or date.max for hours in latest), default=None)
        shortest = [hours for hours in latest if (hours.valid_until or date.max) == ends]
        return next((hours for hours in shortest if hours.weeks), next(iter(shortest), None))

    def in_hours(self, clinic: int, clinician: int | None, day: date, start: int, end: int) -> bool:
        template = self.template(clinic, clinician, day)
        stretches = [each for each in template.days if each.weekday == day.weekday()] if template else []
        return any(each.start <= start and end <= each.end for each in stretches) and not any(
            pause.start < end and start < pause.end
            for pause in self.schedule.breaks
            if pause.clinic_id == clinic and pause.clinician_id in (None, clinician)
        )

    def in_both_hours(self, place: Place, minutes: int) -> bool:
        """Within the clinician's hours there and within the clinic's."""
        return all(
            self.in_hours(place.clinic, who, place.day, place.minute, place.minute + minutes)
            for who in (place.clinician, None)
        )

    def clashes(self, which: int, value: int, start: datetime, end: datetime, clinic: Clinic) -> bool:
        """Whether a taken row of this clinician (0) or room (1) touches the time, buffers after both counted."""
        after = timedelta(minutes=clinic.buffer_minutes)
        return any(
            row[which] == value and row[2] < end + after and start < row[3] + self.buffer(row[1]) for row in self.rows
        )

    def out_of_use(self, room: int, start: datetime, end: datetime, clinic: Clinic) -> bool:
        after = timedelta(minutes=clinic.buffer_minutes)
        return any(
            closure.room_id == room and closure.period.start < end + after and start < closure.period.end
            for closure in self.schedule.room_closures
        )

    def buffer(self, room: int) -> timedelta:
        return next(timedelta(minutes=c.buffer_minutes) for c in self.schedule.clinics if room in c.rooms)

    def reasons(self, place: Place, minutes: int) -> tuple[tuple[str, str], ...]:
        start, clinic = place.start, self.clinics[place.clinic]
        end = start + timedelta(minutes=minutes)
        found = [("holiday", name["en"]) for name in holidays_on(place.day)]
        found += [
            ("closed_period", closed.name["en"])
            for closed in self.schedule.closed
            if closed.clinic_id in (None, clinic.id) and closed.period.start < end and start < closed.period.end
        ]
        if any(
            absence.clinician_id == place.clinician and absence.period.start < end and start < absence.period.end
            for absence in self.schedule.absences
        ):
            found.append(("absence", ""))
        if self.clashes(0, place.clinician, start, end, clinic):
            found.append(("taken", ""))
        elif all(
            self.clashes(1, room, start, end, clinic) or self.out_of_use(room, start, end, clinic)
            for room in clinic.rooms
        ):
            found.append(("no_room", ""))
        if not found and not self.in_both_hours(place, minutes):
            found.append(("outside_hours", ""))
        days = [
            (datetime.combine(a, time(), WALL), datetime.combine(b + timedelta(days=1), time(), WALL))
            for a, b in self.wishes.away
        ]
        busy = [(period.start, period.end) for period in self.wishes.busy]
        if any(begin < end and start < until for begin, until in days + busy):
            found.append(("patient_away", ""))
        return tuple(found)

    def may_give(self, clinician: int, treatment: Treatment) -> bool:
        needles = next(each.needles for each in self.schedule.clinicians if each.id == clinician)
        wanted = not self.wishes.only_her or clinician == self.wishes.clinician
        return wanted and (needles or not treatment.needles)

    def _places(self, treatment: Treatment, day: date) -> tuple[Place, ...]:
        if not self.first <= day <= self.horizon:
            return ()
        return tuple(
            place
            for clinician in self.schedule.clinicians
            if self.may_give(clinician.id, treatment)
            for clinic in self.wishes.clinics
            for minute in range(0, 24 * 60, self.clinics[clinic].grid_minutes)
            if self.in_both_hours(place := Place(day, minute, clinician.id, clinic), treatment.minutes)
            and place.start >= self.earliest
            and not self.reasons(place, treatment.minutes)
        )

    def days(self, first: date, last: date) -> list[date]:
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]

    def in_week(self, treatment: Treatment, week: date) -> list[Place]:
        return [place for day in self.days(week, week + timedelta(days=6)) for place in self.places(treatment, day)]

    # -- first visit and reviews ------------------------------------------------------------------------------

    def wished(self, place: Place) -> bool:
        parts = [PARTS[part] for part in self.wishes.parts]
        in_part = not parts or any(a * 60 <= place.minute < b * 60 for a, b in parts)
        return in_part and (not self.wishes.days or place.day.weekday() in self.wishes.days)

    def first_visits(self, session: Place) -> list[Place]:
        step = self.first_step
        assert step
        assert step.window
        found = []
        for days in range(step.window.earliest, step.window.latest + 1):
            day = session.day + timedelta(days=days)
            places = self.places(step.treatment, day)
            if days < 0:
                found += places
            if days == 0:
                clinic = self.clinics[session.clinic]
                end = session.minute - clinic.buffer_minutes - step.treatment.minutes
                starts = [minute for minute in range(0, 24 * 60, clinic.grid_minutes) if minute <= end]
                found += [p for p in places if p.clinic == session.clinic and starts and p.minute == starts[-1]]
        return found

    def first_visit(self, session: Place, who: int) -> Place | None:
        def rank(place: Place) -> tuple[object, ...]:
            late = (-place.day.toordinal(), -place.minute)
            return (place.clinician != who, not self.wished(place), *late, place.clinic != session.clinic, place.who)

        return min(self.first_visits(session), key=rank, default=None)

    def review_places(self, sessions: tuple[Place, ...], slips: int) -> list[list[Place]]:
        found = []
        for step in self.review_steps:
            assert step.window
            first = sessions[0].day + timedelta(days=step.window.earliest + 7 * slips)
            last = sessions[0].day + timedelta(days=step.window.latest + 7 * slips)
            rested = sessions[-1].day + timedelta(days=self.protocol.review_gap)
            found.append([p for day in self.days(max(first, rested), last) for p in self.places(step.treatment, day)])
        return found

    def reviews(self, pattern: Place, sessions: tuple[Place, ...], slips: int) -> tuple[Place, ...]:
        chosen = []
        for step, places in zip(self.review_steps, self.review_places(sessions, slips), strict=True):
            assert step.window
            target = sessions[0].day + timedelta(days=step.window.target + 7 * slips)

            def rank(place: Place, target: date = target) -> tuple[object, ...]:
                away = (abs((place.day - target).days), abs(place.minute - pattern.minute))
                stranger = place.clinician != pattern.clinician
                when = (place.day, place.minute)
                return (stranger, not self.wished(place), *away, when, place.clinic != pattern.clinic, place.who)

            chosen.append(min(places, key=rank))
        return tuple(chosen)

    # -- one pattern ------------------------------------------------------------------------------------------

    def sequences(self, first: Place, so_far: tuple[Place, ...], slips: int) -> Iterator[tuple[Place, ...]]:
        """All the ways to go on that leave out `slips` weeks from here on."""
        number = len(so_far)
        if number == len(self.sessions):
            if slips == 0:
                yield so_far
            return
        before = so_far[-1]
        for skipped in range(slips + 1):
            week = monday(before.day) + timedelta(days=7 * (skipped + 1))
            for place in self.by_start(first, self.in_week(self.sessions[number].treatment, week)):
                apart = (place.day - before.day).days
                if apart >= self.protocol.min_gap and (skipped or apart <= self.protocol.max_gap):
                    yield from self.sequences(first, (*so_far, place), slips - skipped)

    def by_start(self, pattern: Place, places: list[Place]) -> list[Place]:
        """Of all who are free at the same start, the one who departs least from the pattern."""
        best: dict[tuple[date, int], Place] = {}
        for place in sorted(
            places, key=lambda p: (p.clinic != pattern.clinic, p.clinician != pattern.clinician, p.who)
        ):
            best.setdefault((place.day, place.minute), place)
        return list(best.values())

    def due(self, sessions: tuple[Place, ...], number: int) -> list[date]:
        """The weeks in which a session was due."""
        week = monday(sessions[number].day)
        if number == 0:
            return [week]
        after = monday(sessions[number - 1].day) + timedelta(days=7)
        left_out = [each for each in self.days(after, week - timedelta(days=1)) if each.weekday() == 0]
        return left_out or [week]

    def off(self, pattern: Place, sessions: tuple[Place, ...], number: int) -> tuple[int, int, int, int]:
        place = sessions[number]
        home = self.at_home(pattern, monday(place.day))
        slipped = monday(place.day) not in self.due(sessions, number)
        if place == home and not slipped:
            return (0, 0, 0, 0)
        departure = 1 if place.day == home.day and not slipped else 2
        if place.clinician != home.clinician:
            departure = 3
        if place.clinic != home.clinic:
            departure = 4
        return (1, departure, abs((place.day - home.day).days), abs(place.minute - home.minute))

    def at_home(self, pattern: Place, week: date) -> Place:
        return Place(week + timedelta(days=pattern.day.weekday()), pattern.minute, *pattern.who)

    def cost(self, pattern: Place, sessions: tuple[Place, ...]) -> tuple[int, int, int, int]:
        each = [self.off(pattern, sessions, number) for number in range(len(sessions))]
        a, b, c, d = (sum(column) for column in zip(*each, strict=True))
        return a, b, c, d

    def _course(self, first: Place) -> Answer | None:
        """The best course whose session 1 is `first`, on its pattern."""
        for slips in range(self.protocol.max_slips + 1):
            if courses := list(self.courses(first, slips)):
                return self.answer(first, slips, *min(courses))
        return None

    def courses(
        self, first: Place, slips: int
    ) -> Iterator[tuple[tuple[int, int, int, int], list[tuple[date, int]], tuple[Place, ...]]]:
        for sessions in self.sequences(first, (first,), slips):
            if all(self.review_places(sessions, slips)):
                yield self.cost(first, sessions), [(p.day, p.minute) for p in sessions], sessions

    def answer(
        self,
        first: Place,
        slips: int,
        cost: tuple[int, int, int, int],
        _: list[tuple[date, int]],
        sessions: tuple[Place, ...],
    ) -> Answer:
        visit = self.first_visit(first, first.clinician) if self.wants_first_visit else None
        pattern = (first.day.weekday(), first.minute, *first.who)
        deviations = tuple(self.deviations(first, sessions))
        return Answer(pattern, cost, sessions, visit, self.reviews(first, sessions, slips), deviations)

    def deviations(
        self, pattern: Place, sessions: tuple[Place, ...]
    ) -> Iterator[tuple[int, datetime, int, tuple[tuple[str, str], ...]]]:
        for number, step in enumerate(self.sessions):
            departs, departure, _, _ = self.off(pattern, sessions, number)
            if departs:
                homes = [self.at_home(pattern, week) for week in self.due(sessions, number)]
                against = [
                    reason
                    for home in homes
                    for reason in self.reasons(home, step.treatment.minutes) or [self.unsaid(home)]
                ]
                once = sorted(dict.fromkeys(against), key=lambda reason: KINDS.index(reason[0]))
                yield number + 1, homes[0].start, departure, tuple(once)

    def unsaid(self, home: Place) -> tuple[str, str]:
        return ("too_close" if home.day <= self.horizon else "outside_hours", "")

    @property
    def wants_first_visit(self) -> bool:
        return self.first_step is not None and self.wishes.new_patient

    # -- all patterns -----------------------------------------------------------------------------------------

    def first_sessions(self, week: date) -> list[Place]:
        """Where session 1 may lie in a week: wished, and with a first visit before it."""
        return [
            place
            for place in self.in_week(self.sessions[0].treatment, week)
            if self.wished(place) and (not self.wants_first_visit or self.first_visits(place))
        ]

    def answers(self) -> list[Answer]:
        """What the planner should say; empty for no plan."""
        weeks = [monday(self.first) + timedelta(days=7 * number) for number in range(self.protocol.start_weeks + 1)]
        found = self.chosen(self.earliest_only(weeks))
        week = monday(self.first)
        while not found and week <= self.horizon:
            found = self.chosen(self.first_sessions(week))
            week += timedelta(days=7)
        return found

    def earliest_only(self, weeks: list[date]) -> list[Place]:
        earliest: dict[tuple[int, int, int, int], Place] = {}
        for place in (place for week in weeks for place in self.first_sessions(week)):
            earliest.setdefault((place.day.weekday(), place.minute, *place.who), place)
        return list(earliest.values())

    def chosen(self, firsts: list[Place]) -> list[Answer]:
        """The best three that really differ; the wished clinician's, or if she has none the others'."""
        hers = [place for place in firsts if self.wishes.clinician in (None, place.clinician)]
        return self.ranked(hers) or self.ranked(firsts)

    def ranked(self, firsts: list[Place]) -> list[Answer]:
        answers = [answer for first in firsts if (answer := self.course(first))]
        answers.sort(key=lambda answer: (answer.cost, answer.sessions[0].start, answer.pattern))
        kept: list[Answer] = []
        for answer in answers:
            if all(_differ(answer.pattern, other.pattern) for other in kept):
                kept.append(answer)
        return kept[:3]


def _differ(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] != other[0] or one[2] != other[2] or abs(one[1] - other[1]) >= 120
