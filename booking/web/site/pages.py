"""Pages of text: the start page, about, contact, privacy and accessibility."""

from __future__ import annotations

from datetime import date

from flask import render_template

from booking.services.articles import published, published_article
from booking.services.helpers import ENDED_KEPT as HELPER_KEPT
from booking.services.proposals import NINE_WEEKS
from booking.services.tasks import CALL_KEPT
from booking.services.waiting import KEPT as WAITING_KEPT
from booking.store.clinics import all_clinics, the_group
from booking.store.database import db
from booking.store.protocols import protocol_by_slug
from booking.web.access import Rule, open_to
from booking.web.language import current_language
from booking.web.office import office
from booking.web.site.articles import next_course
from booking.web.site.structured import of_house

DAYS_A_MONTH = 30
DAYS_A_YEAR = 365

STATEMENT_ON = date(2026, 11, 23)
"""When somebody last looked whether the accessibility statement is true."""


@open_to(Rule.EVERYBODY)
def start() -> str:
    """Leads on who wants to read, to find somebody, or to book. It names no clinician, for it leads to an article."""
    session, language = db.session(), current_language()
    leading = the_group(session).leading_article
    return render_template(
        "site/start.html",
        article=published_article(session, leading, language) if leading else None,
        has_articles=bool(published(session, language)),
        course=protocol_by_slug(session, NINE_WEEKS),
        free=next_course(),
        hold_minutes=_hold_minutes(),
        structured=of_house(the_group(session)),
    )


@open_to(Rule.EVERYBODY)
def about() -> str:
    group = the_group(db.session())
    return render_template("site/about.html", clinics=all_clinics(db.session()), structured=of_house(group))


@open_to(Rule.EVERYBODY)
def contact() -> str:
    return render_template("site/contact.html", clinics=all_clinics(db.session()))


@open_to(Rule.EVERYBODY)
def privacy() -> str:
    return render_template(
        "site/privacy.html",
        unfinished_hours=int(office().unfinished_kept.total_seconds() // 3600),
        hold_minutes=_hold_minutes(),
        address_months=office().comment_addresses_kept.days // DAYS_A_MONTH,
        call_days=CALL_KEPT.days,
        waiting_days=WAITING_KEPT.days,
        helper_days=HELPER_KEPT.days,
        answer_months=office().outcomes_kept.days // DAYS_A_MONTH,
        patient_months=office().patients_kept.days // DAYS_A_MONTH,
        check_days=office().checks_kept.days,
        fee_years=office().fees_kept.days // DAYS_A_YEAR,
        log_years=office().log_kept.days // DAYS_A_YEAR,
        sms=office().sms,
    )


@open_to(Rule.EVERYBODY)
def accessibility() -> str:
    return render_template("site/accessibility.html", statement_on=STATEMENT_ON)


def _hold_minutes() -> int:
    return int(office().hold.total_seconds() // 60)
