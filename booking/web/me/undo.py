"""Undo: what was just changed and nobody was told of yet: taken back, or told at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.appointment import Actor
from booking.domain.errors import NothingToUndo
from booking.domain.period import moment_of, seconds_of
from booking.domain.protocol import StepKind
from booking.services import changes, wording
from booking.services.links import Opened
from booking.store.appointments import CANCELLED, Appointment
from booking.store.changes import Change, fees_of
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.forms.changes import ChangeForm
from booking.web.language import current_language
from booking.web.me.consequences import sent_words
from booking.web.me.desk import this_token
from booking.web.office import office
from booking.web.pictures import Visit, day_at_time, name_of, subject_of

SEVERAL = 3
"""From how many visits of one change on they are counted and not told one by one."""


@dataclass(frozen=True, slots=True)
class State:
    """Where a visit stands, or stood before a change."""

    start: datetime
    clinician: int
    clinic: int
    live: bool
    name: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class JustChanged:
    """The panel on top of the course's page. `lines`: what was done, newest first; `by_other`: who did it, where it was
    not who looks; `cost`: of all of it, if late;
    `change_id`: the newest, which `button` undoes until the clock shows `until`; `mailed`: whether anybody is told by
    mail then; `sendable`: whether who looks may have it told at once."""

    lines: tuple[str, ...]
    by_other: str
    cost: str
    change_id: int
    button: str
    until: str
    sent: str
    mailed: bool
    sendable: bool


@open_to(Rule.COURSE_LINK)
def undo(token: str) -> ResponseReturnValue:
    """Takes back the change that the button was shown with."""
    opened: Opened = g.opened
    times = {"now": clock.now(), "at": clock.machine_now()}
    try:
        changes.undo(office(), opened.course.id, ChangeForm().change_id(), by=opened.actor, **times)
    except NothingToUndo:
        return _back("too-late")
    return _back("undone")


@open_to(Rule.COURSE_LINK)
def send_now(token: str) -> ResponseReturnValue:
    """Tells of what was changed without waiting; then it can no longer be undone."""
    opened: Opened = g.opened
    changes.send_now(office(), opened.course.id, by=opened.actor, now=clock.now(), at=clock.machine_now())
    return _back("told" if opened.course.email else "settled")


def _back(done: str) -> ResponseReturnValue:
    return redirect(url_for("me.course", token=this_token(), done=done), 303)


def just_changed(opened: Opened) -> JustChanged | None:
    """What the course's page says of changes that can be undone; None when there are none."""
    open_ones = changes.undoable(db.session(), opened.course.id, now=clock.now(), by=opened.actor)
    if not open_ones:
        return None
    return JustChanged(
        lines=tuple(_lines(opened, open_ones)),
        by_other=_by_other(opened, {Actor(change.actor) for change in open_ones}),
        cost=_cost(opened, {change.id for change in open_ones}),
        change_id=open_ones[0].id,
        button=_button(opened, open_ones),
        until=wording.at_time(open_ones[0].due_at, current_language()),
        sent=sent_words(opened, _count(opened, open_ones)),
        mailed=opened.course.email is not None,
        sendable=changes.may_send_now(db.session(), opened.course.id, by=opened.actor),
    )


def _button(opened: Opened, newest_first: Sequence[Change]) -> str:
    """What the button says that undoes the newest change: which visits it puts back, where one could wonder."""
    newest = newest_first[0]
    names = [_visit_name(a) for a in opened.course.appointments if str(a.id) in newest.before]
    named = ", ".join(names) if len(opened.course.appointments) > 1 and len(names) < SEVERAL else ""
    if len(newest_first) > 1:
        return _("Undo the last change: %(names)s", names=named) if named else _("Undo the last change")
    return _("Undo: %(names)s", names=named) if named and len(names) > 1 else _("Undo")


