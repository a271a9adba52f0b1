"""New times: what was proposed for those whom a disruption touches is accepted, told to each in one message, answered.

Whoever is moved has her new time at once; two others are kept for her for a while, behind a link. One course is changed
at a time, so that what cannot be done for one patient keeps nobody else waiting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.appointment import Action, Actor, Status, require
from booking.domain.changing import Option
from booking.domain.course import Planned
from booking.domain.errors import AnswerOver, BookingError, ChangedMeanwhile, DoesNotFit, SettledAlready, SlotTaken
from booking.domain.period import moment_of, seconds_of
from booking.services.alteration import Alteration
from booking.services.disruptions import UNDECIDED, drop_others, note_progress, place_json, settle_row, to_change
from booking.services.holds import Choice, drop_hold, keep_apart, times_freed
from booking.services.invitations import News, snapshot
from booking.services.links import hash_of, new_time_token
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.relocation import Mover, Proposed, answer_by, movers_of, note_proposal, other_room_for
from booking.services.settlement import news_owed, settle, settle_telling
from booking.store.appointments import Appointment, appointments_by_id
from booking.store.clinics import all_clinics
from booking.store.courses import Course, course_to_change
from booking.store.database import db, utc
from booking.store.disruptions import CHOSEN, DECLINED, KEPT, OFFERED, OPEN, SETTLED, Disruption, Touched
from booking.store.holds import Hold
from booking.store.tasks import open_tasks_of
from booking.store.unit_of_work import unit_of_work
from booking.store.waiting import note_freed

REPLAN = "replan"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of it: how many were moved, and which of the touched (by id) were not: taken, or open no more."""

    moved: int
    refused: tuple[int, ...]


# -- by the front desk ------------------------------------------------------------------------------------------------


def accept(
    office: Office,
    disruption_id: int,
    ids: Collection[int],
    *,
    version: int,
    who: Who,
    now: datetime,
    at: datetime,
) -> Accepted:
    """Moves these of the touched to where they were proposed, and writes one message to each patient.

    Raises ChangedMeanwhile, with nothing done, if something has been done about the disruption since `version`.
    """
    moved, refused = 0, list[int]()
    for course_id, seen in _by_course(disruption_id, ids, version).items():
        try:
            done = _with_another_try(
                lambda session, course_id=course_id, seen=seen: _accept_course(  # type: ignore[misc]
                    session, office, disruption_id, course_id, seen, who=who, now=now, at=at
                )
            )
        except BookingError:
            done = set()
        moved += len(done)
        refused += [id for id in seen if id not in done]
    return Accepted(moved, tuple(refused))


def change_proposal(
    office: Office,
    disruption_id: int,
    row_id: int,
    place: Planned,
    *,
    version: int,
    who: Who,
    now: datetime,
) -> None:
    """Proposes another place for one of the touched. Raises ChangedMeanwhile, DoesNotFit if it is no free place."""

    def work(session: Session) -> None:
        disruption = to_change(session, disruption_id, version)
        row = _open_row(disruption, row_id)
        mover = everywhere(session, office, row, now=now)
        option = _way(mover, _json(place))
        kept = [other for other in (_matching(mover, other) for other in row.others) if other is not None]
        note_proposal(row, Proposed(option, tuple(each for each in kept if _place(each.at) != _place(option.at))))
        note_progress(disruption, now=now)
        _log(session, office, who, row, now=now)

    unit_of_work(work)


def settle_by_hand(office: Office, disruption_id: int, row_id: int, *, version: int, who: Who, now: datetime) -> None:
    """Takes one of the touched off the board: it was settled in another way, or stays where it is after all.

    Raises ChangedMeanwhile, and SettledAlready if nobody has it before her.
    """

    def work(session: Session) -> None:
        disruption = to_change(session, disruption_id, version)
        row = next((row for row in disruption.touched if row.id == row_id), None)
        if row is None or row.state not in UNDECIDED:
            raise SettledAlready
        settle_row(session, row, now=now)
        _log(session, office, who, row, now=now)
        note_progress(disruption, now=now)

    unit_of_work(work)


