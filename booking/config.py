"""The settings: everything that differs between two installations, read from the environment once."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, parse_qsl, unquote, urlsplit

LANGUAGES = ("nb", "en")

ROOT = Path(__file__).resolve().parent.parent

DEFAULT_DATABASE_URL = f"sqlite:///{ROOT / 'var' / 'booking.db'}"
DEFAULT_MAIL_FROM = "time@klinikk.example"
DEFAULT_URL = "http://127.0.0.1:5000"

# Known to everybody who can read this file, so good for one's own machine only.
DEVELOPMENT_SECRET_KEY = "development-only-secret-that-everybody-knows"  # noqa: S105
DEVELOPMENT_HEALTH_KEY = base64.urlsafe_b64encode(b"development-only-health-key-0000").decode()

SHORTEST_SECRET = 32

DAYS_A_YEAR = 365.25


class ConfigError(ValueError):
    """A setting that cannot be used; the message names the variable and says what it should be."""


class Environment(Enum):
    """Where the service runs: on somebody's own machine, or for real patients."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The SMTP server that takes the mails: TLS from the first byte, or STARTTLS where it is offered."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = None

    @property
    def plain_allowed(self) -> bool:
        """Mail may travel unencrypted on the machine itself only."""
        return on_loopback(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    """The mailbox into which answers to our mails come; `done`: the folder into which those that were for us go."""

    host: str
    port: int
    tls: bool
    username: str
    password: str
    folder: str = "INBOX"
    done: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsGateway:
    """The HTTP gateway that takes short texts. `template`: the body of its requests; None for the usual one."""

    url: str
    key: str
    sender: str
    template: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an installation chooses. Every field is read from `BOOKING_` and its name in capitals.

    `env`                `development` or `production`.
    `database_url`       an SQLAlchemy address: `sqlite:///…` or `postgresql+psycopg://…`.
    `mail`               the SMTP server, or None for the development mailbox (`BOOKING_MAIL=mailbox`).
    `imap`               the mailbox that the worker reads for answers to `mail_from`, or None
                         (`imaps://user:password@host/INBOX?done=Folder`).
    `sms`                the gateway for SMS, or None for none (`BOOKING_SMS_URL`, `BOOKING_SMS_KEY`,
                         `BOOKING_SMS_SENDER` and, if the gateway wants another body, `BOOKING_SMS_TEMPLATE`).
    `mail_from`          sender of all mails and ORGANIZER of all invitations.
    `url`                what links in mails begin with, without a slash at the end.
    `host`               the address the web server listens on; run.py sets it.
    `secret_keys`        signs sessions and secret links; newest first (`BOOKING_SECRET_KEY`, commas between).
    `health_keys`        Fernet keys for health answers; newest first, older ones still read.
    `clock_offset`       how far the clinic's clock is ahead of the machine's (from `BOOKING_NOW`,
                         or in seconds from `BOOKING_CLOCK_OFFSET`, which wins).
    `hold_minutes`       how long chosen times are held, and how long one extension lasts.
    `holds_per_address`  how many visitors of one network address may hold times at once.
    `notice_minutes`     how long before it begins a time can last be booked.
    `horizon_months`     how far ahead times are offered.
    `unfinished_kept_hours`  how many hours a booking that nobody finishes is kept.
    `patients_kept_months`  how many months after her last visit is kept who a patient is and when she came.
    `checks_kept_days`   how many days after the last visit the answers to the health check are kept.
    `fees_kept_years`    how many years what a late change cost is kept; the name goes earlier.
    `log_kept_years`     how many years it is kept who has looked at or changed what.
    `outcomes_kept_months`  how many months answers how it goes are kept after the last of them could be given.
    `comment_addresses_kept_months`  how many months the address of who wrote a comment is kept.
    `trusted_proxies`    how many proxies in front may name the visitor's address (X-Forwarded-For).
    """

    env: Environment = Environment.DEVELOPMENT
    database_url: str = DEFAULT_DATABASE_URL
    mail: MailServer | None = None
    sms: SmsGateway | None = None
    imap: ImapServer | None = None
    mail_from: str = DEFAULT_MAIL_FROM
    url: str = DEFAULT_URL
    host: str = "127.0.0.1"
    secret_keys: tuple[str, ...] = (DEVELOPMENT_SECRET_KEY,)
    health_keys: tuple[str, ...] = (DEVELOPMENT_HEALTH_KEY,)
    clock_offset: timedelta = timedelta(0)
    hold_minutes: int = 15
    holds_per_address: int = 5
    notice_minutes: int = 120
    horizon_months: int = 18
    unfinished_kept_hours: int = 24
    patients_kept_months: int = 12
    checks_kept_days: int = 30
    fees_kept_years: int = 5
    log_kept_years: int = 5
    outcomes_kept_months: int = 12
    comment_addresses_kept_months: int = 12
    trusted_proxies: int = 0

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], *, machine_now: datetime) -> Settings:
        """Read the `BOOKING_` variables; an empty one counts as unset.

        `machine_now` is the machine's clock, aware: `BOOKING_NOW` becomes a distance from it.
        Raises ConfigError for a value that cannot be used; where strangers can reach the service, also for
        development secrets or a clock that was set; and in production for a mail server, sender or URL that is missing.
        """
        given = _Variables(environ)
        settings = cls(
            env=given.environment(),
            database_url=given.text("DATABASE_URL", DEFAULT_DATABASE_URL),
            mail=given.mail_server(),
            sms=given.sms_gateway(),
            imap=given.imap_server(),
            mail_from=given.mail_from(),
            url=given.url(),
            host=given.text("HOST", "127.0.0.1"),
            secret_keys=given.secret_keys(),
            health_keys=given.health_keys(),
            clock_offset=given.clock_offset(machine_now),
            hold_minutes=given.number("HOLD_MINUTES", 15, smallest=1),
            holds_per_address=given.number("HOLDS_PER_ADDRESS", 5, smallest=1),
            notice_minutes=given.number("NOTICE_MINUTES", 120, smallest=0),
            horizon_months=given.number("HORIZON_MONTHS", 18, smallest=1),
            unfinished_kept_hours=given.number("UNFINISHED_KEPT_HOURS", 24, smallest=1),
            patients_kept_months=given.number("PATIENTS_KEPT_MONTHS", 12, smallest=1),
            checks_kept_days=given.number("CHECKS_KEPT_DAYS", 30, smallest=1),
            fees_kept_years=given.number("FEES_KEPT_YEARS", 5, smallest=1),
            log_kept_years=given.number("LOG_KEPT_YEARS", 5, smallest=1),
            outcomes_kept_months=given.number("OUTCOMES_KEPT_MONTHS", 12, smallest=1),
            comment_addresses_kept_months=given.number("COMMENT_ADDRESSES_KEPT_MONTHS", 12, smallest=1),
            trusted_proxies=given.number("TRUSTED_PROXIES", 0, smallest=0),
        )
        settings._refuse_what_strangers_must_not_meet()
        return settings

    @property
    def production(self) -> bool:
        return self.env is Environment.PRODUCTION

    @property
    def private(self) -> bool:
        """True where only the person at this machine can reach the service: development, on loopback."""
        return not self.production and on_loopback(self.host) and on_loopback(self.url_host)

    @property
    def demonstration_allowed(self) -> bool:
        """Invented clinics and patients, and pages for developers: never where strangers book."""
        return self.private

    @property
    def url_host(self) -> str:
        """The host name in `url`."""
        return urlsplit(self.url).hostname or "localhost"

    @property
    def uid_host(self) -> str:
        """The right-hand side of every UID and Message-ID: the domain that mail comes from."""
        return self.mail_from.rpartition("@")[2]

    @property
    def hold(self) -> timedelta:
        return timedelta(minutes=self.hold_minutes)

    @property
    def patients_kept(self) -> timedelta:
        return _months(self.patients_kept_months)

    @property
    def outcomes_kept(self) -> timedelta:
        return _months(self.outcomes_kept_months)

    @property
    def comment_addresses_kept(self) -> timedelta:
        return _months(self.comment_addresses_kept_months)

    @property
    def checks_kept(self) -> timedelta:
        return timedelta(days=self.checks_kept_days)

    @property
    def fees_kept(self) -> timedelta:
        return timedelta(days=round(self.fees_kept_years * DAYS_A_YEAR))

    @property
    def log_kept(self) -> timedelta:
        return timedelta(days=round(self.log_kept_years * DAYS_A_YEAR))

    @property
    def notice(self) -> timedelta:
        return timedelta(minutes=self.notice_minutes)

    def _refuse_what_strangers_must_not_meet(self) -> None:
        if self.private:
            return
        if DEVELOPMENT_SECRET_KEY in self.secret_keys:
            raise ConfigError(f"BOOKING_SECRET_KEY must be set: {self._why_public()}.")
        if DEVELOPMENT_HEALTH_KEY in self.health_keys:
            raise ConfigError(f"BOOKING_HEALTH_KEYS must be set: {self._why_public()}.")
        if self.clock_offset:
            raise ConfigError(f"BOOKING_NOW must not be set: {self._why_public()}.")
        if self.production and self.mail is None:
            raise ConfigError("BOOKING_MAIL must name an SMTP server in production.")
        if self.production and self.mail_from == DEFAULT_MAIL_FROM:
            raise ConfigError("BOOKING_MAIL_FROM must be set in production.")
        if self.production and self.url == DEFAULT_URL:
            raise ConfigError("BOOKING_URL must be set in production.")
        if self.production and self.url.startswith("http:") and not on_loopback(self.url_host):
            raise ConfigError("BOOKING_URL must begin with https:// in production.")

    def _why_public(self) -> str:
        if self.production:
            return "BOOKING_ENV is production"
        if not on_loopback(self.host):
            return f"{self.host} can be reached from other machines"
        return f"BOOKING_URL {self.url} can be reached from other machines"


def _months(number: int) -> timedelta:
    """In whole days, twelve months being 365."""
    return timedelta(days=round(number * DAYS_A_YEAR / 12))


def on_loopback(host: str) -> bool:
    """True for localhost, 127.0.0.0/8 and ::1; an unknown name counts as reachable."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class _Variables:
    """The environment, each variable read and checked by a method of its own."""

    environ: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(f"BOOKING_{name}", "").strip() or default

    def several(self, name: str, default: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def number(self, name: str, default: int, *, smallest: int) -> int:
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or int(text) < smallest:
            raise ConfigError(f"BOOKING_{name} must be a whole number, {smallest} or more, not {text!r}.")
        return int(text)

    def environment(self) -> Environment:
        text = self.text("ENV", Environment.DEVELOPMENT.value)
        try:
            return Environment(text)
        except ValueError:
            raise ConfigError(f"BOOKING_ENV must be development or production, not {text!r}.") from None

    def url(self) -> str:
        text = self.text("URL", DEFAULT_URL).rstrip("/")
        parts = urlsplit(text)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError(f"BOOKING_URL must begin with http:// or https:// and a host, not {text!r}.")
        return text

    def mail_from(self) -> str:
        text = self.text("MAIL_FROM", DEFAULT_MAIL_FROM)
        if parseaddr(text)[1] != text or "@" not in text:
            raise ConfigError(f"BOOKING_MAIL_FROM must be an address like post@clinic.example, not {text!r}.")
        return text

    def mail_server(self) -> MailServer | None:
        text = self.text("MAIL", "mailbox")
        if text == "mailbox":
            return None
        parts = urlsplit(text)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ConfigError("BOOKING_MAIL must be mailbox, smtp://[user:password@]host[:port] or smtps://….")
        tls = parts.scheme == "smtps"
        return MailServer(
            host=parts.hostname,
            port=self._port("MAIL", parts, 465 if tls else 25),
            tls=tls,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def imap_server(self) -> ImapServer | None:
        text = self.text("IMAP")
        if not text:
            return None
        parts = urlsplit(text)
        tls = parts.scheme == "imaps"
        if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username or not parts.password:
            raise ConfigError("BOOKING_IMAP must be imaps://user:password@host[:port][/folder][?done=folder].")
        if not tls and not on_loopback(parts.hostname):
            raise ConfigError("BOOKING_IMAP must begin with imaps:// unless the mailbox is on this machine.")
        return ImapServer(
            host=parts.hostname,
            port=self._port("IMAP", parts, 993 if tls else 143),
            tls=tls,
            username=unquote(parts.username),
            password=unquote(parts.password),
            folder=self._folder(unquote(parts.path.strip("/")) or "INBOX"),
            done=next(map(self._folder, parse_qs(parts.query).get("done", [])), None),
        )

    def _folder(self, name: str) -> str:
        if not name.isascii() or not name.isprintable():
            raise ConfigError("BOOKING_IMAP must name folders in plain letters.")
        return name

    def _port(self, name: str, parts: SplitResult, default: int) -> int:
        try:
            return parts.port or default
        except ValueError:
            raise ConfigError(f"BOOKING_{name} must have a port between 1 and 65535.") from None

    def secret_keys(self) -> tuple[str, ...]:
        keys = self.several("SECRET_KEY", DEVELOPMENT_SECRET_KEY)
        if not keys or any(len(key) < SHORTEST_SECRET for key in keys):
            raise ConfigError(f"Each key in BOOKING_SECRET_KEY must have at least {SHORTEST_SECRET} characters.")
        return keys

    def sms_gateway(self) -> SmsGateway | None:
        url = self.text("SMS_URL")
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and on_loopback(parts.hostname or "")):
            raise ConfigError("BOOKING_SMS_URL must begin with https:// (http:// on this machine only).")
        if not parts.hostname:
            raise ConfigError("BOOKING_SMS_URL must name a host.")
        key, sender, template = self.text("SMS_KEY"), self.text("SMS_SENDER"), self.text("SMS_TEMPLATE")
        if not key or not sender:
            raise ConfigError("BOOKING_SMS_URL needs BOOKING_SMS_KEY and BOOKING_SMS_SENDER, too.")
        if not (key + sender).isascii() or not (key + sender).isprintable():
            raise ConfigError("BOOKING_SMS_KEY and BOOKING_SMS_SENDER must be plain ASCII.")
        if template and not _is_sms_template(template):
            raise ConfigError(
                "BOOKING_SMS_TEMPLATE must be a JSON object, or a form like to={to}&text={text}, with places for {to}"
                " and {text}."
            )
        return SmsGateway(url=url, key=key, sender=sender, template=template or None)

    def health_keys(self) -> tuple[str, ...]:
        keys = self.several("HEALTH_KEYS", DEVELOPMENT_HEALTH_KEY)
        if not keys or not all(map(_is_fernet_key, keys)):
            raise ConfigError("Each key in BOOKING_HEALTH_KEYS must be 32 bytes in URL-safe base64.")
        return keys

    def clock_offset(self, machine_now: datetime) -> timedelta:
        seconds = self.text("CLOCK_OFFSET")
        if seconds:
            return self._seconds(seconds)
        start = self.text("NOW")
        if start:
            return self._moment(start) - machine_now
        return timedelta(0)

    def _seconds(self, text: str) -> timedelta:
        try:
            return timedelta(seconds=float(text))
        except (ValueError, OverflowError):
            raise ConfigError(f"BOOKING_CLOCK_OFFSET must be a number of seconds, not {text!r}.") from None

    def _moment(self, text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ConfigError(f"BOOKING_NOW must be like 2027-03-01T09:00+01:00, not {text!r}.") from None
        if moment.tzinfo is None:
            raise ConfigError(f"BOOKING_NOW must end with its offset from UTC, not {text!r}.")
        return moment


def _is_fernet_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False


def _is_sms_template(text: str) -> bool:
    if "{to}" not in text or "{text}" not in text:
        return False
    try:
        if text.startswith("{"):
            return isinstance(json.loads(text), dict)
        return bool(parse_qsl(text, strict_parsing=True))
    except ValueError:
        return False
