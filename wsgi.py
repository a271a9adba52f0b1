"""The application object that gunicorn and the flask command load."""

from __future__ import annotations

from booking.app import create_app

app = create_app()
