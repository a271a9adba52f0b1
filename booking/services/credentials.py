"""Credentials: the password and second factors of an account, changed by whom it belongs to."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from booking.domain.errors import LastFactor, PasswordRefused, WrongSignIn
from booking.domain.password import fault_of
from booking.services import factors
from booking.services.accounts import ADMINISTRATOR, CHANGED, end_all
from booking.services.logbook import About, Who, note
from booking.services.office import Office
from booking.services.passkeys import Asked, Made, made_passkey
from booking.store.accounts import Account, Passkey
from booking.store.clinics import all_clinics, the_group
from booking.store.database import db, utc
from booking.store.outbox import Message
from booking.store.unit_of_work import unit_of_work

AUTHENTICATOR = "authenticator"
"""What Flask-Security calls a program that makes codes."""


def check_new(session: Session, account: Account, password: str) -> None:
    """Raises PasswordRefused for a password that she cannot have."""
    clinics = all_clinics(session)
    names = [the_group(session).name, *(clinic.name for clinic in clinics), *(clinic.place for clinic in clinics)]
    fault = fault_of(password, clinic=names, own=(account.name, account.email))
    if fault is not None:
        raise PasswordRefused(fault)


def change_password(office: Office, account_id: int, password: str, *, but: int, now: datetime, at: datetime) -> None:
    """Changes it, and signs her out everywhere but in the browser `but` (the id of its session).

    Raises PasswordRefused.
    """
    check_new(db.session(), db.session().get_one(Account, account_id), password)
    hashed = factors.hashed(password)

    def work(session: Session) -> None:
        account = _to_change(session, account_id)
        put_password(session, office, account, hashed, but=but, now=now, at=at)

    unit_of_work(work)


def put_password(
    session: Session, office: Office, account: Account, hashed: str, *, but: int = 0, now: datetime, at: datetime
) -> None:
    """Inside a unit of work: links to choose another end with it, because they know the account by its uniquifier."""
    account.password, account.fs_uniquifier = hashed, uuid4().hex
    end_all(session, account.id, but=but, now=now)
    tell(session, office, account, "password", now=now, at=at)


def choose_language(account_id: int, language: str) -> None:
    """In which she gets our mails."""

    def work(session: Session) -> None:
        _to_change(session, account_id).language = language

    unit_of_work(work)


# -- second factors ---------------------------------------------------------------------------------------------------


def take_codes(office: Office, account_id: int, secret: str, code: str, *, now: datetime, at: datetime) -> list[str]:
    """Makes the program with this secret her second factor, once she has shown a code of it; her recovery codes, if
    these are her first. Raises WrongSignIn for a wrong code."""

    def work(session: Session) -> list[str]:
        account = _to_change(session, account_id)
        account.totp_counter = None
        if not factors.is_code(account, secret, code):
            raise WrongSignIn
        account.tf_primary_method, account.tf_totp_secret = AUTHENTICATOR, secret
        tell(session, office, account, "codes", now=now, at=at)
        return _first_recovery_codes(account)

    return unit_of_work(work)


def take_passkey(
    office: Office, account_id: int, asked: Asked, answer: str, name: str, *, now: datetime, at: datetime
) -> list[str]:
    """Keeps a passkey that her device has just made; her recovery codes, if these are her first. Raises WrongSignIn."""
    made = made_passkey(asked, answer)

    def work(session: Session) -> list[str]:
        account = _to_change(session, account_id)
        account.passkeys.append(_passkey(made, name, now))
        tell(session, office, account, "passkey", now=now, at=at)
        return _first_recovery_codes(account)

    return unit_of_work(work)


def drop_codes(office: Office, account_id: int, *, now: datetime, at: datetime) -> None:
    """Lets go of the program that makes codes. Raises LastFactor for an administrator's last second factor."""

    def work(session: Session) -> None:
        account = _to_change(session, account_id)
        if account.tf_totp_secret is None:
            return
        account.tf_primary_method = account.tf_totp_secret = account.totp_counter = None
        _after_dropping(session, office, account, "codes_gone", now=now, at=at)

    unit_of_work(work)


def drop_passkey(office: Office, account_id: int, passkey_id: int, *, now: datetime, at: datetime) -> None:
    """Lets go of one of her passkeys. Raises LastFactor as `drop_codes` does."""

    def work(session: Session) -> None:
        account = _to_change(session, account_id)
        kept = [passkey for passkey in account.passkeys if passkey.id != passkey_id]
        if len(kept) == len(account.passkeys):
            return
        account.passkeys = kept
        _after_dropping(session, office, account, "passkey_gone", now=now, at=at)

    unit_of_work(work)


def new_recovery_codes(office: Office, account_id: int, *, now: datetime, at: datetime) -> list[str]:
    """Instead of those she had."""

    def work(session: Session) -> list[str]:
        account = _to_change(session, account_id)
        tell(session, office, account, "recovery", now=now, at=at)
        return factors.new_recovery_codes(account)

    return unit_of_work(work)


def drop_all(session: Session, account: Account) -> None:
    """All second factors and recovery codes, inside a unit of work."""
    account.tf_primary_method = account.tf_totp_secret = account.totp_counter = account.mf_recovery_codes = None
    account.passkeys = []


def tell(
    session: Session,
    office: Office,
    account: Account,
    what: str,
    *,
    who: Who | None = None,
    now: datetime,
    at: datetime,
) -> None:
    """Mails her what was changed, in case it was not she, and notes it in the logbook; last in a unit of work. `who`
    did it, if not she."""
    message = Message(
        kind=CHANGED,
        recipient=account.email,
        language=account.language,
        facts={"account_id": account.id, "what": what},
        message_id=f"<{uuid4()}@{office.uid_host}>",
        made_at=utc(now),
        written_at=utc(at),
        due_at=utc(at),
    )
    session.add(message)
    note(session, office, who or Who(account.id, account.name), "credentials", About(), now=now)


def _after_dropping(
    session: Session, office: Office, account: Account, what: str, *, now: datetime, at: datetime
) -> None:
    if not factors.has_second_factor(account):
        if any(role.name == ADMINISTRATOR for role in account.roles):
            raise LastFactor
        account.mf_recovery_codes = None
    tell(session, office, account, what, now=now, at=at)


def _first_recovery_codes(account: Account) -> list[str]:
    return [] if account.mf_recovery_codes else factors.new_recovery_codes(account)


def _passkey(made: Made, name: str, now: datetime) -> Passkey:
    return Passkey(
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
        transports=list(made.transports),
        backup_state=made.backed_up,
        device_type=made.device_type,
        create_datetime=utc(now),
        lastuse_datetime=utc(now),
        name=name,
        usage="first",
    )


def _to_change(session: Session, account_id: int) -> Account:
    return session.get_one(Account, account_id, with_for_update=True)
