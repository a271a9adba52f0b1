"""IMAP (RFC 9051): mails that have come in, read from a mailbox that people may read too."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from booking.mail.inbound import MOST_BYTES

MOST_A_ROUND = 50
TIMEOUT_SECONDS = 20

LOOKED_AT = "$BookingLookedAt"
"""The keyword of a mail that is for people: it stays unread for them, and is not fetched again."""

_SEARCH = f"UNSEEN UNDELETED UNKEYWORD {LOOKED_AT}"


class MailboxError(Exception):
    """The mailbox cannot be read or marked now. `reason` quotes nothing of what the server said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ImapMailbox:
    """The folder `folder` of a mailbox on a server; `tls` from the first byte, with a certificate that is checked.

    Without `tls` the server must be on this machine; who makes the object sees to that. `done`: the folder into which
    mails go that were for us; without it they stay, marked as read. `timeout` in seconds, of each step.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        tls: bool,
        username: str,
        password: str,
        folder: str = "INBOX",
        done: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._username = username
        self._password = password
        self._folder = folder
        self._done = done
        self._timeout = timeout
        self._validity: object = None
        self._looked_at: set[int] = set()
        self._failed: set[int] = set()

    def read_new(self, take: Callable[[bytes], bool]) -> int:
        """Hands at most `MOST_A_ROUND` unread mails to `take`, one after the other; how many.

        `take` says, once all is committed that it did, whether the mail was for us; only then is the mail marked or
        moved, so one whose round ends in between is handed over again. A mail for people stays unread. What `take`
        raises ends the round; the next one begins with the other mails. Raises MailboxError.
        """
        with self._opened() as client:
            found = self._new(client)
            for uid in found:
                self._failed.add(uid)
                self._settle(client, uid, ours=self._take(client, uid, take))
                self._failed.discard(uid)
        return len(found)

    @contextmanager
    def _opened(self) -> Iterator[imaplib.IMAP4]:
        try:
            client = self._connect()
            try:
                self._log_in(client)
                yield client
            finally:
                with suppress(imaplib.IMAP4.error, OSError):
                    client.logout()
                with suppress(OSError):
                    client.shutdown()  # which a goodbye that was not answered has left open
        except (imaplib.IMAP4.error, OSError) as error:
            raise MailboxError(type(error).__name__) from error

    def _connect(self) -> imaplib.IMAP4:
        if not self._tls:
            return imaplib.IMAP4(self._host, self._port, timeout=self._timeout)
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(self._host, self._port, ssl_context=context, timeout=self._timeout)

    def _log_in(self, client: imaplib.IMAP4) -> None:
        if "AUTH=PLAIN" in client.capabilities:
            client.authenticate("PLAIN", lambda _: f"\0{self._username}\0{self._password}".encode())
        else:
            client.login(_quoted(self._username), self._password)

    def _new(self, client: imaplib.IMAP4) -> list[int]:
        """The mails to look at, oldest first; after them those that failed in an earlier round."""
        _expect(client.select(_quoted(self._folder)), "no such folder")
        validity = client.response("UIDVALIDITY")[1]
        if validity != self._validity:
            self._validity, self._looked_at, self._failed = validity, set(), set()
        (line, *_) = _expect(client.uid("SEARCH", _SEARCH), "no search")
        found = {int(uid) for uid in (line or b"").split()}
        self._looked_at &= found
        self._failed &= found
        return sorted(found - self._looked_at, key=lambda uid: (uid in self._failed, uid))[:MOST_A_ROUND]

    def _take(self, client: imaplib.IMAP4, uid: int, take: Callable[[bytes], bool]) -> bool:
        """A mail that is too large is for people: only as much of it is fetched as shows that."""
        answer = _expect(client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES + 1}>)"), "no fetch")
        bodies = [part[1] for part in answer if isinstance(part, tuple)]
        return bool(bodies) and take(bodies[0])

    def _settle(self, client: imaplib.IMAP4, uid: int, *, ours: bool) -> None:
        if not ours:
            self._looked_at.add(uid)
            with suppress(imaplib.IMAP4.error):  # not every server keeps keywords; then this process remembers
                client.uid("STORE", str(uid), "+FLAGS.SILENT", f"({LOOKED_AT})")
            return
        _expect(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"), "cannot be marked")
        if self._done is not None:
            _move(client, uid, _quoted(self._done))


def _move(client: imaplib.IMAP4, uid: int, folder: str) -> None:
    if "MOVE" in client.capabilities:
        _expect(client.uid("MOVE", str(uid), folder), "cannot be moved")
        return
    _expect(client.uid("COPY", str(uid), folder), "cannot be moved")
    _expect(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"), "cannot be moved")
    if "UIDPLUS" in client.capabilities:  # without it, what others have marked would go too
        client.uid("EXPUNGE", str(uid))


def _expect(answer: tuple[str, list[Any]], reason: str) -> list[Any]:
    if answer[0] != "OK":
        raise MailboxError(reason)
    return answer[1]


def _quoted(text: str) -> str:
    """RFC 9051, 4.3: a string between quotation marks."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
