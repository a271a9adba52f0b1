"""The site, with pages beside it that its own are measured against; gunicorn serves `site()` from here."""

from __future__ import annotations

import time

from flask import Flask
from sqlalchemy import select
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from booking.app import create_app
from booking.store.clinics import Clinic
from booking.store.database import db
from booking.web.access import Rule, open_to

HELLO, CPU, ONE_SELECT = "/bench/hello", "/bench/cpu", "/en/one-select"


def hello_world() -> Flask:
    """A plain Flask application that always says the same, and another page that tells the seconds of processor time
    that this process has used."""
    app = Flask("hello")
    app.add_url_rule("/hello", "hello", lambda: "Hello, world")
    app.add_url_rule("/cpu", "cpu", lambda: repr(time.process_time()))
    return app


@open_to(Rule.EVERYBODY)
def one_select() -> str:
    """One row of the house and its address."""
    clinic = db.session.scalars(select(Clinic.name)).first()
    return f"<!doctype html><title>{clinic}</title>"


def site() -> DispatcherMiddleware:
    house = create_app()
    house.add_url_rule(ONE_SELECT, "one_select", one_select)
    return DispatcherMiddleware(house, {"/bench": hello_world()})
