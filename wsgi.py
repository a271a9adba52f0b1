"""The application object that gunicorn and the flask command load."""

from __future__ import annotations

from booking.app import create_app
from booking.config import ConfigError

try:
    app = create_app()
except ConfigError as error:
    raise SystemExit(f"Error: {error}") from None
