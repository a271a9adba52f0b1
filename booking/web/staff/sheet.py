"""Sheet: the schedule as it is drawn: columns of appointments, with what closes, breaks or empties the time between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel.dates import format_date
from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.appointment import Action, Actor, Status, may
from booking.domain.period import STEP_MINUTES, monday_of, oslo
from booking.domain.protocol import StepKind
from booking.domain.screening import Outcome
from booking.domain.timetable import Block, BlockKind, Shift
from booking.services import wording
from booking.services.accounts import Reach, sees_place
from booking.store.appointments import ARRIVED, FULFILLED, NOSHOW, PENDING
from booking.store.replies import Reply
from booking.store.timetable import Entry
from booking.web.filters import minute_of_day
from booking.web.forms.details import NEEDS_AT_THE_DESK
from booking.web.language import current_language

USUAL_HOURS = (8, 16)
"""What a day shows at least, in hours of the clock."""

WORDS_NEED = 20
"""How many minutes of a column a line of words takes."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A small sign on an appointment, and what it means."""

    icon: str
    words: str
    clay: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a column: `place` are the classes that say where it stands, `kind` is what it is; without `words` it
    is only drawn. `short`: the name as it fits a narrow column.

    `id` and `url` are an appointment's that she may look at, `minutes` its length; `movable`: it may go elsewhere.
    """

    start: int
    kind: str
    place: str
    time: str
    words: str
    name: str = ""
    short: str = ""
    number: str = ""
    number_words: str = ""
    id: int = 0
    url: str = ""
    minutes: int = 0
    movable: bool = False
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One day, or one clinician's day. `key`: its name in addresses of parts of the page; `clinic` and `clinician`: the
    slugs that a move into it goes to; `grid`: on how many minutes appointments begin there."""

    key: str
    heading: str
    url: str
    notes: tuple[str, ...]
    day: date
    today: bool
    items: tuple[Item, ...]
    clinic: str = ""
    clinician: str = ""
    grid: int = STEP_MINUTES


