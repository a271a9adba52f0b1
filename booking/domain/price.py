"""Price: what a patient pays in all, and how much of it is value added tax."""

from __future__ import annotations

VAT_NOT_AUTHORISED = 25
"""Per cent, of treatment by who is not authorised health personnel, since 1 January 2022 (VAT Act, section 3-2)."""


def vat_rate(own: int, *, authorised: bool) -> int:
    """Per cent of VAT: the treatment's own rate, unless who gives it is not authorised health personnel."""
    return own if authorised else max(own, VAT_NOT_AUTHORISED)


def vat_within(total: int, rate: int) -> int:
    """The part of `total`, VAT included, that is VAT at `rate` per cent; whole kroner, halves upwards."""
    whole = 100 + rate
    return (2 * total * rate + whole) // (2 * whole)
