"""Booking: from wishes to a course, step by step.

Until times are chosen nothing is kept and no cookie is set, so the forms up to there carry no token; where they were
sent from is checked for every form.
"""

from __future__ import annotations

from flask.blueprints import BlueprintSetupState

from booking.web.book import calls, check, choose, details, health, lost, need, planner, single, visitor, waiting
from booking.web.language import blueprint

book = blueprint("book", __name__)

book.add_url_rule("/book", "need", need.need)
book.add_url_rule("/book/plan", "plan", planner.plan)
book.add_url_rule("/book/plan/times", "times", planner.times)
book.add_url_rule("/book/plan/calendar", "calendar", planner.calendar, methods=["POST"])
book.add_url_rule("/book/plan/calendar", "no_calendar", planner.no_calendar, methods=["GET"])
book.add_url_rule("/book/plan/forget-calendar", "forget_calendar", planner.forget_calendar, methods=["POST"])
book.add_url_rule("/book/single", "single", single.single)
book.add_url_rule("/book/choose", "choose", choose.choose, methods=["POST"])
book.add_url_rule("/book/health", "health", health.health, methods=["GET", "POST"])
book.add_url_rule("/book/health/more", "health_more", health.health_more, methods=["GET", "POST"])
book.add_url_rule("/book/details", "details", details.details, methods=["GET", "POST"])
book.add_url_rule("/book/by-phone", "by_phone", details.by_phone)
book.add_url_rule("/book/check", "check", check.check, methods=["GET", "POST"])
book.add_url_rule("/book/extend", "extend", check.extend, methods=["POST"])
book.add_url_rule("/book/lost", "lost", lost.lost, methods=["GET", "POST"])
book.add_url_rule("/book/wait", "wait", waiting.wait, methods=["GET", "POST"])
book.add_url_rule("/book/wait/noted", "wait_noted", waiting.wait_noted)
book.add_url_rule("/call-me", "call_me", calls.call_me, methods=["GET", "POST"])
book.add_url_rule("/call-me/noted", "call_noted", calls.call_noted)

book.context_processor(visitor.offered)

WITHOUT_TOKEN = (choose.choose, planner.calendar, calls.call_me, waiting.wait)


@book.record_once
def send_without_token(state: BlueprintSetupState) -> None:
    for view in WITHOUT_TOKEN:
        state.app.extensions["csrf"].exempt(view)
