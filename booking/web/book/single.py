"""A single appointment: ten dates with free times, then the times of one of them by part of day."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from booking.store.database import db
from booking.web.access import Rule, open_to
from booking.web.book.days import Days, single_form
from booking.web.book.house import House
from booking.web.book.visitor import drafted
from booking.web.book.ways import own_ways


@open_to(Rule.EVERYBODY)
def single() -> ResponseReturnValue:
    house = House(db.session())
    form = single_form(house, request.args, house.clinics.values())
    days = Days(house, form, drafted(), own_ways())
    protocol = days.protocol
    if protocol is None:
        return redirect(url_for("book.need"), 303)
    if days.valid and form.day():
        return render_template("book/single_times.html", **days.times(protocol))
    return render_template("book/single.html", **days.dates(protocol))
