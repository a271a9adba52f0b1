"""Places: how much a house can take. A place is what one appointment takes of a clinician and a room.

It runs, buffer included, to the next start on the clinic's grid: for 30 minutes with a buffer of 5, a place is 45
minutes on a grid of 15 and 40 on a grid of 10.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import or_

from booking.domain.period import STEP_MINUTES
from booking.domain.protocol import Treatment
from booking.domain.schedule import Clinic
from booking.domain.slot import Availability, bits

Place = tuple[int, int]
"""(clinician id, wall step at which it begins)"""


def minutes_taken(clinic: Clinic, minutes: int) -> int:
    """How long an appointment keeps the next one waiting: with the buffer, to the next start on the grid."""
    every = clinic.grid_minutes
    return -(-(minutes + clinic.buffer_minutes) // every) * every


def places_on(availability: Availability, clinic: Clinic, treatment: Treatment, day: date) -> list[Place]:
    """Where the treatment fits one after another into all that is free at the clinic on `day`, rooms shared out.

    From the first hour on, whoever is free takes whichever room is free.
    """
    index, length = availability.index(day), minutes_taken(clinic, treatment.minutes) // STEP_MINUTES
    free = {who: availability.starts(who, clinic.id, treatment.minutes)[index] for who in _givers(availability, clinic)}
    busy, rooms, found = dict.fromkeys(free, 0), dict.fromkeys(clinic.rooms, 0), []
    for step in bits(reduce(or_, free.values(), 0)):
        for who in (who for who in free if free[who] >> step & 1 and busy[who] <= step):
            room = next((room for room in rooms if rooms[room] <= step), None)
            if room is not None:
                busy[who] = rooms[room] = step + length
                found.append((who, step))
    return found


def _givers(availability: Availability, clinic: Clinic) -> list[int]:
    clinicians = (who for who in availability.schedule.clinicians if who.needles)
    return [who.id for who in clinicians if availability.works_at(who.id, clinic.id)]
