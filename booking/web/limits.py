"""Limits: how often one household may send a form.

Counted in the memory of each web process for an hour, then forgotten, under a keyed hash of the network: no address is
kept or logged.
"""

from __future__ import annotations

import logging
from ipaddress import IPv4Address, ip_address, ip_network

from flask import Flask, request
from flask_limiter import Limiter
from werkzeug.wrappers import Response

from booking.services.privacy import fingerprint
from booking.web.office import office

COMMENTS = "5 per hour"
RATINGS = "30 per hour"
CALLS = "10 per hour"
CALENDARS = "20 per hour"
WAITS = "10 per hour"


def network_of(address: str) -> str:
    """What a household shares: its IPv4 address, or the first 64 bits of IPv6, below which it has as many as it likes
    (RFC 4291, 2.5.4)."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if isinstance(read, IPv4Address):
        return str(read)
    return str(read.ipv4_mapped or ip_network((read, 64), strict=False))


def kept(response: Response) -> bool:
    """Whether what was sent was taken: mistakes in a form count for nothing."""
    return response.status_code == 303


def _sender() -> str:
    return fingerprint(office(), "sender", network_of(request.remote_addr or ""))


limiter = Limiter(_sender, storage_uri="memory://", strategy="moving-window", headers_enabled=False)


def register(app: Flask) -> None:
    """Makes the limits hold that views are marked with; who is over one gets a 429 page."""
    limiter.logger.setLevel(logging.ERROR)
    limiter.init_app(app)