@dataclass(frozen=True, slots=True)
class Sheet:
    """`first`, `last`: from and up to which minute of the day it goes, as `place` says in classes; `hours`: labels;
    `key`: every sign that stands on it."""

    columns: tuple[Column, ...]
    first: int
    last: int
    place: str
    hours: tuple[tuple[str, str], ...]
    key: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """What a column is made of."""

    day: date
    entries: Sequence[Entry]
    shifts: Sequence[Shift]
    blocks: Sequence[Block]
    heading: str
    key: str
    url: str = ""
    notes: tuple[str, ...] = ()
    clinic: str = ""
    clinician: str = ""
    grid: int = STEP_MINUTES


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws: for whom, when, and with what all of it has in common. `lasts`: how many sessions each protocol has;
    `treatments`: their names; both by id. `replies`: of calendars, by appointment.
    `people`: whose names stand on appointments instead of what is done, by id."""

    reach: Reach
    now: datetime
    lasts: dict[int, int]
    treatments: dict[int, str]
    replies: dict[int, Reply]
    people: dict[int, str]

    def sheet(self, sources: Sequence[Source]) -> Sheet:
        first, last = _hours_of(sources)
        shorts = short_names(entry.name for source in sources for entry in source.entries)
        columns = tuple(self._column(source, first, last, shorts) for source in sources)
        flags = (flag for column in columns for item in column.items for flag in item.flags)
        return Sheet(
            columns=columns,
            key=tuple(dict.fromkeys(flags)),
            first=first * 60,
            last=last * 60,
            place=f"h{first} l{last - first}",
            hours=tuple((f"h{hour}", minute_of_day(hour * 60)[:2]) for hour in range(first + 1, last)),
        )

    def _column(self, source: Source, first: int, last: int, shorts: Mapping[str, str]) -> Column:
        today = source.day == oslo(self.now).date()
        items = [*self._outside(source, first, last), *(self.card(entry, shorts) for entry in source.entries)]
        taken = [(_minute(each.starts_at), _minute(each.starts_at) + _length(each)) for each in source.entries]
        for block in source.blocks:
            if _shows(block, first, last):
                items += _off(block, first, last, taken)
        if today and first * 60 <= _minute(self.now) < last * 60:
            items.append(self._line())
        return Column(
            key=source.key,
            heading=source.heading,
            url=source.url,
            notes=source.notes,
            day=source.day,
            today=today,
            items=tuple(sorted(items, key=lambda item: (item.start, item.kind != "now", bool(item.id)))),
            clinic=source.clinic,
            clinician=source.clinician,
            grid=source.grid,
        )

    def _outside(self, source: Source, first: int, last: int) -> Iterator[Item]:
        """The hours in which nobody works, as far as nothing else says so."""
        if any(block.start <= first * 60 and last * 60 <= block.end for block in source.blocks):
            return
        free_from = first * 60
        for shift in (*source.shifts, Shift(last * 60, last * 60, 0)):
            if free_from < shift.start:
                yield Item(free_from, "outside", _place(free_from, shift.start - free_from), "", "")
            free_from = max(free_from, shift.end)

    def _line(self) -> Item:
        """The line that shows the time."""
        minute, time = _minute(self.now), wording.time_of_day(self.now, current_language())
        return Item(minute, "now", _place(minute, STEP_MINUTES), time, _("Now: %(time)s", time=time))

    def card(self, entry: Entry, shorts: Mapping[str, str]) -> Item:
        start, length = _minute(entry.starts_at), _length(entry)
        time, place = wording.time_of_day(entry.starts_at, current_language()), _place(start, length)
        if not sees_place(self.reach, entry.clinic_id, entry.clinician_id):
            return Item(start, "taken", place, time, _("Taken"))
        number, number_words = self.number(entry)
        return Item(
            start=start,
            kind=self._kind(entry),
            place=place,
            time=time,
            words=self.people.get(entry.clinician_id) or self.treatments[entry.treatment_id],
            name=entry.name,
            short=shorts[entry.name],
            number=number,
            number_words=number_words,
            id=entry.id,
            minutes=length,
            url=url_for("staff.appointment", id=entry.id),
            movable=may(Actor.CLINIC, Action.MOVE, Status(entry.status), entry.period, now=self.now),
            flags=tuple(self.flags(entry)),
        )

    def number(self, entry: Entry) -> tuple[str, str]:
        """“3/9” and “Session 3 of 9”; what marks a first visit or a review."""
        if entry.kind == StepKind.FIRST_VISIT:
            return _("new"), _("New patient")
        if entry.kind == StepKind.REVIEW:
            return _("week 10"), _("Review in week 10")
        last = self.lasts.get(entry.protocol_id, 1)
        if last < 2:
            return "", ""
        return f"{entry.number}/{last}", _("Session %(number)s of %(last)s", number=entry.number, last=last)

    def flags(self, entry: Entry) -> Iterator[Flag]:
        """What one should know before, in signs: of how it stands, of health, of needs, and the calendar's answer."""
        yield from _status_flags(entry)
        yield from self._health_flags(entry)
        for need in entry.needs:
            if need in NEEDS_AT_THE_DESK:
                yield Flag(need.replace("_", "-"), str(NEEDS_AT_THE_DESK[need]))
        reply = self.replies.get(entry.id)
        if reply is not None and reply.sequence == entry.sequence:
            yield _answer_flag(reply.answer)

    def _health_flags(self, entry: Entry) -> Iterator[Flag]:
        """Never the answer; she who treats is told that there is something to read, others whom to leave it to."""
        if entry.outcome == Outcome.CALL and entry.status == PENDING:
            yield Flag("call", _("Call first"), clay=True)
        elif entry.outcome in (Outcome.CALL, Outcome.FLAG):
            hers = entry.clinician_id == self.reach.clinician_id
            yield Flag("note", _("Health note") if hers else _("Note for the clinician"), clay=True)

    def _kind(self, entry: Entry) -> str:
        kinds = ["appt"]
        if entry.kind != StepKind.SESSION:
            kinds.append("first")
        if entry.status == PENDING:
            kinds.append("pending")
        if entry.ends_at <= self.now or entry.status in (FULFILLED, NOSHOW):
            kinds.append("done")
        if entry.status == NOSHOW:
            kinds.append("missed")
        return " ".join(kinds)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """“K. Moen” of each name, but the whole of those that would then be the same."""
    shorts = {name: f"{name[0]}. {name.split()[-1]}" if " " in name.strip() else name for name in names}
    count = Counter(shorts.values())
    return {name: short if count[short] == 1 else name for name, short in shorts.items()}


def dates_words(first: date, last: date) -> str:
    """“17 to 21 May 2027”, “17.–21. mai 2027”"""
    language = current_language()
    end = wording.date_and_year(last, language)
    if (first.year, first.month) == (last.year, last.month):
        begin = f"{first.day}." if language == "nb" else str(first.day)
    elif first.year == last.year:
        begin = wording.day_of_month(first, language)
    else:
        begin = wording.date_and_year(first, language)
    if language == "nb" and first.month == last.month:
        return f"{begin}–{end}"
    return _("%(first)s to %(last)s", first=begin, last=end)


def short_day(day: date) -> str:
    """“Mon 17 May”"""
    form = "EEE d. MMM" if current_language() == "nb" else "EEE d MMM"
    return wording.sentence(format_date(day, form, locale=current_language()))


def totals(entries: Iterable[Entry]) -> str:
    """“6 appointments, 3 h 30 min”"""
    found = list(entries)
    minutes = sum(map(_length, found))
    counted = ngettext("%(num)s appointment", "%(num)s appointments", len(found))
    return f"{counted}, {length_words(minutes)}" if found else counted


