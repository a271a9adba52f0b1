"""Secret links: who has one may open what it is for, and nothing else.

A token is 160 bits of HMAC-SHA256 over what it is for, such as a link's id and generation, under the installation's
key, so it can be written into a mail at any time, while the store holds only a hash of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.errors import UnknownCourse, UnknownWaiter
from booking.domain.period import seconds_of
from booking.services.office import Office
from booking.store.articles import Comment
from booking.store.busy import ClinicianFeed
from booking.store.courses import Course, Link, link_by_hash
from booking.store.helpers import Helper, helper_by_hash
from booking.store.waiting import Waiter, waiter_by_hash

PAGE, FEED = "page", "feed"
_TOKEN_BYTES = 20
_ID_BYTES = 8


class Stoppable(StrEnum):
    """Mails that nobody needs, so that each has a link that ends them. `HELPER`: reminders to a patient's helper.
    `WAITING`: what becomes free, to who waits for it."""

    REMINDERS = "reminders"
    QUESTIONS = "questions"
    HELPER = "helper"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Opened:
    """A course that somebody has opened with a secret link: the patient, or `helper`."""

    course: Course
    actor: Actor
    helper: Helper | None = None


def new_links(session: Session, office: Office, course: Course) -> None:
    """Gives the course its links, one a scope."""
    for scope in (PAGE, FEED):
        link = Link(id=secrets.randbits(62), course_id=course.id, scope=scope, generation=0)
        link.token_hash = hash_of(_token(office.secret_keys[0], _what(link)))
        session.add(link)


def token_of(office: Office, link: Link) -> str:
    """The link's token now; it was made under one of the installation's keys. Raises LookupError if under none."""
    return _token_again(office, _what(link), link.token_hash)


def new_comment_token(office: Office, form: str) -> str:
    """The token for the comment that came from this form."""
    return _token(office.secret_keys[0], f"comment {form}")


def comment_url(office: Office, comment: Comment, language: str) -> str:
    """The page of the comment for who wrote it. Raises LookupError if the key under which it was made is gone."""
    token = _token_again(office, f"comment {comment.form}", comment.token_hash)
    return f"{office.url}/{language}/comments/own/{token}"


def page_url(office: Office, link: Link, language: str) -> str:
    return f"{office.url}/{language}/course/{token_of(office, link)}"


def feed_url(office: Office, link: Link) -> str:
    return f"{office.url}/calendars/{token_of(office, link)}.ics"


def open_link(session: Session, token: str, scope: str) -> Link:
    """The link behind a token. Raises UnknownCourse for one that was never given out, or was renewed since."""
    link = link_by_hash(session, hash_of(token), scope)
    if link is None:
        raise UnknownCourse
    return link


def new_helper_token(office: Office, helper_id: int) -> str:
    """The token of a helper's link; the same as long as the installation's key is."""
    return _token(office.secret_keys[0], f"helper {helper_id}")


def helper_token_of(office: Office, helper: Helper) -> str:
    """The helper's token now. Raises LookupError if the key under which her link was made is gone."""
    return _token_again(office, f"helper {helper.id}", helper.token_hash)


def helper_url(office: Office, helper: Helper, language: str) -> str:
    """The course's page for a helper. Raises LookupError as `helper_token_of` does."""
    return f"{office.url}/{language}/course/{helper_token_of(office, helper)}"


def sign_in_token(office: Office, nonce: str) -> str:
    """The token of a link by which somebody signs in; `nonce`: what tells it from others."""
    return _token(office.secret_keys[0], f"sign in {nonce}")


def sign_in_url(office: Office, nonce: str, token_hash: str, language: str) -> str:
    """The page that signs in. Raises LookupError if the key under which its token was made is gone."""
    return f"{office.url}/{language}/my-appointments/link/{_token_again(office, f'sign in {nonce}', token_hash)}"


def waiter_token(office: Office, waiter_id: int) -> str:
    """The token for who waits for a course; the same as long as the installation's key is."""
    return _token(office.secret_keys[0], f"waiter {waiter_id}")


