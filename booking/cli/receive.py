"""Receive: one mail from standard input, as a mail server's pipe hands it over."""

from __future__ import annotations

import sys

import click
import structlog
from flask.cli import with_appcontext

from booking.cli import clock
from booking.cli.answers import as_json, show
from booking.cli.office import office
from booking.mail.inbound import take_in
from booking.services.delivery import what_happened
from booking.services.replies import receive as receive_mail

TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and hands it over again later."""

log = structlog.get_logger()


@click.command()
@with_appcontext
@as_json
def receive() -> None:
    """Take one mail from standard input: a calendar's answer to an invitation, or the report that a mail failed.

    For a mail server's pipe, such as a line in /etc/aliases. A mail that is refused ends with exit code 0 like one that
    is taken, so that the mail server sends nothing back to whoever sent it; the reason stands in the log. When the mail
    cannot be taken now, such as without a database, the exit code is 75, and the mail server tries again later.
    """
    try:
        received = receive_mail(office(), take_in(sys.stdin.buffer), now=clock.now(), at=clock.machine_now())
    except Exception as error:  # a mail server would send its sender what stands in a traceback
        log.error("mail not taken", **what_happened(error))
        sys.exit(TRY_AGAIN)
    show({"taken": received.taken, "refused": received.reason}, lambda _answer: ())
