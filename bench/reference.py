"""The site, with pages beside it that its own are measured against; gunicorn serves `site()` from here."""

from __future__ import annotations

import time

from flask import Flask, render_template_string
from sqlalchemy import select
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from booking.app import create_app
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.web.access import Rule, open_to

HELLO, ONE_SELECT, CPU = "/hello", "/en/one-select", "/bench/cpu"

PAGE = """
{% extends "base.html" %}
{% block title %}{{ clinic.name }}{% endblock %}
{% block heading %}{{ clinic.name }}{% endblock %}
{% block content %}<p>{{ clinic.full_address }}</p>{% endblock %}
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
def hello() -> str:
    return "Hello, world"


def site() -> DispatcherMiddleware:
    house = create_app()
    house.add_url_rule(HELLO, "hello", hello)
    house.add_url_rule(ONE_SELECT, "one_select", one_select)
    return DispatcherMiddleware(house, {"/bench": counter()})
