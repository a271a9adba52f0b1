"""Bookers as processes of their own: `python -m tests.services.bookers BOOKERS COURSES` books so many courses each.

They are forked from one process that has loaded everything, so that they begin together, when a line comes on standard
input, and name each course that stands. When its times are taken meanwhile, a booker plans again, as a person would.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import date

from booking.app import create_app
from booking.domain.errors import SlotTaken
from booking.services.proposals import Asked
from booking.store.database import db
from tests.builders import booked, choice, held
from tests.people import KARI

TRIES = 40


def main() -> None:
    bookers, courses = int(sys.argv[1]), int(sys.argv[2])
    app = create_app()
    gate, opener = os.pipe()
    children = []
    for number in range(bookers):
        child = os.fork()
        if child == 0:
            os.close(opener)
            os.read(gate, 1)  # ends for all of them when the last writer closes the pipe
            with app.app_context():
                for turn in range(courses):
                    book_one(f"booker {number}, turn {turn}")
            os._exit(0)
        children.append(child)
    print("ready", flush=True)
    sys.stdin.readline()
    os.close(opener)
    sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))


def asked() -> Asked:
    """All bookers want the same clinic, days and weeks."""
    return Asked(clinics=("lambertseter",), days=frozenset({1, 3}), start=date(2027, 4, 5))


def book_one(name: str) -> None:
    for _ in range(TRIES):
        try:
            hold_id = held(choice(asked()), visitor=name, address=name)
        except SlotTaken:
            continue
        email = name.replace(" ", ".").replace(",", "") + "@example.com"
        booked(hold_id, replace(KARI, name=name, email=email, mobile=None))
        db.session.rollback()
        print(name, flush=True)
        return
    raise AssertionError(f"{name} found no times in {TRIES} tries")


if __name__ == "__main__":
    main()
