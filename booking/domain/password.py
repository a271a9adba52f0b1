"""Passwords: which ones are refused. Length counts; words that a stranger would try first make no password longer.

After NIST SP 800-63B, 5.1.1.2: no rules on kinds of characters, but a list of what is to be expected.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

SHORTEST, LONGEST = 12, 256
"""Characters."""

FEWEST_DIFFERENT = 6
"""Different characters."""

WORD_FROM = 4
"""Letters from which on a word is one that is looked for: shorter ones stand in others by chance."""

EXPECTED = (
    *("klinikk", "clinic", "pasient", "patient", "terapi", "behandling", "treatment", "time", "booking"),
    *("akupunktur", "acupuncture", "fibromyalgi", "needle", "resepsjon", "reception"),
    *("passord", "password", "velkommen", "welcome", "qwerty", "123456", "abcdef", "letmein"),
)
"""What passwords of those who work at a clinic are made of."""


class PasswordFault(StrEnum):
    """Why a password is refused: too `SHORT` or `LONG`, of too few different characters (`PLAIN`), with a word of the
    clinics (`CLINIC`), or of her own name or address (`OWN`)."""

    SHORT = "short"
    LONG = "long"
    PLAIN = "plain"
    CLINIC = "clinic"
    OWN = "own"


def fault_of(password: str, *, clinic: Iterable[str], own: Iterable[str]) -> PasswordFault | None:
    """What is wrong with it; None for nothing. `clinic`, `own`: names whose words it must not hold."""
    if len(password) < SHORTEST:
        return PasswordFault.SHORT
    if len(password) > LONGEST:
        return PasswordFault.LONG
    plain = _plain(password)
    if len(set(plain)) < FEWEST_DIFFERENT:
        return PasswordFault.PLAIN
    if any(word in plain for word in (*EXPECTED, *_words(clinic))):
        return PasswordFault.CLINIC
    if any(word in plain for word in _words(own)):
        return PasswordFault.OWN
    return None


def _words(names: Iterable[str]) -> set[str]:
    found = {word for name in names for word in re.split(r"[\W\d_]+", _plain(name))}
    return {word for word in found if len(word) >= WORD_FROM}


def _plain(text: str) -> str:
    """Small letters without accents, so that no other spelling of a word passes."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
