"""The patient's own pages, behind secret links, and the ways back to them.

Their forms carry no token of a session: who can send one has the link, and so no cookie is needed.
"""

from __future__ import annotations

from booking.web.language import blueprint
from booking.web.me import (
    calendar,
    changes,
    contact,
    course,
    find,
    helpers,
    new_time,
    questions,
    reminders,
    replan,
    rest,
    undo,
    waiting,
)

VISIT = "/course/<token>/visits/<int(max=999999999):id>"
"""PostgreSQL refuses to look for a number that its column could not hold."""

me = blueprint("me", __name__)

me.add_url_rule("/my-appointments", "find", find.find)
me.add_url_rule("/my-appointments/link", "ask_link", find.ask_link, methods=["GET", "POST"])
me.add_url_rule("/my-appointments/sent", "link_sent", find.link_sent)
me.add_url_rule("/my-appointments/link/<token>", "sign_in", find.sign_in, methods=["GET", "POST"])
me.add_url_rule("/my-appointments/all", "all_courses", find.all_courses)
me.add_url_rule("/my-appointments/reference", "ask_times", find.ask_times, methods=["GET", "POST"])
me.add_url_rule("/my-appointments/times", "times", find.times)
me.add_url_rule("/my-appointments/times/link", "send_times_link", find.send_times_link, methods=["POST"])
me.add_url_rule("/my-appointments/leave", "leave", find.leave, methods=["POST"])
me.add_url_rule("/course/<token>", "course", course.course)
me.add_url_rule("/course/<token>/booked", "booked", course.booked)
me.add_url_rule("/course/<token>/print", "printed", course.printed)
me.add_url_rule("/course/<token>/contact", "contact", contact.correct, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/reminders", "reminders", reminders.reminders, methods=["GET", "POST"])
me.add_url_rule("/reminders/stop/<token>", "stop_mails", reminders.stop_mails, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/helpers", "helpers", helpers.helpers, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/helpers/<int:id>/revoke", "revoke_helper", helpers.revoke, methods=["POST"])
me.add_url_rule(VISIT, "visit", changes.visit)
me.add_url_rule(VISIT + "/move", "visit_move", changes.visit_move, methods=["GET", "POST"])
me.add_url_rule(VISIT + "/cancel", "cancel", changes.cancel, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/cancel-rest", "cancel_rest", rest.cancel_rest, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/extend", "extend", rest.extend, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/replan", "replan", replan.replan, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/replan/check", "check_replan", replan.check_replan, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/undo", "undo", undo.undo, methods=["POST"])
me.add_url_rule("/course/<token>/send-now", "send_now", undo.send_now, methods=["POST"])
me.add_url_rule("/course/<token>/questions", "questions", questions.questions, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/questions/delete", "delete_answers", questions.delete_answers, methods=["POST"])
me.add_url_rule("/new-time/<token>", "new_time", new_time.new_time, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/wait", "wait_missing", waiting.wait_missing, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/wait/answer", "answer_missing", waiting.answer_missing, methods=["POST"])
me.add_url_rule(VISIT + "/wait", "wait", waiting.wait, methods=["GET", "POST"])
me.add_url_rule(VISIT + "/wait/answer", "answer_wait", waiting.answer_wait, methods=["POST"])
me.add_url_rule("/waiting/<token>", "waiting", waiting.waiting_for_course)
me.add_url_rule("/waiting/<token>/answer", "answer_waiting", waiting.answer_course, methods=["POST"])
me.add_url_rule("/course/<token>/appointments.ics", "file", calendar.file)
me.add_url_rule("/course/<token>/calendar", "choose_channel", calendar.choose_channel, methods=["POST"])
me.add_url_rule("/course/<token>/new-feed", "renew_feed", calendar.renew_feed, methods=["POST"])
me.add_url_rule("/course/<token>/new-link", "renew_page", calendar.renew_page, methods=["POST"])
