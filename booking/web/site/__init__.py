"""The public site: start page, article, clinics and clinicians, and what the law wants said."""

from __future__ import annotations

from booking.web.language import blueprint

site = blueprint("site", __name__)

