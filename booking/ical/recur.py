"""RECUR (RFC 5545, 3.3.10): the rules of other people's series, at a price that is known beforehand.

dateutil tries a rule day by day, to the year 9999 if nothing matches, and from its first day on however long ago
that is. So rules are read strictly, old series are brought forward, and every day tried is counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from recurring_ical_events import ComponentsWithName, Series

from booking.ical.content_line import Unreadable

_MOST_CHARACTERS = 300
_MOST_TIMES_A_DAY = 24
_ENDLESS_COUNT = 1_000_000
_MOST_STEPS = 150_000
_MOST_STEPS_OF_A_SERIES = 30_000

_PARTS = {
    "FREQ": re.compile("DAILY|WEEKLY|MONTHLY|YEARLY"),
    "INTERVAL": re.compile("0*[1-9][0-9]{0,5}"),
    "COUNT": re.compile("[0-9]{1,20}"),
    "UNTIL": re.compile("[0-9]{8}(T[0-9]{6}Z?)?"),
    "WKST": re.compile("MO|TU|WE|TH|FR|SA|SU"),
    "BYDAY": re.compile("[+-]?[0-9]{0,2}(MO|TU|WE|TH|FR|SA|SU)(,[+-]?[0-9]{0,2}(MO|TU|WE|TH|FR|SA|SU))*"),
    **dict.fromkeys(
        ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS", "BYHOUR", "BYMINUTE"),
        re.compile("[+-]?[0-9]{1,3}(,[+-]?[0-9]{1,3})*"),
    ),
}


class Enough(Exception):
    """The limit for all series together is met."""


def read_rule(text: str) -> dict[str, str]:
    """The parts of a rule. Raises Unreadable for what no calendar program writes: more often than daily, say."""
    if len(text) > _MOST_CHARACTERS:
        raise Unreadable("RRULE")
    rule = dict(_part(part) for part in text.upper().strip(";").split(";"))
    times = (rule.get("BYHOUR", "").count(",") + 1) * (rule.get("BYMINUTE", "").count(",") + 1)
    if "FREQ" not in rule or times > _MOST_TIMES_A_DAY:
        raise Unreadable("RRULE")
    if int(rule.get("COUNT", "0")) > _ENDLESS_COUNT:
        del rule["COUNT"]
    return rule


def brought_forward(first: date, latest: date, rule: dict[str, str]) -> timedelta:
    """How much later the series may begin, at `latest` at the latest, without a change to what follows.

    A counted series is counted from its beginning, and one that begins on 29 February lacks that day in most
    years: both stay where they are.
    """
    if "COUNT" in rule or latest <= first:
        return timedelta(0)
    interval = int(rule.get("INTERVAL", "1"))
    if rule["FREQ"] in ("DAILY", "WEEKLY"):
        turn = interval * (7 if rule["FREQ"] == "WEEKLY" else 1)
        return timedelta(days=(latest - first).days // turn * turn)
    if (first.month, first.day) == (2, 29):
        return timedelta(0)
    years = max(0, latest.year - 1 - first.year) // interval * interval
    return first.replace(year=first.year + years) - first


class Meter:
    """What all the rules of a file may cost together, and one series of it alone, in days tried."""

    def __init__(self) -> None:
        self._left = _MOST_STEPS
        self._left_of_series = _MOST_STEPS_OF_A_SERIES

    def begin_series(self) -> None:
        self._left_of_series = _MOST_STEPS_OF_A_SERIES

    def charge(self, steps: int) -> None:
        """Raises Unreadable if this series, and Enough if the file has had its share."""
        self._left -= steps
        self._left_of_series -= steps
        if self._left < 0:
            raise Enough
        if self._left_of_series < 0:
            raise Unreadable("RRULE")


def events_on(meter: Meter) -> ComponentsWithName:
    """The selection of events for a query of recurring-ical-events whose rules run on the meter."""

    class Rules(Series.RecurrenceRules):  # type: ignore[misc]
        def rrulestr(self, rule_string: str) -> object:
            rule = super().rrulestr(rule_string)
            price = len(rule._timeset) * (1 + len(rule._bysetpos or ()))
            if rule._bymonth:
                rule._bymonth = _metered(rule._bymonth, meter, price)
            else:
                rule._byweekday = _metered(rule._byweekday or range(7), meter, price)
            return rule

    class MeteredSeries(Series):  # type: ignore[misc]
        RecurrenceRules = Rules

    return ComponentsWithName("VEVENT", series=MeteredSeries)


class _Metered(tuple[int, ...]):
    """Months or weekdays of a rule: dateutil asks of each day whether they contain it, and each question costs."""

    meter: Meter
    price: int

    def __contains__(self, value: object) -> bool:
        self.meter.charge(self.price)
        return super().__contains__(value)


def _metered(values: Iterable[int], meter: Meter, price: int) -> _Metered:
    result = _Metered(values)
    result.meter, result.price = meter, price
    return result


def _part(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if name not in _PARTS or not _PARTS[name].fullmatch(value):
        raise Unreadable("RRULE")
    return name, value
