"""The patient's own pages, behind secret links.

Their forms carry no token of a session: who can send one has the link, and so no cookie is needed.
"""

from __future__ import annotations

from booking.web.language import blueprint
from booking.web.me import calendar, contact, course

me = blueprint("me", __name__)

me.add_url_rule("/my-appointments", "find", course.find)
me.add_url_rule("/course/<token>", "course", course.course)
me.add_url_rule("/course/<token>/booked", "booked", course.booked)
me.add_url_rule("/course/<token>/print", "printed", course.printed)
me.add_url_rule("/course/<token>/contact", "contact", contact.correct, methods=["GET", "POST"])
me.add_url_rule("/course/<token>/appointments.ics", "file", calendar.file)
me.add_url_rule("/course/<token>/calendar", "choose_channel", calendar.choose_channel, methods=["POST"])
me.add_url_rule("/course/<token>/new-feed", "renew_feed", calendar.renew_feed, methods=["POST"])
me.add_url_rule("/course/<token>/new-link", "renew_page", calendar.renew_page, methods=["POST"])
