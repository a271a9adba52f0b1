"""What forked processes find loaded, ready for use, and looked through by nobody for rubbish."""

from __future__ import annotations

import gc

import flask.cli  # noqa: F401
import gunicorn.app.wsgiapp
import gunicorn.workers.gthread  # noqa: F401
from sqlalchemy.orm import configure_mappers

import booking.app  # noqa: F401
import tests.services.changers  # noqa: F401

configure_mappers()
gc.collect()
gc.freeze()
