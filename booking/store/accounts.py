"""Accounts of those who work at the clinics: who they are, what they may, and where they are signed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, ForeignKey, Index, LargeBinary, Table, select
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from booking.store.clinics import Clinic
from booking.store.courses import email_key
from booking.store.database import Base

accounts_roles = Table(
    "accounts_roles",
    Base.metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("role_id", ForeignKey("roles.id"), primary_key=True),
)

accounts_clinics = Table(
    "accounts_clinics",
    Base.metadata,
    Column("account_id", ForeignKey("accounts.id"), primary_key=True),
    Column("clinic_id", ForeignKey("clinics.id"), primary_key=True),
)


class Role(Base):
    """What somebody is at the clinics: `clinician`, `receptionist` or `administrator`."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Account(Base):
    """Somebody who works at the clinics and can sign in. `email` in lower case; `password`: an argon2id hash.

    `clinician_id`: as whom she treats, if she does. `clinics`: where she is a receptionist; an administrator and a
    clinician need none. `language`: of her mails. The columns that begin with `fs_`, `tf_` and `mf_` are named by
    Flask-Security: they end all sessions when they change, and hold the second factor's secret and recovery codes.
    `totp_counter`: the time step (RFC 6238) of the last code that was used, which is good for nothing again.
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str]
    clinician_id: Mapped[int | None] = mapped_column(ForeignKey("clinicians.id"), unique=True)
    fs_uniquifier: Mapped[str] = mapped_column(unique=True)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(unique=True)
    tf_primary_method: Mapped[str | None]
    tf_totp_secret: Mapped[str | None]
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(JSON))
    totp_counter: Mapped[int | None]
    created_at: Mapped[datetime]

    roles: Mapped[list[Role]] = relationship(secondary=accounts_roles, lazy="selectin")
    clinics: Mapped[list[Clinic]] = relationship(secondary=accounts_clinics, lazy="selectin")
    passkeys: Mapped[list[Passkey]] = relationship(cascade="all, delete-orphan", back_populates="account")


class Passkey(Base):
    """A key of the Web Authentication standard; the columns are named as Flask-Security asks for them."""

    __tablename__ = "passkeys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    transports: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(JSON))
    backup_state: Mapped[bool]
    device_type: Mapped[str]
    extensions: Mapped[str | None]
    create_datetime: Mapped[datetime]
    lastuse_datetime: Mapped[datetime]
    name: Mapped[str]
    usage: Mapped[str]

    account: Mapped[Account] = relationship(back_populates="passkeys")


class StaffSession(Base):
    """One browser in which somebody is signed in, known by the hash of a key in its cookie.

    `seen_at`: its last request, kept to the minute; `browser`: what the browser calls itself, cut short. `ended_at`:
    when it was signed out, here, from elsewhere, or for being idle.
    """

    __tablename__ = "staff_sessions"
    __table_args__ = (Index(None, "account_id", "ended_at"), Index(None, "seen_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    key_hash: Mapped[str] = mapped_column(unique=True)
    browser: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


def account_by_email(session: Session, email: str) -> Account | None:
    return session.scalar(select(Account).where(Account.email == email_key(email)))


def account_by_uniquifier(session: Session, uniquifier: str) -> Account | None:
    return session.scalar(select(Account).where(Account.fs_uniquifier == uniquifier))


def account_of_clinician(session: Session, clinician_id: int) -> Account | None:
    return session.scalar(select(Account).where(Account.clinician_id == clinician_id))