def everywhere(session: Session, office: Office, row: Touched, *, now: datetime) -> Mover:
    """Where one of the touched could go, at any clinic. Raises NotAllowed if it has begun or stands no more."""
    appointment = session.get_one(Appointment, row.appointment_id)
    clinics = [clinic.id for clinic in all_clinics(session)]
    return _mover(session, office, row, appointment, now=now, also=clinics)


# -- by the patient, or for her on the phone --------------------------------------------------------------------------


def keep(office: Office, row_id: int, *, who: Who | None = None, now: datetime) -> None:
    """Her new time suits her; again changes nothing. Raises AnswerOver if she has answered otherwise, or was moved."""
    _answer(office, row_id, KEPT, who, now=now)


def decline(office: Office, row_id: int, *, who: Who | None = None, now: datetime) -> None:
    """Neither her new time nor the others suit her: somebody rings. Until then it stands. Raises AnswerOver."""
    _answer(office, row_id, DECLINED, who, now=now)


def choose(
    office: Office,
    row_id: int,
    start: datetime,
    *,
    by: Actor,
    who: Who | None = None,
    now: datetime,
    at: datetime,
) -> None:
    """Moves her to that one of the times that are kept for her, and writes the ordinary message of a change at once.

    The same again changes nothing. Raises AnswerOver if it is not kept for her (any more), DoesNotFit, NotAllowed.
    """

    def work(session: Session, course: Course, row: Touched) -> None:
        if row.state == CHOSEN and (row.proposal or {}).get("start") == seconds_of(start):
            return
        _require_offered(row)
        place = next((other for other in row.others if other["start"] == seconds_of(start)), None)
        hold = session.get(Hold, row.hold_id, with_for_update=True) if row.hold_id else None
        if place is None or hold is None or row.answer_by is None or row.answer_by <= now:
            raise AnswerOver
        left = [time for time in times_freed(hold, now=now) if time[2] != start]
        row.hold_id = None
        session.flush()
        drop_hold(session, hold)
        note_freed(session, left, now=now)
        appointment = session.get_one(Appointment, row.appointment_id)
        mover = _mover(session, office, row, appointment, now=now, also=[place["clinic"]])
        _put(session, course, appointment, _way(mover, place), by=by, who=who, now=now)
        settle(session, office, course, now=now, at=at)
        row.state, row.proposal, row.answered_at = CHOSEN, place, utc(now)

    _answered(office, row_id, work, who, now=now)


def offered_with(session: Session, row: Touched) -> list[Touched]:
    """What was told in the same message as this one, in order of the appointments."""
    rows = (
        select(Touched)
        .join(Appointment, Appointment.id == Touched.appointment_id)
        .where(Touched.disruption_id == row.disruption_id, Touched.told_at == row.told_at)
        .order_by(Appointment.starts_at)
    )
    course_id = session.get_one(Appointment, row.appointment_id).course_id
    return list(session.scalars(rows.where(Appointment.course_id == course_id)))


# -- accepting one course ---------------------------------------------------------------------------------------------


_Seen = dict[int, dict[str, Any] | None]
"""What was proposed for each of the touched, by their ids, as it was shown."""


def _by_course(disruption_id: int, ids: Collection[int], version: int) -> dict[int, _Seen]:
    """The touched by their courses, those first that come first."""
    with Session(db.engine) as session:
        disruption = session.get(Disruption, disruption_id)
        if disruption is None or disruption.version != version:
            raise ChangedMeanwhile
        rows = [row for row in disruption.touched if row.id in ids]
        found: defaultdict[int, _Seen] = defaultdict(dict)
        visits = appointments_by_id(session, [row.appointment_id for row in rows])
        for row in sorted(rows, key=lambda row: visits[row.appointment_id].starts_at):
            found[visits[row.appointment_id].course_id][row.id] = row.proposal
        return found


def _accept_course(
    session: Session,
    office: Office,
    disruption_id: int,
    course_id: int,
    seen: _Seen,
    *,
    who: Who,
    now: datetime,
    at: datetime,
) -> set[int]:
    """Which of them were moved: all that are still open, and for which nobody has chosen another place meanwhile."""
    course, disruption = course_to_change(session, course_id), to_change(session, disruption_id)
    rows = {row.id: row for row in disruption.touched if row.state == OPEN and row.proposal is not None}
    found = [rows[id] for id, proposal in seen.items() if id in rows and rows[id].proposal == proposal]
    if not found:
        return set()
    offered = [each for row in found for each in _move(session, office, course, row, who=who, now=now)]
    _offer(session, office, course, offered, now=now, at=at)
    note_progress(disruption, now=now)
    for row in found:
        _log(session, office, who, row, now=now)
    return {row.id for row in found}


