"""The people of the tests: Kari is a patient, Ola her clinician, Siv a stranger."""

from __future__ import annotations

from datetime import date

from booking.services.courses import Channel, Details

KARI = Details(
    name="Kari Prøve",
    birth_date=date(1979, 5, 17),
    email="kari@example.com",
    mobile="+46701740605",
    language="nb",
    channel=Channel.INVITATIONS,
)
SIV = Details(
    name="Siv Fremmed",
    birth_date=date(1985, 11, 2),
    email="siv@example.com",
    mobile="+46701740699",
    language="en",
    channel=Channel.SUBSCRIPTION,
)
OLA = "ask-eksempel"
