"""The patient's own pages, behind secret links, and the ways back to them.

Their forms carry no token of a session: who can send one has the link, and so no cookie is needed.
"""

from __future__ import annotations

from booking.web.language import blueprint
from booking.web.me import calendar, contact, course, find, helpers

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
me.add_url_rule("/course/<token>/helpers", "helpers", helpers.helpers, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/helpers/<int:id>/revoke", "revoke_helper", helpers.revoke, methods=["POST"])
me.add_url_rule("/course/<token>/appointments.ics", "file", calendar.file)
me.add_url_rule("/course/<token>/calendar", "choose_channel", calendar.choose_channel, methods=["POST"])
me.add_url_rule("/course/<token>/new-feed", "renew_feed", calendar.renew_feed, methods=["POST"])
me.add_url_rule("/course/<token>/new-link", "renew_page", calendar.renew_page, methods=["POST"])
