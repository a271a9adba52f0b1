"""The patient's own pages, behind secret links."""

from __future__ import annotations

from booking.web.language import blueprint

me = blueprint("me", __name__)