def length_words(minutes: int) -> str:
    """“3 h 30 min”"""
    hours, rest = divmod(minutes, 60)
    if not rest:
        return _("%(hours)s h", hours=hours)
    return _("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if hours else _("%(num)s min", num=rest)


def week_days(week: date, busy: Iterable[date]) -> list[date]:
    """Monday to Friday of the week, and its weekend as far as anything stands in it."""
    days = [week + timedelta(days=number) for number in range(7)]
    last = max([4, *((day - week).days for day in busy if monday_of(day) == week)])
    return days[: last + 1]


def _hours_of(sources: Iterable[Source]) -> tuple[int, int]:
    """From and to which full hour the sheet goes, so that everything is on it."""
    starts, ends = [USUAL_HOURS[0] * 60], [USUAL_HOURS[1] * 60]
    for source in sources:
        starts += [shift.start for shift in source.shifts] + [_minute(e.starts_at) for e in source.entries]
        ends += [shift.end for shift in source.shifts]
        ends += [_minute(e.starts_at) + _length(e) for e in source.entries]
    return min(starts) // 60, min(-(-max(ends) // 60), 24)


def _shows(block: Block, first: int, last: int) -> bool:
    return block.start < last * 60 and first * 60 < block.end


def _off(block: Block, first: int, last: int, taken: Iterable[tuple[int, int]]) -> Iterator[Item]:
    """The stretch as it is hatched, and what it is called where appointments leave room for that."""
    start, end = max(block.start, first * 60), min(block.end, last * 60)
    whole = (start, end) == (first * 60, last * 60)
    time, words = "" if whole else minute_of_day(start), _off_words(block, whole=whole)
    if block.kind is BlockKind.KEPT:
        yield Item(start, "kept", _place(start, end - start), time, words)
        return
    yield Item(start, "off", _place(start, end - start), "", "")
    begin, length = _room_for_words(start, end, taken)
    kind = "called" if length >= WORDS_NEED else "called tight" if length else "called over"
    yield Item(start, kind, _place(begin, length), time, words)


def _room_for_words(start: int, end: int, taken: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Where (from, how long) the words of a stretch stand: where it is first free for long enough, or else where for
    longest; at its start if it is not free at all."""
    free, begin = list[tuple[int, int]](), start
    for busy_from, busy_until in (*sorted(taken), (end, end)):
        if begin < min(busy_from, end):
            free.append((begin, min(busy_from, end) - begin))
        begin = max(begin, busy_until)
    long = [each for each in free if each[1] >= WORDS_NEED]
    return next(iter(long), max(free, key=lambda each: each[1], default=(start, 0)))


def _off_words(block: Block, *, whole: bool) -> str:
    if block.name is not None and not whole:
        return block.name[current_language()]
    if block.kind is BlockKind.BREAK:
        return _("Lunch") if block.start < 13 * 60 and block.end > 11 * 60 else _("Break")
    words = {
        BlockKind.CLOSED: _("Closed"),
        BlockKind.AWAY: _("Away"),
        BlockKind.BUSY: _("Busy elsewhere"),
        BlockKind.KEPT: _("Kept for somebody"),
        BlockKind.OUT: _("Out of use"),
    }[block.kind]
    return f"{words}: {block.words}" if block.words else words


def _status_flags(entry: Entry) -> Iterator[Flag]:
    if entry.status == ARRIVED:
        yield Flag("arrived", _("Arrived"))
    elif entry.status == FULFILLED:
        yield Flag("over", _("Has been here"))
    elif entry.status == NOSHOW:
        yield Flag("missed", _("Did not come"), clay=True)
    elif entry.status == PENDING and entry.outcome != Outcome.CALL:
        yield Flag("call", _("Kept, not booked"), clay=True)


def _answer_flag(answer: str) -> Flag:
    return {
        "accepted": Flag("accepted", _("Accepted in the calendar")),
        "declined": Flag("declined", _("Declined in the calendar"), clay=True),
        "tentative": Flag("tentative", _("Tentative in the calendar")),
    }.get(answer, Flag("tentative", _("The calendar proposes another time"), clay=True))


def _place(start: int, length: int) -> str:
    """The classes that say where something stands: hour and step of its start, hours and steps of its length."""
    hours, rest = divmod(max(length, STEP_MINUTES), 60)
    return f"h{start // 60} m{start % 60 // STEP_MINUTES} l{hours} n{-(-rest // STEP_MINUTES)}"


def _length(entry: Entry) -> int:
    """Minutes."""
    return (entry.ends_at - entry.starts_at) // timedelta(minutes=1)


def _minute(moment: datetime) -> int:
    wall = oslo(moment)
    return wall.hour * 60 + wall.minute
