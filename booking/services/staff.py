"""Staff: who may sign in, as the clinics decide it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.errors import AccountExists, UnknownAccount
from booking.services.accounts import end_all
from booking.services.credentials import drop_all, tell
from booking.services.doors import write_reset
from booking.services.logbook import COMMAND, About, note
from booking.services.office import Office
from booking.store.accounts import Account, Role, account_by_email
from booking.store.clinics import Clinic
from booking.store.courses import email_key
from booking.store.database import utc
from booking.store.people import Clinician
from booking.store.unit_of_work import unit_of_work


def add(
    office: Office,
    email: str,
    name: str,
    roles: Sequence[str],
    *,
    clinics: Sequence[str] = (),
    clinician: str | None = None,
    language: str,
    now: datetime,
    at: datetime,
) -> None:
    """Opens an account and mails its owner a link to choose a password. `clinics`, `clinician`: slugs that there are.

    Raises AccountExists if the address, or the clinician, has one.
    """

    def work(session: Session) -> None:
        clinician_id = session.scalar(select(Clinician.id).where(Clinician.slug == clinician)) if clinician else None
        if _taken(session, email, clinician_id):
            raise AccountExists
        account = Account(
            email=email_key(email),
            name=name,
            language=language,
            clinician_id=clinician_id,
            fs_uniquifier=uuid4().hex,
            created_at=utc(now),
            roles=list(session.scalars(select(Role).where(Role.name.in_(roles)))),
            clinics=list(session.scalars(select(Clinic).where(Clinic.slug.in_(clinics)))),
        )
        session.add(account)
        session.flush()
        write_reset(session, office, account, language, now=now, at=at)
        note(session, office, COMMAND, "staff_add", About(), now=now)

    unit_of_work(work)


def disable(office: Office, email: str, *, now: datetime) -> None:
    """Closes the account and signs its owner out everywhere; her links to choose a password end. Raises
    UnknownAccount."""

    def work(session: Session) -> None:
        account = _known(session, email)
        account.active, account.fs_uniquifier = False, uuid4().hex
        end_all(session, account.id, now=now)
        note(session, office, COMMAND, "staff_disable", About(), now=now)

    unit_of_work(work)


def reset_mfa(office: Office, email: str, *, now: datetime, at: datetime) -> None:
    """Takes away the second factors of who has lost them, and signs her out everywhere. Raises UnknownAccount."""

    def work(session: Session) -> None:
        account = _known(session, email)
        drop_all(session, account)
        account.fs_uniquifier = uuid4().hex
        end_all(session, account.id, now=now)
        tell(session, office, account, "reset", who=COMMAND, now=now, at=at)

    unit_of_work(work)


def _taken(session: Session, email: str, clinician_id: int | None) -> bool:
    if account_by_email(session, email) is not None:
        return True
    hers = select(Account.id).where(Account.clinician_id == clinician_id)
    return clinician_id is not None and session.scalar(hers) is not None


def _known(session: Session, email: str) -> Account:
    account = account_by_email(session, email)
    if account is None:
        raise UnknownAccount
    return session.get_one(Account, account.id, with_for_update=True, populate_existing=True)
