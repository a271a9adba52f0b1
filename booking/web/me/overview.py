"""Overview: the ways from the page of a course to a change, and what was changed just now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from booking.domain.appointment import Action, Status, may
from booking.domain.protocol import StepKind
from booking.services.links import Opened
from booking.store.appointments import CANCELLED, NOSHOW
from booking.store.changes import fees_of
from booking.store.courses import RUNNING
from booking.store.database import db
from booking.store.protocols import protocol_by_id
from booking.web import clock
from booking.web.me.desk import this_token
from booking.web.me.replan import coming_sessions
from booking.web.me.undo import just_changed
from booking.web.me.visits import Told, Visit
from booking.web.me.words import next_panel, rows_of
from booking.web.pictures import Link


def changing(opened: Opened, told: Told) -> dict[str, Any]:
    """What the course's page says about changing: a way from each visit, and from all of them."""
    now = clock.now()
    changeable = {v.appointment.id for v in told.visits if _may_change(opened, v)}
    panel = next_panel(told, now=now)
    if panel and told.next and told.next.appointment.id in changeable:
        panel = replace(panel, links=(Link(_url(told.next), _("I cannot come then")), *panel.links[1:]))
    rows = zip(rows_of(told, now=now), told.visits, strict=True)
    return {
        "next_panel": panel,
        "rows": [replace(row, link=_way(visit)) if visit.appointment.id in changeable else row for row, visit in rows],
        "missing": missing_sessions(opened),
        "ways": list(_ways(opened, coming=len(changeable))),
        "just_changed": just_changed(opened),
        "late_fees": _late_fees(opened),
    }


def _late_fees(opened: Opened) -> int:
    """Whole kroner for changes that came too late; a helper is told no prices but that of what she does herself."""
    if opened.helper:
        return 0
    return sum(fee.amount for fee in fees_of(db.session(), opened.course.id) if fee.waived_at is None)


def _ways(opened: Opened, *, coming: int) -> list[Link]:
    """What can be done with several visits at once."""
    token, ways = this_token(), []
    if coming_sessions(opened):
        ways.append(Link(url_for("me.replan", token=token), _("Other days or times from here on")))
    if coming > 1:
        ways.append(Link(url_for("me.cancel_rest", token=token), _("Cancel all that is to come")))
    return ways


def missing_sessions(opened: Opened) -> int:
    """How many sessions were missed or cancelled and not made up for, in a course that still runs."""
    course = opened.course
    there = [a for a in course.appointments if a.kind == StepKind.SESSION and a.status not in (CANCELLED, NOSHOW)]
    if course.status != RUNNING or not there:
        return 0
    return max(0, len(protocol_by_id(db.session(), course.protocol_id).sessions) - len(there))


def _may_change(opened: Opened, visit: Visit) -> bool:
    return may(opened.actor, Action.MOVE, Status(visit.appointment.status), visit.period, now=clock.now())


def _way(visit: Visit) -> Link:
    return Link(_url(visit), _("Move or cancel"))


def _url(visit: Visit) -> str:
    return url_for("me.visit", token=this_token(), id=visit.appointment.id)
