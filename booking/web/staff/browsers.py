"""Browsers: what one calls itself (RFC 9110, 10.1.5), in the two words by which its owner knows it again."""

from __future__ import annotations

from flask_babel import gettext as _

_PROGRAMS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "Mac",
    "Linux": "Linux",
}
"""The first that stands in the name counts: most call themselves by others' names, too."""


def browser_words(name: str) -> str:
    """“Firefox, Windows”."""
    parts = [next((words for sign, words in known.items() if sign in name), "") for known in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(filter(None, parts)) or _("Unknown browser")
