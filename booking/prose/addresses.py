"""Addresses: where a text may lead."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_safe(address: str) -> bool:
    """True for https, mailto, and whatever stays on this site."""
    return is_page(address) or _is_mail(address) or _stays_here(address)


def is_page(address: str) -> bool:
    """True for https and a host."""
    scheme, host = _scheme_and_host(address)
    return scheme == "https" and bool(host)


def is_on_this_site(address: str) -> bool:
    """True for a path from this site's root."""
    return address.startswith("/") and _stays_here(address)


def _is_mail(address: str) -> bool:
    return _scheme_and_host(address)[0] == "mailto" and "@" in address


def _stays_here(address: str) -> bool:
    # Browsers read a backslash as a slash, so /\host is another host's.
    odd = "\\" in address or address.startswith("//") or not address.isprintable()
    return bool(address) and not odd and _scheme_and_host(address) == ("", "")


def _scheme_and_host(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname or ""
    except ValueError:
        return "unreadable", ""
