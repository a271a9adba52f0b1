"""Doors: how somebody who works at the clinics gets in, a factor at a time, and how often she may try.

Whether an address is known, a password wrong or an account closed, nobody learns: each is answered alike and counted alike.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from booking.domain.errors import WrongSignIn
from booking.services.accounts import opened
from booking.services.attempts import Limit, count_attempt, take_back
from booking.services.factors import is_password
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.store.accounts import Account, account_by_email
from booking.store.courses import email_key
from booking.store.database import db
from booking.store.unit_of_work import unit_of_work

LIMITS_LAST = timedelta(minutes=15)
"""How long whoever tried too often waits at most."""

PASSWORDS_AT_ONE = Limit("staff password", 10, LIMITS_LAST)
PASSWORDS_FROM_ONE = Limit("staff network", 30, LIMITS_LAST)


def check_password(office: Office, email: str, password: str, network: str, *, now: datetime) -> str:
    """What tells the account with this address and password from others (`fs_uniquifier`), if it is open.

    Raises WrongSignIn, for whatever reason, and TooManyAttempts; only what was wrong counts.
    """
    attempts = count_attempt(office, ((PASSWORDS_AT_ONE, email_key(email)), (PASSWORDS_FROM_ONE, network)), now=now)
    account = account_by_email(db.session(), email)
    if not is_password(account, password) or account is None or not account.active:
        raise WrongSignIn
    take_back(attempts)
    return account.fs_uniquifier


def let_in(office: Office, account: Account, browser: str, *, now: datetime) -> str:
    """Signs in who has shown all factors that she has; the key that her browser keeps."""

    def work(session: Session) -> str:
        key = opened(session, account.id, browser, now=now)
        note(session, office, Who(account.id, account.name), "sign_in", About(), now=now)
        return key

    return unit_of_work(work)
