"""Factors: what somebody who works here shows to get in, checked with Flask-Security as a library.

It serves no page and keeps no session here: it hangs on a Flask application of its own that answers nothing, so that
none of its hooks runs in ours. Its functions change accounts in the caller's unit of work.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast

from flask import Flask, current_app
from flask_security import Security, UserDatastore, UserMixin
from flask_security.totp import Totp
from flask_security.utils import check_and_get_token_status, hash_password, verify_password

from booking.store.accounts import Account, Passkey, Role

RECOVERY_CODES = 10
"""How many recovery codes somebody gets at once."""

CODE_DRIFT = 30
"""Seconds by which the clock that makes codes may be wrong (RFC 6238, section 6)."""


class Datastore(UserDatastore):
    """Accounts as Flask-Security asks for them. Others of its stores commit by themselves; here only the unit of work
    does, in whose session the account is already."""

    def put(self, model: Any) -> Any:
        return model

    def commit(self) -> None:
        """Left to the unit of work."""


class OneTimeCodes(Totp):
    """Codes of RFC 6238, each good once (section 5.2). `secrets`: keys by their tags, the newest first."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        super().__init__(secrets, issuer)
        self._totp.wallet.default_tag = next(iter(secrets))

    def get_last_counter(self, user: UserMixin) -> int | None:
        return cast(Account, user).totp_counter

    def set_last_counter(self, user: UserMixin, tmatch: Any) -> None:
        cast(Account, user).totp_counter = tmatch.counter

    def secret_of(self, key: str) -> str:
        """A key in base 32, as secrets are kept."""
        kept: str = self._totp(key=key, format="base32").to_json(encrypt=True)
        return kept

    def anew(self, secret: str) -> str:
        """The same secret, encrypted with the newest key."""
        return self.secret_of(self.get_totp_b32_key(secret))

    def generate_qrcode(self, username: str, totp: str) -> str:
        """On white, whatever is around it; the library's own is six times as long."""
        import qrcode  # here, because it takes a tenth of a second that no other page or command should wait
        from qrcode.image.svg import SvgPathFillImage

        drawn = qrcode.make(self.get_totp_uri(username, totp), image_factory=SvgPathFillImage).to_string()
        return f"data:image/svg+xml;base64,{b64encode(drawn).decode()}"


def register_factors(app: Flask, *, secret_keys: Sequence[str], sealing_keys: Sequence[str], issuer: str) -> None:
    """Makes the factors known to the application. `secret_keys` sign links, `sealing_keys` (Fernet) encrypt secrets and
    recovery codes, both newest first. `issuer`: what programs that make codes call us."""
    oldest, *newer = reversed(secret_keys)  # Flask-Security signs with the last of the fallbacks
    library = Flask("flask_security")
    library.config.update(
        SECRET_KEY=oldest,
        SECRET_KEY_FALLBACKS=newer,
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_N=RECOVERY_CODES,
        SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS=list(sealing_keys),
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_PASSWORD_SINGLE_HASH={"argon2"},
        SECURITY_TOTP_SECRETS={sha256(key.encode()).hexdigest()[:8]: key for key in sealing_keys},
        SECURITY_TOTP_ISSUER=issuer,
    )
    store = Datastore(Account, Role, Passkey)  # type: ignore[arg-type]  # what it asks of them, they have
    security = Security(library, store, register_blueprint=False, totp_cls=OneTimeCodes)
    app.config.update({name: value for name, value in library.config.items() if name.startswith("SECURITY_")})
    app.extensions["security"] = security


# -- passwords --------------------------------------------------------------------------------------------------------


def hashed(password: str) -> str:
    """By argon2id; as slow as `is_password`."""
    return hash_password(_normal(password))


def is_password(account: Account | None, password: str) -> bool:
    """Whether it is the account's. Takes as long for nobody's; a third of a second, so not inside a unit of work."""
    if account is None or account.password is None:
        hash_password(_normal(password))
        return False
    return verify_password(_normal(password), account.password)


def reset_token(account: Account) -> str:
    """What opens the page on which she chooses a password; signed, with the machine's time. When she has, her
    uniquifier is another, and the token opens nothing."""
    return str(_security().reset_serializer.dumps(account.fs_uniquifier))


def reset_of(token: str, *, within: timedelta) -> str | None:
    """For whom it was made (`fs_uniquifier`); None if that was longer ago, or it is none."""
    expired, invalid, uniquifier = check_and_get_token_status(token, "reset", within)
    return None if expired or invalid else str(uniquifier)


def _normal(password: str) -> str:
    """The same letters in one form, however a keyboard makes them."""
    return _security().password_util.normalize(password)


# -- codes ------------------------------------------------------------------------------------------------------------


def has_second_factor(account: Account) -> bool:
    return account.tf_totp_secret is not None or bool(account.passkeys)


def new_secret() -> str:
    """A secret for a program that makes codes, encrypted."""
    return _codes().generate_totp_secret()


def secret_of(key: str) -> str:
    """The secret with this key in base 32, encrypted."""
    return _codes().secret_of(key)


def sealed_anew(secret: str) -> str:
    """The same secret under the newest key."""
    return _codes().anew(secret)


def key_of(secret: str) -> str:
    """The key in groups, for who types it."""
    return _codes().get_totp_pretty_key(secret)


def picture_of(secret: str, email: str) -> str:
    """The key as a QR code, a `data:` address of an SVG."""
    return _codes().generate_qrcode(email, secret)


def code_now(secret: str) -> str:
    """What a program shows now, by the machine's clock."""
    return _codes().generate_totp_password(secret)


def is_code(account: Account, secret: str, code: str) -> bool:
    """Whether it is the code of now, or of half a minute before or after, and not used before. Uses it up."""
    digits = code.replace(" ", "")
    return digits.isascii() and _codes().verify_totp(digits, secret, cast(UserMixin, account), window=CODE_DRIFT)


# -- recovery codes ---------------------------------------------------------------------------------------------------


def new_recovery_codes(account: Account) -> list[str]:
    """Instead of those that there were."""
    return _security().mf_recovery_codes_util.create_recovery_codes(cast(UserMixin, account))


def use_recovery_code(account: Account, code: str) -> bool:
    """Whether it is one of the account's; it is good once."""
    util, typed = _security().mf_recovery_codes_util, code.strip().lower()
    if not util.check_recovery_code(cast(UserMixin, account), typed):
        return False
    return util.delete_recovery_code(cast(UserMixin, account), typed)


def recovery_codes_left(account: Account) -> int:
    return len(account.mf_recovery_codes or ())


def _codes() -> OneTimeCodes:
    return cast(OneTimeCodes, _security().totp_factory)


def _security() -> Security:
    return cast(Security, current_app.extensions["security"])
