"""The site, with pages beside it that its own are measured against; gunicorn serves `site()` from here."""

from __future__ import annotations

import time
from datetime import date, timedelta

from flask import Flask, render_template_string, request, session
from sqlalchemy import select
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from booking.app import create_app
from booking.domain.period import Period, at_wall
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.store.timetable import Whose, entries
from booking.web.access import Rule, open_to

HELLO, ONE_SELECT, CPU, ROWS, SIGN_IN = "/hello", "/en/one-select", "/bench/cpu", "/en/rows", "/sign-in"

PAGE = """
{% extends "base.html" %}
{% block title %}{{ clinic.name }}{% endblock %}
{% block heading %}{{ clinic.name }}{% endblock %}
{% block content %}<p>{{ clinic.full_address }}</p>{% endblock %}
"""

ROWS_PAGE = """
{% extends "base.html" %}
{% block title %}Rows{% endblock %}
{% block heading %}<h1>Rows</h1>{% endblock %}
{% block content %}
  <ul>
    {% for row in rows %}
      <li>{{ row.starts_at|time_of_day }} {{ row.name }} {{ row.number }} {{ row.status }}</li>
    {% endfor %}
  </ul>
{% endblock %}
"""


def counter() -> Flask:
    """Tells the seconds of processor time that this process has used."""
    app = Flask("counter")
    app.add_url_rule("/cpu", "cpu", lambda: repr(time.process_time()))
    return app


@open_to(Rule.EVERYBODY)
def one_select() -> str:
    """A page of the site with one row on it; the frame around it asks for what it shows on every page."""
    return render_template_string(PAGE, clinic=db.session.scalars(select(Clinic).limit(1)).first())


@open_to(Rule.EVERYBODY)
def rows() -> str:
    """A page of the site with the appointments of some days on it, of one clinician or at one clinic."""
    first, days = date.fromisoformat(request.args["day"]), request.args.get("days", 1, type=int)
    whose = Whose(request.args.get("clinician", type=int), request.args.get("clinic", type=int))
    period = Period(at_wall(first, 0), at_wall(first + timedelta(days=days), 0))
    return render_template_string(ROWS_PAGE, rows=entries(db.session(), whose, period))


@open_to(Rule.EVERYBODY)
def sign_in(key: str) -> str:
    """Signs in whoever has the key."""
    session["staff"] = key
    return ""


@open_to(Rule.EVERYBODY)
def hello() -> str:
    return "Hello, world"


def site() -> DispatcherMiddleware:
    house = create_app()
    house.add_url_rule(HELLO, "hello", hello)
    house.add_url_rule(ONE_SELECT, "one_select", one_select)
    house.add_url_rule(ROWS, "rows", rows)
    house.add_url_rule(f"{SIGN_IN}/<key>", "sign_in", sign_in)
    return DispatcherMiddleware(house, {"/bench": counter()})
