"""People who change courses at the same time, as processes of their own: `python -m tests.services.movers TASK …`.

A task is a verb and its numbers, `verb:course:appointment:start:clinician:clinic` as far as it needs them; a status
takes `version:now` instead. All are forked from one process that has loaded everything, begin together when a line
comes on standard input, and each says how it ended: `done`, or the name of the refusal. `churn` moves, cancels and
undoes until it is killed.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from itertools import count

from booking.app import create_app
from booking.domain.appointment import Action, Actor
from booking.domain.errors import BookingError
from booking.domain.period import moment_of
from booking.services import changes
from booking.services.changes import UNDO_FOR, Place
from booking.services.logbook import COMMAND
from booking.services.settlement import settle_due
from booking.services.status import set_status
from booking.store.database import db
from tests.builders import NOW, course, office
from tests.services.changers import AT, cancel, elsewhere, send_now, undo, undoable


def main() -> None:
    app = create_app()
    with app.app_context():
        db.engine.dispose()
    gate, opener = os.pipe()
    children = []
    for task in sys.argv[1:]:
        child = os.fork()
        if child == 0:
            os.close(opener)
            os.read(gate, 1)  # ends for all of them when the last writer closes the pipe
            with app.app_context():
                report(task)
            os._exit(0)
        children.append(child)
    print("ready", flush=True)
    sys.stdin.readline()
    os.close(opener)
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))


def report(task: str) -> None:
    try:
        do(*task.split(":"))
    except BookingError as refusal:
        ended = type(refusal).__name__
    else:
        ended = "done"
    os.write(sys.stdout.fileno(), f"{task.partition(':')[0]} {ended}\n".encode())


def do(verb: str, *numbers: str) -> None:
    course_id, *rest = map(int, numbers)
    if verb == "move":
        place = Place(moment_of(rest[1]), rest[2], rest[3])
        changes.move(office(), course_id, rest[0], place, by=Actor.PATIENT, now=NOW, at=AT)
    elif verb == "cancel":
        changes.cancel(office(), course_id, rest[0], by=Actor.PATIENT, now=NOW, at=AT)
    elif verb == "undo":
        changes.undo(office(), course_id, rest[0], by=Actor.PATIENT, now=NOW, at=AT)
    elif verb == "send":
        changes.send_now(office(), course_id, by=Actor.PATIENT, now=NOW, at=AT)
    elif verb == "settle":
        settle_due(office(), now=NOW + UNDO_FOR, at=AT)
    elif verb in ("arrive", "miss"):
        status = {"version": rest[1], "who": COMMAND, "now": moment_of(rest[2]), "at": AT}
        set_status(office(), rest[0], Action(verb), **status)
    elif verb == "churn":
        churn(course_id)


def churn(course_id: int) -> None:
    """One change after another, ten minutes and more apart now and then, so that some are settled by the next."""
    for turn in count():
        now = NOW + timedelta(minutes=turn)
        os.write(sys.stdout.fileno(), b"turn\n")
        change_something(course_id, turn, now)


def change_something(course_id: int, turn: int, now: datetime) -> None:
    standing = [a for a in course(course_id).appointments if a.status == "booked" and a.kind == "session"]
    if turn % 3 == 2 and undoable(course_id, now=now):
        undo(course_id, now=now)
    elif turn % 7 == 6:
        send_now(course_id, now=now)
    elif turn % 5 == 4 and len(standing) > 2:
        cancel(standing[-1], now=now)
    else:
        chosen = standing[turn % len(standing)]
        changes.move(office(), course_id, chosen.id, elsewhere(chosen, now=now), by=Actor.PATIENT, now=now, at=AT)


if __name__ == "__main__":
    main()
