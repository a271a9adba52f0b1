"""SMTP (RFC 5321): mails to a real server, encrypted wherever they leave the machine."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress

from booking.mail.post import PostError

TIMEOUT_SECONDS = 20

_STATUS = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")


class SmtpPost:
    """A server at `host` and `port`; `tls` from the first byte, else STARTTLS where it is offered.

    `plain_allowed`: the server is on this machine, where an unencrypted connection is as good as an encrypted one; so
    neither encryption nor a certificate is asked for. Everywhere else both are. `timeout` in seconds, of each step.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: bool,
        username: str | None = None,
        password: str | None = None,
        plain_allowed: bool = False,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._username = username
        self._password = password
        self._plain_allowed = plain_allowed
        self._timeout = timeout
        self._open: smtplib.SMTP | None = None

    def send(self, body: bytes, sender: str, recipient: str) -> None:
        """Hands the mail over; the connection stays open for the next one. Raises PostError."""
        try:
            self._connection().sendmail(sender, [recipient], body)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _as_post_error(error) from error

    def close(self) -> None:
        """Says goodbye, if a connection is open; a server that does not answer is left."""
        if self._open is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._open.quit()
        self._drop()

    def _connection(self) -> smtplib.SMTP:
        if self._open is None or not _answers(self._open):
            self._drop()
            self._open = self._connect()
        return self._open

    def _connect(self) -> smtplib.SMTP:
        connection = self._connect_tls() if self._tls else self._connect_plain()
        try:
            if self._username is not None:
                connection.login(self._username, self._password or "")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect_tls(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)

    def _connect_plain(self) -> smtplib.SMTP:
        connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if connection.has_extn("starttls"):
                connection.starttls(context=self._starttls_context())
            elif not self._plain_allowed:
                raise PostError("the server offers no encryption")
        except BaseException:
            connection.close()
            raise
        return connection

    def _starttls_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._plain_allowed:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
        self._open = None


def _answers(connection: smtplib.SMTP) -> bool:
    """False where the server has closed a connection that was idle, or that carried as many mails as it likes."""
    try:
        return connection.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _as_post_error(error: smtplib.SMTPException | OSError) -> PostError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return _refused("recipient refused", code, answer)
    if isinstance(error, smtplib.SMTPDataError):
        return _refused("mail refused", error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPResponseException):
        return PostError(f"{type(error).__name__} {error.smtp_code}")
    return PostError(type(error).__name__)


def _refused(what: str, code: int, answer: bytes | str) -> PostError:
    """What the server said of this mail. 5.7.x (RFC 3463, 3.8) is policy: about us more often than about the mail."""
    found = _STATUS.match(answer if isinstance(answer, bytes) else answer.encode())
    status = found.group(1).decode("ascii") if found else ""
    permanent = code >= 500 and not status.startswith("5.7.")
    return PostError(f"{what}: {code} {status}".strip(), permanent=permanent)
