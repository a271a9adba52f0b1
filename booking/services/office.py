"""Office: what the use cases must know of the installation they work in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`url`: what links begin with; `mail_from`: sender and ORGANIZER; `uid_host`: right of the @ in UIDs and
    Message-IDs; keys newest first. `hold`: how long times are kept for a visitor; `notice`: how long before its start
    a time can last be booked; `horizon`: how far ahead; `sms`: whether short texts can be sent. After her last visit,
    `patients_kept`: how long who a patient is, and when she came; `checks_kept`: how long a course's health check.
    `outcomes_kept`: how long answers how it goes, after the last of them could be given. `fees_kept`: how long what
    late changes cost; `log_kept`: who has looked at or changed what; `unfinished_kept`: a booking that nobody finishes;
    `comment_addresses_kept`: the address of who wrote a comment. `loopback_calendars`: whether calendars may be read
    from this machine itself."""

    url: str
    mail_from: str
    uid_host: str
    secret_keys: tuple[str, ...]
    health_keys: tuple[str, ...]
    hold: timedelta
    holds_per_address: int
    notice: timedelta
    horizon: timedelta
    patients_kept: timedelta
    checks_kept: timedelta
    fees_kept: timedelta
    log_kept: timedelta
    outcomes_kept: timedelta
    unfinished_kept: timedelta
    comment_addresses_kept: timedelta
    sms: bool = False
    loopback_calendars: bool = False
