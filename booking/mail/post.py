"""Post: what takes a finished mail and carries it away."""

from __future__ import annotations

from typing import Protocol


class PostError(Exception):
    """A mail was not taken. `permanent`: trying again is no use.

    `reason` names no address and quotes no answer of a server, so it may be kept and logged.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


class Post(Protocol):
    """Carries mails, several over one connection until `close`."""

    def send(self, body: bytes, sender: str, recipient: str) -> None:
        """Hands `body` over as it is. Raises PostError if it was not, or not surely, taken."""

    def close(self) -> None:
        """Ends what was kept open for a batch; the next mail opens it anew."""
