"""Passwords: long ones pass, and what anybody would try at a clinic does not."""

from __future__ import annotations

import pytest

from booking.domain.password import FEWEST_DIFFERENT, LONGEST, SHORTEST, PasswordFault, fault_of

CLINIC = ("Demoklinikkene", "Lambertseter", "Råholt", "Eidsvoll Sundet")
OWN = ("Rita Resepsjon", "rita.r@example.org")


def fault(password: str) -> PasswordFault | None:
    return fault_of(password, clinic=CLINIC, own=OWN)


@pytest.mark.parametrize("password", ["tre små gode ord", "fjell-og-fjord-2027", "x7!kQ2#mZ9$w", "длинные слова"])
def test_a_long_one_passes_whatever_it_is_made_of(password: str) -> None:
    assert fault(password) is None


def test_it_has_twelve_characters_or_more() -> None:
    assert fault("kvelds7blåt"[: SHORTEST - 1]) is PasswordFault.SHORT
    assert fault("kvelds7blåte"[:SHORTEST]) is None


def test_no_more_is_hashed_than_anybody_writes() -> None:
    assert fault("kvelds7blåte " * 20) is PasswordFault.LONG
    assert fault(("kvelds7blåte " * 20)[:LONGEST]) is None


def test_it_does_not_repeat_a_few_characters() -> None:
    assert fault("ababab-ababab-ababab") is PasswordFault.PLAIN
    assert fault("abcde"[: FEWEST_DIFFERENT - 1] * 4) is PasswordFault.PLAIN


@pytest.mark.parametrize(
    "password",
    ["Lambertseter 2027 vår", "mitt passord er langt", "PASSWORD-forever-x", "raholt-i-solskinn", "eidsvoll-om-natten"],
)
def test_it_has_no_word_of_the_clinics(password: str) -> None:
    assert fault(password) is PasswordFault.CLINIC


def test_a_word_with_other_accents_is_the_same_word() -> None:
    assert fault("RÅHOLT i solskinn") is fault("raholt i solskinn") is PasswordFault.CLINIC


@pytest.mark.parametrize("password", ["rita-og-katten-hun", "sommerferie-i-Rita"])
def test_it_has_nothing_of_her_name(password: str) -> None:
    assert fault(password) is PasswordFault.OWN


def test_short_words_of_a_name_stand_in_others_by_chance() -> None:
    assert fault_of("basketballen var blå", clinic=CLINIC, own=("Ask Ek",)) is None
