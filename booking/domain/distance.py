"""Distance: how far apart two places are, as the crow flies."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS = 6371.0
"""Kilometres, the mean of the ellipsoid's axes; the error stays below one in two hundred."""

FAR = 10
"""Kilometres from which on a distance is told to the nearest `FAR_STEP`."""

FAR_STEP = 5


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees north and east (WGS 84)."""

    latitude: float
    longitude: float


def kilometres(one: Point, other: Point) -> float:
    """Along the great circle, by the haversine formula, which keeps its digits where places lie close together."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    shrunk = cos(radians(one.latitude)) * cos(radians(other.latitude))
    half_chord = sqrt(sin(north / 2) ** 2 + shrunk * sin(east / 2) ** 2)
    return 2 * EARTH_RADIUS * asin(min(1.0, half_chord))


def told(distance: float) -> int:
    """A distance in kilometres as it is told: whole ones below ten, the nearest five above; never nought."""
    if distance < FAR:
        return max(1, int(distance + 0.5))
    return int(distance / FAR_STEP + 0.5) * FAR_STEP
