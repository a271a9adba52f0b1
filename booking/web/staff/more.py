"""More: the pages that are needed less often, each with what it is for."""

from __future__ import annotations

from flask import g, render_template
from flask_babel import gettext as _

from booking.web.access import Rule, open_to


@open_to(Rule.STAFF)
def more() -> str:
    return render_template("staff/more.html", pages=_pages())


def _pages() -> list[tuple[str, str, str]]:
    """The pages that whoever is signed in may open: (endpoint, words, what it is for)."""
    pages = [
        (
            "staff.load",
            _("Course load"),
            _("Running courses, which times of the week are free, and when others become free."),
        ),
    ]
    if g.reach.front_desk:
        pages += [
            ("staff.walk_in", _("Walk-in"), _("Somebody stands here and can come in now.")),
            ("staff.waiting", _("Waiting list"), _("Who waits for what, and what is offered just now.")),
            ("staff.fees", _("Fees"), _("What late changes and missed visits cost, to be charged or waived.")),
        ]
    pages.append(("staff.all_hours", _("Hours"), _("When clinics are open and clinicians work.")))
    pages.append(("staff.outcomes", _("Outcomes"), _("How pain has changed, for groups of patients.")))
    if g.reach.clinician_id is not None:
        pages.append(
            ("staff.calendar", _("Your calendar"), _("Your appointments in it, and when you are busy elsewhere."))
        )
    if g.reach.administers:
        pages.append(("staff.log", _("Logbook"), _("Who has looked at or changed what.")))
    return pages