def _move(
    session: Session, office: Office, course: Course, row: Touched, *, who: Who, now: datetime
) -> list[tuple[Touched, list[Option]]]:
    """Moves one of the touched; with the other places that she can have, none if she need not be told at all."""
    appointment, place = session.get_one(Appointment, row.appointment_id), row.proposal or {}
    mover = _mover(session, office, row, appointment, now=now, also=[place["clinic"]])
    before = (appointment.starts_at, appointment.clinician_id, appointment.clinic_id)
    _put(session, course, appointment, _way(mover, place), by=Actor.CLINIC, who=who, now=now)
    if before == (appointment.starts_at, appointment.clinician_id, appointment.clinic_id):
        row.state = SETTLED
        return []
    return [(row, [other for each in row.others if (other := _matching(mover, each)) is not None])]


def _put(
    session: Session,
    course: Course,
    appointment: Appointment,
    option: Option,
    *,
    by: Actor,
    who: Who | None,
    now: datetime,
) -> None:
    alteration = Alteration(session, course, now=now)
    alteration.put(appointment, option.at)
    for appointment_id, planned in option.along:
        alteration.put(next(a for a in course.appointments if a.id == appointment_id), planned)
    change = alteration.keep(REPLAN, by)
    change.account_id = who.account_id if who else None


def _offer(
    session: Session,
    office: Office,
    course: Course,
    offered: Sequence[tuple[Touched, list[Option]]],
    *,
    now: datetime,
    at: datetime,
) -> None:
    """Keeps the other times and writes the message, which ends the time in which the clinic could undo it."""
    moved = {row.appointment_id for row, _ in offered}
    starts = [option.at.start for _, options in offered for option in options]
    starts += [appointment.starts_at for appointment in course.appointments if appointment.id in moved]
    until = answer_by(office, starts, now=now)
    for row, options in offered:
        row.state, row.told_at = OFFERED, utc(now) if course.email else None
        _keep_others(session, course, row, options, until=until, now=now)
    more: dict[str, Any] = {}
    if not offered:
        settle(session, office, course, now=now, at=at)
        return
    if course.email is not None:
        first = offered[0][0]
        first.token_hash = hash_of(new_time_token(office, first.id, utc(now)))
        more = {
            "touched_id": first.id,
            "told_at": seconds_of(now),
            "new_time_hash": first.token_hash,
            "answer_by": seconds_of(until),
            "others": [_as_snapshot(session, row, other) for row, _ in offered for other in row.others],
        }
    settle_telling(session, office, course, News.REPLANNED, more, now=now, at=at)


def _keep_others(
    session: Session, course: Course, row: Touched, options: Sequence[Option], *, until: datetime, now: datetime
) -> None:
    """Keeps as many of them as can be had, until then."""
    row.others, row.answer_by = [], None
    if until <= now:
        return
    for some in [options, *([option] for option in options)]:
        hold = _hold(session, course, row, some, until=until, now=now) if some else None
        if hold is not None:
            row.hold_id, row.answer_by = hold.id, utc(until)
            row.others = [_json(option.at) for option in some]
            return


def _hold(
    session: Session, course: Course, row: Touched, options: Sequence[Option], *, until: datetime, now: datetime
) -> Hold | None:
    choice = Choice(
        protocol_id=course.protocol_id,
        new_patient=course.new_patient,
        appointments=tuple(option.at for option in options),
        query="",
    )
    try:
        with session.begin_nested():
            return keep_apart(session, choice, until=until, now=now, beside=[row.appointment_id])
    except SlotTaken:
        return None


def _as_snapshot(session: Session, row: Touched, place: dict[str, int]) -> dict[str, Any]:
    """The appointment as it would be there, for a letter."""
    kept = snapshot(session.get_one(Appointment, row.appointment_id))
    end = place["start"] + kept["end"] - kept["start"]
    there = {"start": place["start"], "end": end, "clinic_id": place["clinic"], "clinician_id": place["clinician"]}
    return kept | there | {"room_id": place["room"], "deviation": None}


