"""The public site: start page, article, clinics and clinicians, and what the law wants said."""

from __future__ import annotations

from booking.web.language import blueprint
from booking.web.site import clinicians, clinics, finder, pages

site = blueprint("site", __name__)

site.add_url_rule("/", "start", pages.start)
site.add_url_rule("/articles/<slug>", "article", pages.article)
site.add_url_rule("/clinics", "clinics", clinics.clinics)
site.add_url_rule("/clinics/<slug>", "clinic", clinics.clinic)
site.add_url_rule("/clinicians", "clinicians", finder.clinicians)
site.add_url_rule("/clinicians/<slug>", "clinician", clinicians.clinician)
site.add_url_rule("/privacy", "privacy", pages.privacy)
site.add_url_rule("/accessibility", "accessibility", pages.accessibility)
