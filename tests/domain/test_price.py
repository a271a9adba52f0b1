"""Prices: the total is what is paid, whoever treats, and VAT is a part of it."""

from __future__ import annotations

import pytest

from booking.domain.price import vat_rate, vat_within


def test_who_is_not_authorised_owes_a_quarter_of_the_price_before_vat() -> None:
    assert vat_within(690, vat_rate(0, authorised=False)) == 138
    assert 690 - 138 == 552


def test_who_is_authorised_has_the_rate_of_the_treatment() -> None:
    assert vat_rate(0, authorised=True) == 0
    assert vat_rate(15, authorised=True) == 15
    assert vat_within(690, 0) == 0


@pytest.mark.parametrize("total", range(0, 2000, 7))
def test_vat_is_the_nearest_whole_krone(total: int) -> None:
    assert abs(vat_within(total, 25) - total / 5) <= 0.5
