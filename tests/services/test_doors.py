"""Doors: each factor is good once, nobody learns who is known, and what was changed ends what was open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from booking.domain.errors import LastFactor, PasswordRefused, SignInOver, TooManyAttempts, WrongSignIn
from booking.domain.period import at_wall, oslo
from booking.services import factors
from booking.services.accounts import SESSIONS_KEPT, account_signed_in, forget_sessions, open_session, sees_clinician
from booking.services.attempts import count_attempt
from booking.services.credentials import (
    change_password,
    drop_codes,
    drop_passkey,
    new_recovery_codes,
    take_codes,
    take_passkey,
)
from booking.services.doors import (
    CODES_AT_ONE,
    LIMITS_LAST,
    PASSWORDS_AT_ONE,
    RESET_LASTS,
    RESETS_AT_ONE,
    ask_for_reset,
    check_code,
    check_passkey,
    check_password,
    let_in,
    open_reset,
    use_reset,
)
from booking.services.letters import compose
from booking.services.logbook import verify
from booking.services.passkeys import Asked, Site, new_challenge, options_to_make, options_to_show
from booking.services.privacy import rotate_keys
from booking.services.staff import disable, reset_mfa
from booking.store.accounts import Account, StaffSession
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.schedules import Hours
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, office
from tests.devices import Device
from tests.servers.databases import only_sqlite
from tests.staff import ADA, ASK, PASSWORD, RITA, Person, account, reach

pytestmark = only_sqlite

NETWORK = "192.0.2.1"
NEW = "tre små gode ord"
SITE = Site("localhost", "http://localhost")


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def row(person: Person = RITA) -> Account:
    db.session.rollback()
    return db.session.get_one(Account, account(person))


def password_opens(password: str, person: Person = RITA) -> bool:
    try:
        check_password(office(), person.email, password, NETWORK, now=NOW)
    except WrongSignIn:
        return False
    return True


def is_open(key: str) -> bool:
    db.session.rollback()
    return account_signed_in(db.session(), key, now=NOW) is not None


def mails(kind: str) -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)))


def words(message: Message) -> str:
    mail = message_from_bytes(compose(db.session(), office(), message), policy=default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def reset_token(person: Person = RITA) -> str:
    ask_for_reset(office(), person.email, "en", NETWORK, now=NOW, at=NOW)
    text = words(mails("staff_reset")[-1])
    return text.partition("/en/staff/password/")[2].split()[0]


def with_codes(person: Person = RITA) -> tuple[str, list[str]]:
    """Gives the person a program that makes codes: its secret, and her recovery codes."""
    secret = factors.new_secret()
    return secret, take_codes(office(), account(person), secret, factors.code_now(secret), now=NOW, at=NOW)


def with_passkey(device: Device, person: Person = RITA) -> None:
    asked = Asked(SITE, new_challenge())
    options = json.loads(options_to_make(office(), asked, account(person)))
    take_passkey(office(), account(person), asked, device.make(options), "laptop", now=NOW, at=NOW)


def shown(device: Device, *, half: Account | None = None) -> Account:
    asked = Asked(SITE, new_challenge())
    answer = device.show(json.loads(options_to_show(asked, half)))
    return check_passkey(office(), asked, answer, half, NETWORK, now=NOW)


# -- passwords --------------------------------------------------------------------------------------------------------


def test_a_password_is_kept_as_argon2id() -> None:
    assert (row().password or "").startswith("$argon2id$")


def test_the_right_password_tells_whose_it_is() -> None:
    found = check_password(office(), RITA.email.upper(), PASSWORD, NETWORK, now=NOW)
    assert found == row().fs_uniquifier


def test_unknown_wrong_and_closed_are_refused_alike() -> None:
    disable(office(), RITA.email, now=NOW)
    for email, password in (("nobody@klinikk.example", PASSWORD), (ADA.email, "wrong"), (RITA.email, PASSWORD)):
        with pytest.raises(WrongSignIn):
            check_password(office(), email, password, NETWORK, now=NOW)


@pytest.mark.parametrize("email", [RITA.email, "nobody@klinikk.example"])
def test_after_too_many_wrong_ones_the_right_one_waits(email: str) -> None:
    for _ in range(PASSWORDS_AT_ONE.most):
        count_attempt(office(), ((PASSWORDS_AT_ONE, email),), now=NOW)
    with pytest.raises(TooManyAttempts):
        check_password(office(), email, PASSWORD, NETWORK, now=NOW)
    with pytest.raises(WrongSignIn):
        check_password(office(), email, "wrong", NETWORK, now=NOW + LIMITS_LAST)


def test_right_ones_count_for_nothing() -> None:
    for _ in range(PASSWORDS_AT_ONE.most - 1):
        count_attempt(office(), ((PASSWORDS_AT_ONE, RITA.email),), now=NOW)
    assert password_opens(PASSWORD)
    assert password_opens(PASSWORD)


def test_a_changed_password_signs_out_everywhere_else() -> None:
    here, there = (open_session(account(RITA), "test", now=NOW) for _ in range(2))
    found = account_signed_in(db.session(), here, now=NOW)
    assert found is not None
    change_password(office(), account(RITA), NEW, but=found[0].id, now=NOW, at=NOW)
    assert (is_open(here), is_open(there)) == (True, False)
    assert (password_opens(NEW), password_opens(PASSWORD)) == (True, False)


def test_a_password_of_the_clinics_words_changes_nothing() -> None:
    with pytest.raises(PasswordRefused):
        change_password(office(), account(RITA), "lambertseter-2027", but=0, now=NOW, at=NOW)
    assert password_opens(PASSWORD)
    assert not mails("staff_changed")


def test_the_same_letters_from_another_keyboard_are_the_same_password() -> None:
    change_password(office(), account(RITA), "tre sma\u030a gode ord", but=0, now=NOW, at=NOW)
    assert password_opens(NEW)


# -- a link to choose one ---------------------------------------------------------------------------------------------


def test_a_link_chooses_a_password_once_and_signs_out_everywhere() -> None:
    key, token = open_session(account(RITA), "test", now=NOW), reset_token()
    use_reset(office(), token, NEW, now=NOW, at=NOW)
    assert password_opens(NEW)
    assert not is_open(key)
    with pytest.raises(SignInOver):
        use_reset(office(), token, "fire store fine ord", now=NOW, at=NOW)


def test_a_link_does_not_work_for_long() -> None:
    token = reset_token()
    with time_machine.travel(RESET_LASTS - timedelta(seconds=5)):
        assert open_reset(db.session(), token).email == RITA.email
    with time_machine.travel(RESET_LASTS + timedelta(seconds=5)), pytest.raises(SignInOver):
        open_reset(db.session(), token)


def test_a_changed_link_opens_nothing() -> None:
    token = reset_token()
    with pytest.raises(SignInOver):
        open_reset(db.session(), token.replace(token[3], "x" if token[3] != "x" else "y", 1))


def test_a_closed_account_gets_no_link_and_its_old_ones_end() -> None:
    token = reset_token()
    disable(office(), RITA.email, now=NOW)
    with pytest.raises(SignInOver):
        open_reset(db.session(), token)
    ask_for_reset(office(), RITA.email, "en", NETWORK, now=NOW, at=NOW)
    ask_for_reset(office(), "nobody@klinikk.example", "en", NETWORK, now=NOW, at=NOW)
    assert len(mails("staff_reset")) == 1


@pytest.mark.parametrize("email", [RITA.email, "nobody@klinikk.example"])
def test_links_are_limited_for_known_and_unknown_alike(email: str) -> None:
    for _ in range(RESETS_AT_ONE.most):
        ask_for_reset(office(), email, "en", NETWORK, now=NOW, at=NOW)
    with pytest.raises(TooManyAttempts):
        ask_for_reset(office(), email, "en", NETWORK, now=NOW, at=NOW)


# -- codes ------------------------------------------------------------------------------------------------------------


def test_a_code_is_good_once() -> None:
    secret, _ = with_codes()
    with pytest.raises(WrongSignIn):
        check_code(office(), account(RITA), factors.code_now(secret), now=NOW)
    with time_machine.travel(timedelta(seconds=31)):
        check_code(office(), account(RITA), factors.code_now(secret), now=NOW)


def test_of_two_at_once_one_gets_in_by_a_code(demo_app: Flask) -> None:
    secret, _ = with_codes()
    id = account(RITA)
    with time_machine.travel(timedelta(seconds=31), tick=False):
        code = factors.code_now(secret)

        def enters(_: int) -> bool:
            with demo_app.app_context():
                try:
                    check_code(office(), id, code, now=NOW)
                except WrongSignIn:
                    return False
                return True

        with ThreadPoolExecutor(2) as both:
            assert sorted(both.map(enters, range(2))) == [False, True]


def test_a_recovery_code_is_good_once_however_it_is_typed() -> None:
    _, recovery = with_codes()
    check_code(office(), account(RITA), f" {recovery[0].upper()} ", now=NOW)
    with pytest.raises(WrongSignIn):
        check_code(office(), account(RITA), recovery[0], now=NOW)
    assert factors.recovery_codes_left(row()) == factors.RECOVERY_CODES - 1


def test_new_recovery_codes_end_the_old_ones() -> None:
    _, old = with_codes()
    new = new_recovery_codes(office(), account(RITA), now=NOW, at=NOW)
    with pytest.raises(WrongSignIn):
        check_code(office(), account(RITA), old[0], now=NOW)
    check_code(office(), account(RITA), new[0], now=NOW)


def test_codes_cannot_be_guessed() -> None:
    _, recovery = with_codes()
    for _ in range(CODES_AT_ONE.most):
        with pytest.raises(WrongSignIn):
            check_code(office(), account(RITA), "not-a-code", now=NOW)
    with pytest.raises(TooManyAttempts):
        check_code(office(), account(RITA), recovery[0], now=NOW)


def test_secrets_and_recovery_codes_are_kept_sealed() -> None:
    secret, recovery = with_codes()
    kept = row()
    assert factors.key_of(secret).replace("-", "") not in (kept.tf_totp_secret or "")
    assert not set(recovery) & set(kept.mf_recovery_codes or ())


def test_sealed_anew_they_still_open() -> None:
    secret, recovery = with_codes()
    before = row().mf_recovery_codes
    assert rotate_keys(office()) >= factors.RECOVERY_CODES + 1
    assert row().mf_recovery_codes != before
    check_code(office(), account(RITA), recovery[0], now=NOW)
    assert factors.key_of(row().tf_totp_secret or "") == factors.key_of(secret)


# -- passkeys ---------------------------------------------------------------------------------------------------------


def test_a_passkey_signs_in_without_a_password() -> None:
    device = Device()
    with_passkey(device)
    assert shown(device).email == RITA.email
    assert factors.recovery_codes_left(row()) == factors.RECOVERY_CODES


def test_a_device_that_is_not_sure_who_holds_it_is_a_second_factor_only() -> None:
    device = Device(sure=False)
    with_passkey(device)
    with pytest.raises(WrongSignIn):
        shown(device)
    assert shown(device, half=row()).email == RITA.email


def test_somebody_elses_passkey_is_no_second_factor() -> None:
    device = Device()
    with_passkey(device)
    with pytest.raises(WrongSignIn):
        shown(device, half=row(ADA))


def test_what_was_signed_before_opens_nothing() -> None:
    device, asked = Device(), Asked(SITE, new_challenge())
    with_passkey(device)
    answer = device.show(json.loads(options_to_show(asked, None)))
    with pytest.raises(WrongSignIn):
        check_passkey(office(), Asked(SITE, new_challenge()), answer, None, NETWORK, now=NOW)


def test_a_copied_passkey_is_found_out() -> None:
    device = Device()
    with_passkey(device)
    shown(device)
    device.counts -= 1
    with pytest.raises(WrongSignIn):
        shown(device)


def test_a_passkey_of_another_site_opens_nothing() -> None:
    device = Device()
    with_passkey(device)
    device.origin = "https://evil.example"
    with pytest.raises(WrongSignIn):
        shown(device)


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', '{"id": "x", "rawId": "x", "response": {}}'])
def test_an_answer_that_is_none_is_refused(answer: str) -> None:
    with pytest.raises(WrongSignIn):
        check_passkey(office(), Asked(SITE, new_challenge()), answer, None, NETWORK, now=NOW)
    with pytest.raises(WrongSignIn):
        take_passkey(office(), account(RITA), Asked(SITE, new_challenge()), answer, "x", now=NOW, at=NOW)


def test_a_closed_accounts_passkey_opens_nothing() -> None:
    device = Device()
    with_passkey(device)
    disable(office(), RITA.email, now=NOW)
    with pytest.raises(WrongSignIn):
        shown(device)


# -- what she has -----------------------------------------------------------------------------------------------------


def test_an_administrator_keeps_one_second_factor() -> None:
    with pytest.raises(LastFactor):
        drop_codes(office(), account(ADA), now=NOW, at=NOW)
    with_passkey(Device(), ADA)
    drop_codes(office(), account(ADA), now=NOW, at=NOW)
    with pytest.raises(LastFactor):
        drop_passkey(office(), account(ADA), row(ADA).passkeys[0].id, now=NOW, at=NOW)


def test_with_the_last_second_factor_the_recovery_codes_go() -> None:
    with_codes()
    drop_codes(office(), account(RITA), now=NOW, at=NOW)
    assert not factors.has_second_factor(row())
    assert factors.recovery_codes_left(row()) == 0


def test_nobody_removes_another_ones_passkey() -> None:
    with_passkey(Device())
    drop_passkey(office(), account(ADA), row().passkeys[0].id, now=NOW, at=NOW)
    assert row().passkeys


def test_who_lost_her_second_factors_is_rid_of_them_and_signed_out() -> None:
    with_codes()
    with_passkey(Device())
    key = open_session(account(RITA), "test", now=NOW)
    reset_mfa(office(), RITA.email, now=NOW, at=NOW)
    assert not factors.has_second_factor(row())
    assert not is_open(key)
    assert mails("staff_changed")[-1].facts["what"] == "reset"


def test_each_change_of_hers_is_told_by_mail_and_logged() -> None:
    with_codes()
    with_passkey(Device())
    change_password(office(), account(RITA), NEW, but=0, now=NOW, at=NOW)
    assert [mail.facts["what"] for mail in mails("staff_changed")] == ["codes", "passkey", "password"]
    let_in(office(), account(RITA), "test", now=NOW)
    assert verify(office()).holds == 4


def test_where_somebody_was_signed_in_is_forgotten() -> None:
    open_session(account(RITA), "test", now=NOW)
    assert forget_sessions(now=NOW + SESSIONS_KEPT - timedelta(seconds=1)) == 0
    assert forget_sessions(now=NOW + SESSIONS_KEPT) == 1
    assert db.session.scalar(select(StaffSession)) is None


def test_mails_about_signing_in_are_forgotten_once_they_are_sent() -> None:
    reset_token()
    forget_sessions(now=NOW + SESSIONS_KEPT)
    assert len(mails("staff_reset")) == 1
    mails("staff_reset")[0].due_at = None
    db.session.commit()
    forget_sessions(now=NOW + SESSIONS_KEPT)
    assert mails("staff_reset") == []


def test_who_left_yesterday_is_out_of_reach_from_midnight_on() -> None:
    rita, clinician_id = reach(RITA), reach(ASK).clinician_id
    assert clinician_id is not None
    last = oslo(NOW).date()
    left = update(Hours).where(Hours.clinician_id == clinician_id).values(valid_until=last)
    unit_of_work(lambda session: session.execute(left))
    midnight = at_wall(last + timedelta(days=1), 0)
    assert sees_clinician(db.session(), rita, clinician_id, now=midnight - timedelta(minutes=1))
    assert not sees_clinician(db.session(), rita, clinician_id, now=midnight)
