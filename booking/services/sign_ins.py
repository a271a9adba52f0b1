"""Sign-ins: the ways back for a patient who has lost her link, without a password and without an account.

A link to her address opens all her courses; a reference and a birth date open bare times. Whether an address or a
reference is known, nobody learns: what is asked for is counted, written and answered in the same way.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from booking.domain.errors import SignInOver, TooManyAttempts, UnknownCourse
from booking.domain.period import seconds_of
from booking.services.attempts import Limit, count_attempt, take_back
from booking.services.courses import read_reference
from booking.services.links import hash_of, sign_in_token
from booking.services.office import Office
from booking.store.courses import Course, email_key
from booking.store.database import db, utc
from booking.store.outbox import Message
from booking.store.sign_ins import SignIn, course_of, sign_in_by_hash, sign_in_by_key
from booking.store.unit_of_work import unit_of_work

LINK_LASTS = timedelta(minutes=15)
"""How long a mailed link can be used."""

SESSION_LASTS = timedelta(minutes=60)
"""How long its pages stay open."""

TIMES_LAST = timedelta(minutes=15)
"""How long bare times stay open."""

KEPT = timedelta(days=1)
"""How long after its end a sign-in is remembered, so that an old link can say that it is old."""

MAILS_TO_ONE = Limit("sign-in address", 3, timedelta(hours=1))
MAILS_FOR_ONE = Limit("sign-in course", 3, timedelta(hours=1))
MAILS_FROM_ONE = Limit("sign-in network", 10, timedelta(hours=1))
TRIES_AT_ONE = Limit("reference", 5, timedelta(days=1))
TRIES_FROM_ONE = Limit("reference network", 20, timedelta(days=1))

KIND = "sign_in"


def ask_for_link(office: Office, email: str, language: str, network: str, *, now: datetime, at: datetime) -> None:
    """Mails a link to the address, used once, within `LINK_LASTS`. To one that no course has, a mail that says so.

    Raises TooManyAttempts for an address, known or not, or for a network.
    """
    count_attempt(office, ((MAILS_TO_ONE, email_key(email)), (MAILS_FROM_ONE, network)), now=now)
    unit_of_work(lambda session: _write(session, office, email, language, now=now, at=at))


def send_link(office: Office, course_id: int, language: str, *, now: datetime, at: datetime) -> bool:
    """Mails such a link to the course's own address; False if it has none. Raises TooManyAttempts."""
    email = db.session().get_one(Course, course_id).email
    if email is None:
        return False
    count_attempt(office, ((MAILS_TO_ONE, email_key(email)),), now=now)
    unit_of_work(lambda session: _write(session, office, email, language, now=now, at=at))
    return True


def send_link_unseen(office: Office, course_id: int, language: str, *, now: datetime, at: datetime) -> None:
    """As `send_link`, for who has told a reference and a birth date, and may learn neither whether there is an address
    nor which one: what is refused is counted by the course alone. Raises TooManyAttempts."""
    count_attempt(office, ((MAILS_FOR_ONE, str(course_id)),), now=now)
    with suppress(TooManyAttempts):
        send_link(office, course_id, language, now=now, at=at)


def use_link(token: str, *, now: datetime) -> str:
    """Signs in with a mailed link, which is used up by it; what `signed_in` knows the session by.

    Raises UnknownCourse for a token that was never given out, and SignInOver for a link that was used or is too old.
    """

    def work(session: Session) -> str:
        sign_in = sign_in_by_hash(session, hash_of(token), to_use=True)
        if sign_in is None:
            raise UnknownCourse
        if not can_be_used(sign_in, now=now):
            raise SignInOver
        sign_in.used_at, sign_in.expires_at = utc(now), utc(now) + SESSION_LASTS
        return sign_in.token_hash

    return unit_of_work(work)


def can_be_used(sign_in: SignIn, *, now: datetime) -> bool:
    """Whether a mailed link still opens something."""
    return sign_in.used_at is None and now < sign_in.expires_at


def open_times(office: Office, reference: str, birth_date: date, network: str, *, now: datetime) -> str:
    """Opens the bare times of the course with this reference, however typed, and this birth date, as `use_link` does.

    Raises UnknownCourse if the two do not belong together, and TooManyAttempts. Only what was wrong counts.
    """
    reference = read_reference(reference)
    attempts = count_attempt(office, ((TRIES_AT_ONE, reference), (TRIES_FROM_ONE, network)), now=now)

    def work(session: Session) -> str | None:
        course = course_of(session, reference, birth_date)
        return None if course is None else _opened(session, course, now=now)

    opened = unit_of_work(work)
    if opened is None:
        raise UnknownCourse
    take_back(attempts)
    return opened


def signed_in(session: Session, key: str, *, now: datetime) -> SignIn | None:
    """The sign-in that was given this key, while its session lasts."""
    found = sign_in_by_key(session, key)
    return found if found is not None and found.used_at is not None and now < found.expires_at else None


def sign_out(key: str, *, now: datetime) -> None:
    """Ends the session of a sign-in, also for who has kept its cookie."""

    def work(session: Session) -> None:
        found = sign_in_by_key(session, key)
        if found is not None:
            found.expires_at = min(found.expires_at, utc(now))

    unit_of_work(work)


def forget_sign_ins(*, now: datetime) -> int:
    """Deletes the sign-ins that ended `KEPT` ago; how many. Mails to their addresses go once they are sent or given up,
    for an address stands in a mail as it is."""

    def work(session: Session) -> int:
        over = select(SignIn).where(SignIn.expires_at <= utc(now - KEPT))
        old = list(session.scalars(over.with_for_update(skip_locked=True)))
        for sign_in in old:
            session.delete(sign_in)
        done = delete(Message).where(Message.kind == KIND, Message.due_at.is_(None), Message.leased_until.is_(None))
        session.execute(done, execution_options={"synchronize_session": False})
        return len(old)

    return unit_of_work(work)


def _write(session: Session, office: Office, email: str, language: str, *, now: datetime, at: datetime) -> None:
    """The link, and the mail that carries it; what stands in the mail is found out when it is made."""
    nonce, until = uuid4().hex, utc(now) + LINK_LASTS
    token_hash = hash_of(sign_in_token(office, nonce))
    sign_in = SignIn(token_hash=token_hash, email=email_key(email), created_at=utc(now), expires_at=until)
    message = Message(
        kind=KIND,
        recipient=email,
        language=language,
        facts={"nonce": nonce, "token_hash": token_hash, "until": seconds_of(until)},
        message_id=f"<{uuid4()}@{office.uid_host}>",
        made_at=utc(now),
        written_at=utc(at),
        due_at=utc(at),
    )
    session.add_all((sign_in, message))


def _opened(session: Session, course: Course, *, now: datetime) -> str:
    sign_in = SignIn(
        token_hash=hash_of(secrets.token_urlsafe()),
        course_id=course.id,
        created_at=utc(now),
        expires_at=utc(now) + TIMES_LAST,
        used_at=utc(now),
    )
    session.add(sign_in)
    return sign_in.token_hash
