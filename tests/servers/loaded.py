"""What forked processes find loaded, ready for use, and looked through by nobody for rubbish."""

from __future__ import annotations

import gc
from importlib import import_module

from sqlalchemy.orm import configure_mappers

gc.disable()
for name in ("booking.app", "flask.cli", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "tests.services.changers"):
    import_module(name)
configure_mappers()
gc.freeze()
gc.enable()
