"""Public holidays of Norway: the law's twelve days, each by its own name in both languages.

Dates come from the `holidays` tables. Names are ours, because the tables join two holidays that fall on one day
(Whit Monday and Constitution Day in 2027) into one text; here they stay two.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from holidays.countries.norway import Norway  # loads every country: at the start, while nobody waits for a page

from booking.domain.schedule import Name

_NAMES = {
    "Første nyttårsdag": Name.of(nb="Første nyttårsdag", en="New Year's Day"),
    "Skjærtorsdag": Name.of(nb="Skjærtorsdag", en="Maundy Thursday"),
    "Langfredag": Name.of(nb="Langfredag", en="Good Friday"),
    "Første påskedag": Name.of(nb="Første påskedag", en="Easter Sunday"),
    "Andre påskedag": Name.of(nb="Andre påskedag", en="Easter Monday"),
    "Arbeidernes dag": Name.of(nb="Arbeidernes dag", en="Labour Day"),
    "Grunnlovsdag": Name.of(nb="Grunnlovsdagen", en="Constitution Day"),
    "Kristi himmelfartsdag": Name.of(nb="Kristi himmelfartsdag", en="Ascension Day"),
    "Første pinsedag": Name.of(nb="Første pinsedag", en="Whit Sunday"),
    "Andre pinsedag": Name.of(nb="Andre pinsedag", en="Whit Monday"),
    "Første juledag": Name.of(nb="Første juledag", en="Christmas Day"),
    "Andre juledag": Name.of(nb="Andre juledag", en="St Stephen's Day"),
}


@cache
def _of_year(year: int) -> dict[date, tuple[Name, ...]]:
    table = Norway(years=year, language="no")
    return {day: tuple(_NAMES[name] for name in table.get_list(day)) for day in table}


def holidays_on(day: date) -> tuple[Name, ...]:
    """The public holidays on `day`, none for an ordinary day (ordinary Sundays count as ordinary here)."""
    return _of_year(day.year).get(day, ())
