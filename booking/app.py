"""The application factory: the only module that knows every part."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from booking.cli import register_commands
from booking.config import ROOT, ConfigError, Settings
from booking.ical.fetch import Fetcher
from booking.mail.imap import ImapMailbox
from booking.mail.mailbox import Mailbox
from booking.mail.sms import DEFAULT_TEMPLATE, HttpSms
from booking.mail.smtp import SmtpPost
from booking.services.accounts import forget_sessions
from booking.services.attempts import forget_attempts
from booking.services.busy import ask_calendars, forget_busy_times
from booking.services.courses import release_lapsed
from booking.services.disruptions import follow_up, forget_illness
from booking.services.factors import register_factors
from booking.services.helpers import forget_helpers
from booking.services.logbook import forget_entries
from booking.services.offering import offer_freed
from booking.services.office import Office
from booking.services.outcomes import ask_due
from booking.services.privacy import forget_bodies, forget_comment_addresses, forget_outcomes, forget_unfinished
from booking.services.reminders import write_due
from booking.services.replies import poll
from booking.services.retention import Skipped, forget_checks, forget_fees, forget_patients
from booking.services.settlement import settle_due
from booking.services.sign_ins import forget_sign_ins
from booking.services.soonest import look_ahead
from booking.services.tasks import forget_calls
from booking.services.waiting import forget_waiters
from booking.store.clinics import the_group
from booking.store.database import db
from booking.web import register_web
from booking.web.clock import machine_now

LARGEST_REQUEST = 6 * 1024 * 1024
"""Bytes: an uploaded calendar of 5 MB and the form around it."""

DAYS_A_MONTH = 30.5


def create_app(settings: Settings | None = None) -> Flask:
    """The service as one WSGI application. Without `settings`, they are read from the environment.

    Raises ConfigError for settings that cannot be used.
    """
    settings = settings or Settings.from_environ(os.environ, machine_now=machine_now())
    app = Flask("booking", template_folder=ROOT / "templates", static_folder=ROOT / "static")
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "booking" / "translations"),
    )
    app.extensions["settings"] = settings
    app.extensions["office"] = office_of(settings)
    app.extensions["mailbox"] = Mailbox(mailbox_folder(settings))
    app.extensions["post"] = post_of(settings) or app.extensions["mailbox"]
    app.extensions["sms"] = sms_of(settings)
    app.extensions["chores"] = chores_of(app.extensions["office"])
    app.extensions["polls"] = polls_of(settings, app.extensions["office"])
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    register_factors(app, secret_keys=settings.secret_keys, sealing_keys=settings.health_keys, issuer=settings.uid_host)
    register_web(app, secure_cookies=settings.url.startswith("https:"), trusted_proxies=settings.trusted_proxies)
    register_commands(app)
    if not settings.demonstration_allowed:
        refuse_demonstration(app)
    return app


def refuse_demonstration(app: Flask) -> None:
    """Raises ConfigError if the database holds invented clinics: where strangers book, nobody may book with those."""
    with app.app_context():
        try:
            demonstration = the_group(db.session()).demonstration
        except DBAPIError:  # no tables yet, or no database just now: then there is nothing to be shown either
            demonstration = False
        finally:
            db.session.remove()
            db.engine.dispose()  # before gunicorn forks
    if demonstration:
        raise ConfigError("The database holds demonstration data, which is for one's own machine only.")


def office_of(settings: Settings) -> Office:
    return Office(
        url=settings.url,
        mail_from=settings.mail_from,
        uid_host=settings.uid_host,
        secret_keys=settings.secret_keys,
        health_keys=settings.health_keys,
        hold=settings.hold,
        holds_per_address=settings.holds_per_address,
        notice=settings.notice,
        horizon=timedelta(days=round(settings.horizon_months * DAYS_A_MONTH)),
        sms=settings.sms is not None,
        unfinished_kept=timedelta(hours=settings.unfinished_kept_hours),
        patients_kept=settings.patients_kept,
        checks_kept=settings.checks_kept,
        fees_kept=settings.fees_kept,
        log_kept=settings.log_kept,
        outcomes_kept=settings.outcomes_kept,
        comment_addresses_kept=settings.comment_addresses_kept,
        loopback_calendars=settings.private,
    )


def chores_of(office: Office) -> tuple[Callable[[datetime], object], ...]:
    """What the worker does once a minute, by the clinic's clock."""
    skipped = Skipped()
    return (
        lambda now: release_lapsed(office, now=now, at=machine_now()),
        lambda now: settle_due(office, now=now, at=machine_now()),
        lambda now: follow_up(office, now=now),
        lambda now: write_due(office, now=now, at=machine_now()),
        lambda now: offer_freed(office, now=now, at=machine_now()),
        lambda now: forget_unfinished(office, now=now),
        lambda now: forget_waiters(now=now),
        lambda now: forget_helpers(now=now),
        lambda now: forget_bodies(at=machine_now()),
        lambda now: forget_comment_addresses(office, now=now),
        lambda now: forget_calls(now=now),
        lambda now: forget_sign_ins(now=now),
        lambda now: forget_attempts(now=now),
        lambda now: forget_sessions(now=now),
        lambda now: forget_busy_times(now=now),
        lambda now: forget_illness(now=now),
        lambda now: ask_due(office, now=now, at=machine_now()),
        lambda now: forget_outcomes(office, now=now),
        lambda now: forget_checks(office, now=now),
        lambda now: forget_patients(office, skipped, now=now),
        lambda now: forget_fees(office, now=now),
        lambda now: forget_entries(office, now=now),
        lambda now: look_ahead(office, now=now),
    )


def polls_of(settings: Settings, office: Office) -> tuple[Callable[[datetime], object], ...]:
    """What the worker asks of others' servers beside its mails and chores: clinicians' own calendars, and, where a
    mailbox is set, what has come in there."""
    fetcher = Fetcher(loopback=office.loopback_calendars)
    calendars = (lambda now: ask_calendars(office, fetcher, now=now),)
    if settings.imap is None:
        return calendars
    server = settings.imap
    mailbox = ImapMailbox(
        host=server.host,
        port=server.port,
        tls=server.tls,
        username=server.username,
        password=server.password,
        folder=server.folder,
        done=server.done,
    )
    return (*calendars, lambda now: poll(office, mailbox, now=now, at=machine_now()))


def post_of(settings: Settings) -> SmtpPost | None:
    """What takes the mails away; None for the development mailbox."""
    if settings.mail is None:
        return None
    server = settings.mail
    return SmtpPost(
        host=server.host,
        port=server.port,
        tls=server.tls,
        username=server.username,
        password=server.password,
        plain_allowed=server.plain_allowed,
    )


def sms_of(settings: Settings) -> HttpSms | None:
    """What takes short texts away; None where none are sent."""
    if settings.sms is None:
        return None
    gateway = settings.sms
    template = gateway.template or DEFAULT_TEMPLATE
    return HttpSms(url=gateway.url, key=gateway.key, sender=gateway.sender, template=template)


def mailbox_folder(settings: Settings) -> Path:
    """Beside an SQLite database, so that each database has its own mailbox; else in `var`."""
    database = make_url(settings.database_url)
    if database.get_backend_name() == "sqlite" and database.database:
        return Path(database.database).with_suffix(".mailbox")
    return ROOT / "var" / f"{database.database}.mailbox"
