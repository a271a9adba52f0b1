"""Passkeys: keys of the Web Authentication standard (level 3), made and asked for.

The device signs a challenge for one site; the site's name must be a name, so at 127.0.0.1 there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import webauthn
from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from booking.domain.errors import WrongSignIn
from booking.services.office import Office
from booking.store.accounts import Account, Passkey
from booking.store.database import db, utc
from booking.store.unit_of_work import unit_of_work


@dataclass(frozen=True, slots=True)
class Site:
    """For which site a key is: its name, without a port, and where its pages come from."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a device was asked to sign, once."""

    site: Site
    challenge: str


@dataclass(frozen=True, slots=True)
class Made:
    """A key that a device has made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    backed_up: bool
    device_type: str


def new_challenge() -> str:
    challenge: str = current_app.extensions["security"].webauthn_util.generate_challenge()
    return challenge


def options_to_make(office: Office, asked: Asked, account_id: int) -> str:
    """What the browser is told (JSON) to make a passkey for this account, one that it has not yet."""

    def work(session: Session) -> Account:
        account = session.get_one(Account, account_id)
        account.fs_webauthn_user_handle = account.fs_webauthn_user_handle or uuid4().hex
        list(account.passkeys)
        return account

    account = unit_of_work(work)
    options = webauthn.generate_registration_options(
        rp_id=asked.site.name,
        rp_name=office.uid_host,
        user_name=account.email,
        user_id=(account.fs_webauthn_user_handle or "").encode(),
        user_display_name=account.name,
        challenge=asked.challenge.encode(),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_descriptors(account),
    )
    return webauthn.options_to_json(options)


def options_to_show(asked: Asked, account: Account | None) -> str:
    """What the browser is told (JSON) to show a passkey: one of this account, as her second factor, or any that names
    its account, by which the device must make sure who holds it."""
    need = UserVerificationRequirement
    options = webauthn.generate_authentication_options(
        rp_id=asked.site.name,
        challenge=asked.challenge.encode(),
        allow_credentials=_descriptors(account) if account else None,
        user_verification=need.PREFERRED if account else need.REQUIRED,
    )
    return webauthn.options_to_json(options)


def made_passkey(asked: Asked, answer: str) -> Made:
    """The key in the browser's answer (JSON). Raises WrongSignIn for one that was not asked for, or is known."""
    try:
        credential = webauthn.helpers.parse_registration_credential_json(answer)
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=asked.challenge.encode(),
            expected_rp_id=asked.site.name,
            expected_origin=asked.site.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise WrongSignIn from None
    if _passkey(db.session(), verified.credential_id) is not None:
        raise WrongSignIn
    return Made(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        transports=tuple(each.value for each in credential.response.transports or ()),
        backed_up=verified.credential_backed_up,
        device_type=verified.credential_device_type.value,
    )


def passkey_shown(asked: Asked, answer: str, *, sure: bool, now: datetime) -> int:
    """Whose passkey has signed in the browser's answer (JSON), by the id of the account. `sure`: its device must have
    made sure who holds it. Raises WrongSignIn, also for a copied key, whose count does not go up (section 6.1.1)."""
    return unit_of_work(lambda session: _shown(session, asked, answer, sure=sure, now=now))


def _shown(session: Session, asked: Asked, answer: str, *, sure: bool, now: datetime) -> int:
    try:
        credential = webauthn.helpers.parse_authentication_credential_json(answer)
        passkey = _passkey(session, credential.raw_id)
        if passkey is None:
            raise WrongSignIn
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=asked.challenge.encode(),
            expected_rp_id=asked.site.name,
            expected_origin=asked.site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=sure,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise WrongSignIn from None
    handle = credential.response.user_handle
    if handle is not None and handle != (passkey.account.fs_webauthn_user_handle or "").encode():
        raise WrongSignIn
    passkey.sign_count, passkey.lastuse_datetime = verified.new_sign_count, utc(now)
    return passkey.user_id


def _passkey(session: Session, credential_id: bytes) -> Passkey | None:
    """Locked, so that two who show the same count are not both let in."""
    return session.scalar(select(Passkey).where(Passkey.credential_id == credential_id).with_for_update())


def _descriptors(account: Account) -> list[PublicKeyCredentialDescriptor]:
    known = {each.value for each in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential_id,
            transports=[AuthenticatorTransport(each) for each in passkey.transports or () if each in known],
        )
        for passkey in account.passkeys
    ]