def _visit_name(a: Appointment) -> str:
    """“Session 3”, “First visit”, “Review”."""
    kind, start = StepKind(a.kind), a.starts_at
    return name_of(Visit(kind=kind, number=a.number, start=start, end=a.ends_at, where="", who=""))


def _by_other(opened: Opened, actors: set[Actor]) -> str:
    """Who changed it, for who comes to the page and finds it changed."""
    if actors <= {opened.actor}:
        return ""
    if opened.actor in actors:
        return _("Not all of this was done by you.")
    if opened.helper:
        return _("%(name)s did this.", name=opened.course.name)
    return _("Your helper did this.")


def _cost(opened: Opened, change_ids: set[int]) -> str:
    fees = [fee for fee in fees_of(db.session(), opened.course.id) if fee.change_id in change_ids]
    amount = sum(fee.amount for fee in fees)
    if amount:
        return _("It costs %(price)s.", price=wording.price(amount, current_language()))
    return _("It was late, but costs nothing this once.") if fees else ""


def _lines(opened: Opened, newest_first: Sequence[Change]) -> Iterator[str]:
    """Each change in words: from how it was before it to how it was before the next one, or is now."""
    alone, house = len(opened.course.appointments) == 1, House(db.session())
    after = {str(a.id): _state_now(a, alone=alone) for a in opened.course.appointments}
    for change in newest_first:
        before = {key: _state_then(then, alone=alone) if then else None for key, then in change.before.items()}
        yield from _told(house, [(state, after[key]) for key, state in before.items() if state != after[key]])
        after |= {key: state for key, state in before.items() if state}


def _count(opened: Opened, newest_first: Sequence[Change]) -> int:
    """How many visits stand elsewhere than before all of these changes."""
    before = {key: then for change in newest_first for key, then in change.before.items()}
    states = {key: _state_then(then, alone=False) if then else None for key, then in before.items()}
    now = {str(a.id): _state_now(a, alone=False) for a in opened.course.appointments}
    return sum(state != now[key] and (state is not None or now[key].live) for key, state in states.items())


def _told(house: House, steps: Sequence[tuple[State | None, State]]) -> Iterator[str]:
    if len(steps) < SEVERAL:
        yield from (_line(house, before, after) for before, after in steps)
        return
    cancelled = sum(not after.live for _before, after in steps)
    if cancelled:
        yield ngettext("%(num)s visit is cancelled.", "%(num)s visits are cancelled.", cancelled)
    if len(steps) > cancelled:
        others = len(steps) - cancelled
        yield ngettext("%(num)s visit has a new time.", "%(num)s visits have new times.", others)


def _line(house: House, before: State | None, after: State) -> str:
    now = day_at_time(after.start)
    if before is None or (before.clinician, before.clinic) != (after.clinician, after.clinic):
        who, where = house.clinician(after.clinician), house.clinic(after.clinic)
        now = _("%(when)s, with %(who)s at %(where)s", when=now, who=who, where=where)
    if before is None:
        return _("%(name)s is added: %(moment)s.", name=after.name, moment=now)
    if not after.live:
        return _("%(name)s is cancelled: %(moment)s.", name=after.name, moment=day_at_time(before.start))
    was = day_at_time(before.start)
    return _("%(name)s is moved from %(before)s to %(after)s.", name=after.name, before=was, after=now)


def _state_now(a: Appointment, *, alone: bool) -> State:
    kept = {"kind": a.kind, "number": a.number, "start": seconds_of(a.starts_at), "status": a.status}
    return _state_then(kept | {"clinician_id": a.clinician_id, "clinic_id": a.clinic_id}, alone=alone)


def _state_then(kept: dict[str, Any], *, alone: bool) -> State:
    start = moment_of(kept["start"])
    visit = Visit(kind=StepKind(kept["kind"]), number=kept["number"], start=start, end=start, where="", who="")
    name = _("The visit") if alone else subject_of(visit)
    return State(start, kept["clinician_id"], kept["clinic_id"], kept["status"] != CANCELLED, name)