# -- small things -----------------------------------------------------------------------------------------------------


def _mover(
    session: Session,
    office: Office,
    row: Touched,
    appointment: Appointment,
    *,
    now: datetime,
    also: Iterable[int],
) -> Mover:
    require(Actor.CLINIC, Action.MOVE, Status(appointment.status), appointment.period, now=now)
    cause = other_room_for(row.disruption)
    found = movers_of(session, office, [appointment], now=now, other_room=cause, also=set(also))
    if not found:
        raise DoesNotFit(appointment.number)
    return found[0]


def _way(mover: Mover, place: dict[str, Any]) -> Option:
    """The place among those that are free now, in that room or another. Raises DoesNotFit."""
    option = _matching(mover, place)
    if option is None:
        raise DoesNotFit(mover.appointment.number)
    return option


def _matching(mover: Mover, place: dict[str, Any]) -> Option | None:
    wanted = (moment_of(place["start"]), place["clinician"], place["clinic"])
    option = next((way.option for way in mover.ways if _place(way.option.at) == wanted), None)
    rooms = list(mover.in_rooms(option)) if option else []
    return next((each for each in rooms if each.at.room == place["room"]), next(iter(rooms), None))


def _place(planned: Planned) -> tuple[datetime, int, int]:
    return planned.start, planned.clinician, planned.clinic


def _json(planned: Planned) -> dict[str, int]:
    return place_json(planned.start, planned.clinician, planned.clinic, planned.room)


def _open_row(disruption: Disruption, row_id: int) -> Touched:
    row = next((row for row in disruption.touched if row.id == row_id and row.state == OPEN), None)
    if row is None:
        raise ChangedMeanwhile
    return row


def _require_offered(row: Touched) -> None:
    """Raises AnswerOver unless she was moved and has not answered."""
    if row.state != OFFERED:
        raise AnswerOver


def _answer(office: Office, row_id: int, state: str, who: Who | None, *, now: datetime) -> None:
    """Answers without one of the other times, which others can have then. The same again changes nothing."""

    def work(session: Session, course: Course, row: Touched) -> None:
        if row.state == state:
            return
        _require_offered(row)
        row.state, row.answered_at = state, utc(now)
        drop_others(session, row, now=now)

    _answered(office, row_id, work, who, now=now)


def _answered(
    office: Office, row_id: int, work: Callable[[Session, Course, Touched], None], who: Who | None, *, now: datetime
) -> None:
    def answer(session: Session) -> None:
        ids = select(Appointment.course_id, Touched.disruption_id).where(Appointment.id == Touched.appointment_id)
        found = session.execute(ids.where(Touched.id == row_id)).first()
        if found is None:
            raise AnswerOver
        course, disruption = course_to_change(session, found[0]), to_change(session, found[1])
        row = next(row for row in disruption.touched if row.id == row_id)
        before = row.state
        work(session, course, row)
        if row.state != before:
            note_progress(disruption, now=now)
        if who is not None:
            if row.state in (KEPT, CHOSEN):
                _told_meanwhile(session, course, row, who, now=now)
            _log(session, office, who, row, now=now)

    unit_of_work(answer)


def _told_meanwhile(session: Session, course: Course, row: Touched, who: Who, *, now: datetime) -> None:
    """Somebody has talked with her about this appointment: if that is all that she was to be rung about, it is done."""
    owed = {task.id: task for task in open_tasks_of(session, course.id)}
    for task_id, news in news_owed(session, list(owed.values()), {course.id: course}).items():
        if all(difference.appointment.id == row.appointment_id for difference in news):
            owed[task_id].done_at, owed[task_id].done_by = utc(now), who.account_id


def _log(session: Session, office: Office, who: Who, row: Touched, *, now: datetime) -> None:
    appointment = session.get_one(Appointment, row.appointment_id)
    course = session.get_one(Course, appointment.course_id)
    about = About(patient_id=course.patient_id, course_id=course.id, appointment_id=appointment.id)
    note(session, office, who, REPLAN, about, now=now)


def _with_another_try(work: Callable[[Session], set[int]]) -> set[int]:
    """When somebody has just taken a room, another may be free at the same time."""
    try:
        return unit_of_work(work)
    except SlotTaken:
        return unit_of_work(work)