def waiter_url(office: Office, waiter: Waiter) -> str:
    """Her own page, in her language. Raises LookupError if the key under which her link was made is gone."""
    return f"{office.url}/{waiter.language}/waiting/{_token_again(office, f'waiter {waiter.id}', waiter.token_hash)}"


def new_clinician_token(office: Office, feed: ClinicianFeed) -> str:
    """The token of a clinician's feed, of this generation."""
    return _token(office.secret_keys[0], _of_clinician(feed))


def clinician_feed_url(office: Office, feed: ClinicianFeed) -> str:
    """Where a clinician's calendar program finds her appointments. Raises LookupError if the key under which the
    address was made is gone."""
    return f"{office.url}/clinicians/{_token_again(office, _of_clinician(feed), feed.token_hash)}.ics"


def open_waiter(session: Session, token: str) -> Waiter:
    """Who waits behind a token. Raises UnknownWaiter for one that was never given out, or was forgotten since."""
    waiter = waiter_by_hash(session, hash_of(token))
    if waiter is None:
        raise UnknownWaiter
    return waiter


def new_time_token(office: Office, touched_id: int, told_at: datetime) -> str:
    """The token by which she answers whether her new time suits her, told at that moment."""
    return _token(office.secret_keys[0], _new_time(touched_id, told_at))


def new_time_url(office: Office, touched_id: int, told_at: datetime, token_hash: str, language: str) -> str:
    """Where she answers. Raises LookupError if the key under which the link was made is gone."""
    return f"{office.url}/{language}/new-time/{_token_again(office, _new_time(touched_id, told_at), token_hash)}"


def open_course(session: Session, token: str) -> Opened:
    """The course behind the patient's token, or a helper's. Raises UnknownCourse for one that opens nothing (more)."""
    token_hash = hash_of(token)
    link = link_by_hash(session, token_hash, PAGE)
    if link is not None:
        return Opened(link.course, Actor.PATIENT)
    helper = helper_by_hash(session, token_hash)
    if helper is None:
        raise UnknownCourse
    return Opened(helper.course, Actor.HELPER, helper)


def stop_url(office: Office, mails: Stoppable, id: int, language: str) -> str:
    """The page that ends mails of one kind to one person; `id`: of her course's page link, or her own as a helper
    or as one who waits.

    It outlives every renewal of that link, so that the oldest mail can still be used to end them.
    """
    token = _packed(id.to_bytes(_ID_BYTES) + _digest(office.secret_keys[0], _stop(mails, id)))
    return f"{office.url}/{language}/reminders/stop/{token}"


def open_stop(office: Office, token: str) -> tuple[Stoppable, int]:
    """Which mails this token ends, and the id that it was made for. Raises UnknownCourse for one never given out."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        raise UnknownCourse from None
    id, digest = int.from_bytes(raw[:_ID_BYTES]), raw[_ID_BYTES:]
    for mails in Stoppable:
        if any(hmac.compare_digest(digest, _digest(key, _stop(mails, id))) for key in office.secret_keys):
            return mails, id
    raise UnknownCourse


def renew(office: Office, link: Link) -> None:
    """Ends the old token of the link and makes a new one, inside the caller's unit of work."""
    link.generation += 1
    link.token_hash = hash_of(_token(office.secret_keys[0], _what(link)))
    link.used_at = None
    link.course.revision += 1  # the feed's events name the page's address


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _what(link: Link) -> str:
    return f"link {link.id} {link.scope} {link.generation}"


def _new_time(touched_id: int, told_at: datetime) -> str:
    return f"new time {touched_id} {seconds_of(told_at)}"


def _token_again(office: Office, what: str, token_hash: str) -> str:
    for key in office.secret_keys:
        token = _token(key, what)
        if hash_of(token) == token_hash:
            return token
    raise LookupError("the key under which this link was made is gone")


def _of_clinician(feed: ClinicianFeed) -> str:
    return f"clinician {feed.id} {feed.generation}"


def _stop(mails: Stoppable, id: int) -> str:
    return f"stop {mails.value} {id}"


def _token(key: str, what: str) -> str:
    return _packed(_digest(key, what))


def _digest(key: str, what: str) -> bytes:
    return hmac.digest(key.encode(), what.encode(), "sha256")[:_TOKEN_BYTES]


def _packed(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
