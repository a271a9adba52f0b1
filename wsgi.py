"""The application object that gunicorn and the flask command load."""

from __future__ import annotations

import gc

# What is loaded here stays: looking for rubbish in it would take a sixth of the time of each start.
gc.disable()

from booking.app import create_app  # noqa: E402
from booking.config import ConfigError  # noqa: E402

try:
    app = create_app()
except ConfigError as error:
    raise SystemExit(f"Error: {error}") from None
finally:
    gc.freeze()
    gc.enable()
