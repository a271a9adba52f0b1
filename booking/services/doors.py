"""Doors: how somebody who works at the clinics gets in, a factor at a time, and how often she may try.

Whether an address is known, a password wrong or an account closed, nobody learns: each is answered and counted alike.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.orm import Session

from booking.domain.errors import SignInOver, WrongSignIn
from booking.services import factors
from booking.services.accounts import RESET, opened
from booking.services.attempts import Limit, count_attempt, take_back
from booking.services.credentials import check_new, put_password
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.passkeys import Asked, passkey_shown
from booking.store.accounts import Account, account_by_email, account_by_uniquifier
from booking.store.courses import email_key
from booking.store.database import db, utc
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work

LIMITS_LAST = timedelta(minutes=15)
"""How long whoever tried too often waits at most."""

PASSWORDS_AT_ONE = Limit("staff password", 10, LIMITS_LAST)
PASSWORDS_FROM_ONE = Limit("staff network", 30, LIMITS_LAST)
CODES_AT_ONE = Limit("staff code", 5, LIMITS_LAST)
RESETS_AT_ONE = Limit("staff reset", 3, LIMITS_LAST)
RESETS_FROM_ONE = Limit("staff reset network", 10, LIMITS_LAST)

HALF_LASTS = timedelta(minutes=10)
"""How long after the password the second factor can follow."""

FRESH_FOR = timedelta(minutes=15)
"""How long after a factor was shown those that she has can be changed."""

RESET_LASTS = timedelta(hours=1)
"""How long a mailed link to choose a password can be used."""

WELCOME_LASTS = timedelta(days=3)
"""The same for who has none yet."""


def check_password(office: Office, email: str, password: str, network: str, *, now: datetime) -> str:
    """What tells the account with this address and password from others (`fs_uniquifier`), if it is open.

    Raises WrongSignIn, for whatever reason, and TooManyAttempts; only what was wrong counts.
    """
    attempts = count_attempt(office, ((PASSWORDS_AT_ONE, email_key(email)), (PASSWORDS_FROM_ONE, network)), now=now)
    account = account_by_email(db.session(), email)
    if not factors.is_password(account, password) or account is None or not account.active:
        raise WrongSignIn
    take_back(attempts)
    return account.fs_uniquifier


def check_code(office: Office, account_id: int, typed: str, *, now: datetime) -> None:
    """Takes the code of a program, or a recovery code; each is good once. Raises WrongSignIn and TooManyAttempts."""
    attempts = count_attempt(office, ((CODES_AT_ONE, str(account_id)),), now=now)

    def work(session: Session) -> bool:
        account = session.get_one(Account, account_id, with_for_update=True)
        secret = account.tf_totp_secret
        if secret is not None and factors.is_code(account, secret, typed):
            return True
        return factors.use_recovery_code(account, typed)

    if not unit_of_work(work):
        raise WrongSignIn
    take_back(attempts)


def check_passkey(
    office: Office, asked: Asked, answer: str, half: Account | None, network: str, *, now: datetime
) -> Account:
    """Whose passkey has signed what was asked. Alone it lets in only if the device has made sure who holds it; as the
    second factor (`half`: whose password was shown) it must be hers. Raises WrongSignIn and TooManyAttempts."""
    attempts = count_attempt(office, ((PASSWORDS_FROM_ONE, network),), now=now)
    wanted = half.id if half is not None else None
    account = db.session().get_one(Account, passkey_shown(asked, answer, sure=half is None, now=now))
    if not account.active or wanted not in (None, account.id):
        raise WrongSignIn
    take_back(attempts)
    return account


def let_in(office: Office, account_id: int, browser: str, *, now: datetime) -> str:
    """Signs in who has shown all factors that she has; the key that her browser keeps."""

    def work(session: Session) -> str:
        account = session.get_one(Account, account_id)
        key = opened(session, account.id, browser, now=now)
        note(session, office, Who(account.id, account.name), "sign_in", About(), now=now)
        return key

    return unit_of_work(work)


# -- a password by mail -----------------------------------------------------------------------------------------------


def ask_for_reset(office: Office, email: str, language: str, network: str, *, now: datetime, at: datetime) -> None:
    """Mails a link to choose a new password, if an open account has this address. Raises TooManyAttempts, for an
    address, known or not, or for a network."""
    count_attempt(office, ((RESETS_AT_ONE, email_key(email)), (RESETS_FROM_ONE, network)), now=now)

    def work(session: Session) -> None:
        account = account_by_email(session, email)
        if account is not None and account.active:
            write_reset(session, office, account, language, now=now, at=at)

    unit_of_work(work)


def write_reset(
    session: Session, office: Office, account: Account, language: str, *, now: datetime, at: datetime
) -> None:
    """The mail with the link, which is made when the mail is."""
    message = Message(
        kind=RESET,
        recipient=account.email,
        language=language,
        facts={"account_id": account.id},
        message_id=f"<{uuid4()}@{office.uid_host}>",
        made_at=utc(now),
        written_at=utc(at),
        due_at=utc(at),
    )
    session.add(message)


def open_reset(session: Session, token: str) -> Account:
    """Whose password can be chosen with this token. Raises SignInOver for one that is used, too old, or none."""
    uniquifier = factors.reset_of(token, within=WELCOME_LASTS)
    account = account_by_uniquifier(session, uniquifier) if uniquifier else None
    if account is None or not account.active:
        raise SignInOver
    if account.password is not None and factors.reset_of(token, within=RESET_LASTS) is None:
        raise SignInOver
    return account


def use_reset(office: Office, token: str, password: str, *, now: datetime, at: datetime) -> None:
    """Chooses a password and signs her out everywhere; the link, and every other, is used up by it.

    Raises SignInOver and PasswordRefused.
    """
    account = open_reset(db.session(), token)
    check_new(db.session(), account, password)
    hashed = factors.hashed(password)

    def work(session: Session) -> None:
        put_password(session, office, open_reset(session, token), hashed, now=now, at=at)

    unit_of_work(work)
