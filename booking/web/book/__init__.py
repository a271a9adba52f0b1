"""Booking: from wishes to a course, step by step."""

from __future__ import annotations

from booking.web.language import blueprint

book = blueprint("book", __name__)
