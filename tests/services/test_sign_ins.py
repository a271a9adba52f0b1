"""Sign-ins: a mailed link works once and not for long, and nobody learns which addresses and references are known."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.app import chores_of
from booking.domain.errors import SignInOver, TooManyAttempts, UnknownCourse
from booking.services.attempts import count_attempt, forget_attempts
from booking.services.letters import compose
from booking.services.links import hash_of, sign_in_token
from booking.services.preferences import Contact, correct_contact
from booking.services.sign_ins import (
    KEPT,
    LINK_LASTS,
    MAILS_FROM_ONE,
    MAILS_TO_ONE,
    SESSION_LASTS,
    TIMES_LAST,
    TRIES_AT_ONE,
    TRIES_FROM_ONE,
    ask_for_link,
    forget_sign_ins,
    open_times,
    send_link,
    sign_out,
    signed_in,
    use_link,
)
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.sign_ins import Attempt, SignIn, courses_at
from tests.builders import NOW, booked_course, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.servers.forked import Forked
from tests.servers.smtp import Mailroom
from tests.servers.web import command_environ
from tests.services.outbox import deliver_to

NETWORK = "192.0.2.1"
CLICKS = 8


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def ask(email: str = "kari@example.com", *, network: str = NETWORK, now: datetime = NOW) -> Message:
    """Asks for a link; the mail that will carry it."""
    ask_for_link(office(), email, "en", network, now=now, at=now)
    return mails()[-1]


def mails() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == "sign_in").order_by(Message.id)))


def token(message: Message) -> str:
    return sign_in_token(office(), message.facts["nonce"])


def read(message: Message) -> EmailMessage:
    found = message_from_bytes(compose(db.session(), office(), message), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def words(message: Message) -> str:
    body = read(message).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def count(table: type[Attempt | SignIn]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def session_of(key: str, *, now: datetime) -> SignIn | None:
    db.session.rollback()
    return signed_in(db.session(), key, now=now)


# -- a link by mail ---------------------------------------------------------------------------------------------------


def test_the_mail_carries_the_link_and_until_when_it_works() -> None:
    booked_course(KARI)
    message = ask()
    link = f"{office().url}/en/my-appointments/link/{token(message)}"
    assert read(message)["Subject"] == "The link to your appointments"
    assert f"\n{link}\n" in words(message)
    assert "once, until 09:15" in words(message)
    html = read(message).get_body(("html",))
    assert html is not None
    assert f'href="{link}"' in html.get_content()


def test_a_link_signs_in_once() -> None:
    booked_course(KARI)
    message = ask()
    key = use_link(token(message), now=NOW)
    found = session_of(key, now=NOW)
    assert found is not None
    assert (found.email, found.course_id) == ("kari@example.com", None)
    with pytest.raises(SignInOver):
        use_link(token(message), now=NOW)


def test_a_link_is_too_old_after_a_quarter_of_an_hour() -> None:
    late, later = ask(), ask()
    assert use_link(token(late), now=NOW + LINK_LASTS - timedelta(seconds=1))
    with pytest.raises(SignInOver):
        use_link(token(later), now=NOW + LINK_LASTS)


def test_a_link_that_was_never_given_out_is_unknown() -> None:
    with pytest.raises(UnknownCourse):
        use_link("a" * 32, now=NOW)


def test_a_session_that_reads_times_is_no_link() -> None:
    course = booked_course(KARI)
    key = open_times(office(), course.reference, KARI.birth_date, NETWORK, now=NOW)
    with pytest.raises(UnknownCourse):
        use_link(key, now=NOW)


def test_a_link_that_is_used_many_times_at_once_signs_in_once(demo_app: Flask) -> None:
    at_once, link = Barrier(CLICKS), token(ask())
    db.session.rollback()

    def click(_: int) -> bool:
        with demo_app.app_context():
            at_once.wait()
            try:
                return bool(use_link(link, now=NOW))
            except SignInOver:
                return False

    with ThreadPoolExecutor(CLICKS) as clicks:
        assert sum(clicks.map(click, range(CLICKS))) == 1


def test_a_session_ends_by_itself() -> None:
    key = use_link(token(ask()), now=NOW)
    assert session_of(key, now=NOW + SESSION_LASTS - timedelta(seconds=1))
    assert session_of(key, now=NOW + SESSION_LASTS) is None


def test_a_link_that_nobody_used_is_no_session() -> None:
    assert session_of(hash_of(token(ask())), now=NOW) is None


def test_who_signs_out_is_out_wherever_the_cookie_is() -> None:
    key = use_link(token(ask()), now=NOW)
    sign_out(key, now=NOW)
    sign_out(key, now=NOW)
    assert session_of(key, now=NOW) is None


def test_no_token_stands_in_the_database() -> None:
    message = ask()
    kept = db.session.scalars(select(SignIn)).one()
    assert token(message) not in (kept.token_hash, *map(str, message.facts.values()))


# -- known or not -----------------------------------------------------------------------------------------------------


def written() -> tuple[int, int, int]:
    return count(SignIn), len(mails()), count(Attempt)


def test_for_a_known_and_an_unknown_address_the_same_is_written() -> None:
    booked_course(KARI)
    ask("kari@example.com")
    known = written()
    ask("nobody@example.com")
    assert written() == tuple(2 * each for each in known)
    first, second = mails()
    assert set(first.facts) == set(second.facts)


def test_an_unknown_address_is_told_that_it_is_unknown_and_gets_no_link() -> None:
    booked_course(KARI)
    message = ask("nobody@example.com")
    assert read(message)["Subject"] == "We know no appointments under this address"
    assert "There are none." in words(message)
    assert token(message) not in words(message)
    assert "Kari" not in words(message)


def test_an_address_is_known_however_it_is_written() -> None:
    booked_course(KARI, email="Kari.Prove@Example.com")
    assert "once, until" in words(ask("kari.PROVE@example.com"))


def test_two_domains_that_look_alike_are_two() -> None:
    course = booked_course(KARI, email="kari@strasse.example")
    assert courses_at(db.session(), "kari@straße.example") == []
    assert [each.id for each in courses_at(db.session(), "kari@strasse.example")] == [course.id]


def test_an_address_that_was_left_opens_nothing() -> None:
    course = booked_course(KARI)
    contact = Contact(email="new@example.com", mobile=None, language="en", needs=())
    correct_contact(office(), course.id, contact, now=NOW, at=NOW)
    assert "There are none." in words(ask("kari@example.com"))
    assert "once, until" in words(ask("new@example.com"))


def test_an_address_opens_its_own_courses_and_no_others_of_the_same_patient() -> None:
    own = booked_course(KARI)
    booked_course(SIV)
    assert [each.id for each in courses_at(db.session(), "kari@example.com")] == [own.id]


def test_the_mail_goes_out_by_the_worker(smtp_server: Mailroom) -> None:
    booked_course(KARI, email=None)
    ask("nobody@example.com")
    assert deliver_to(smtp_server.port, NOW) == 1
    assert [delivery.recipients for delivery in smtp_server.deliveries] == [["nobody@example.com"]]


# -- reference and birth date -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["{0}", "{1}", " {2} ", "{3}"])
def test_a_reference_opens_the_times_however_it_is_typed(typed: str) -> None:
    course = booked_course(KARI)
    plain = course.reference.replace("-", "")
    written = typed.format(course.reference, plain, course.reference.lower(), " ".join(plain))
    key = open_times(office(), written, KARI.birth_date, NETWORK, now=NOW)
    found = session_of(key, now=NOW)
    assert found is not None
    assert (found.email, found.course_id) == (None, course.id)
    assert session_of(key, now=NOW + TIMES_LAST) is None


def wrong(reference: str, born: date, *, network: str = NETWORK, now: datetime = NOW) -> None:
    with pytest.raises(UnknownCourse):
        open_times(office(), reference, born, network, now=now)


def test_a_wrong_birth_date_and_a_wrong_reference_are_refused_alike() -> None:
    course = booked_course(KARI)
    wrong(course.reference, SIV.birth_date)
    after_known = count(Attempt)
    wrong("AAAA-AAAA", KARI.birth_date)
    assert count(Attempt) == 2 * after_known
    assert count(SignIn) == 0


def test_after_five_wrong_tries_a_reference_is_closed_for_a_day() -> None:
    course = booked_course(KARI)
    for number in range(TRIES_AT_ONE.most):
        wrong(course.reference, SIV.birth_date, network=f"192.0.2.{number}")
    for at in (NOW, NOW + TRIES_AT_ONE.within - timedelta(seconds=1)):
        with pytest.raises(TooManyAttempts):
            open_times(office(), course.reference, KARI.birth_date, "192.0.2.99", now=at)
    assert open_times(office(), course.reference, KARI.birth_date, NETWORK, now=NOW + TRIES_AT_ONE.within)


def test_a_reference_that_nobody_has_is_closed_as_soon() -> None:
    for _ in range(TRIES_AT_ONE.most):
        wrong("AAAA-AAAA", KARI.birth_date)
    with pytest.raises(TooManyAttempts):
        open_times(office(), "AAAA-AAAA", KARI.birth_date, NETWORK, now=NOW)


def test_a_network_that_guesses_references_is_stopped() -> None:
    course = booked_course(KARI)
    for number in range(TRIES_FROM_ONE.most):
        wrong(f"AAAA-{number:04}", KARI.birth_date)
    with pytest.raises(TooManyAttempts):
        open_times(office(), course.reference, KARI.birth_date, NETWORK, now=NOW)
    assert open_times(office(), course.reference, KARI.birth_date, "198.51.100.1", now=NOW)


def test_what_was_right_counts_for_nothing() -> None:
    course = booked_course(KARI)
    for _ in range(TRIES_AT_ONE.most + 1):
        open_times(office(), course.reference, KARI.birth_date, NETWORK, now=NOW)
    assert count(Attempt) == 0


def test_who_is_refused_is_not_locked_out_for_longer() -> None:
    for _ in range(TRIES_AT_ONE.most):
        wrong("AAAA-AAAA", KARI.birth_date)
    kept = count(Attempt)
    for _ in range(3):
        with pytest.raises(TooManyAttempts):
            open_times(office(), "AAAA-AAAA", KARI.birth_date, NETWORK, now=NOW)
    assert count(Attempt) == kept


def test_the_link_goes_to_the_address_that_the_course_has() -> None:
    course = booked_course(KARI)
    assert send_link(office(), course.id, "nb", now=NOW, at=NOW)
    (message,) = mails()
    assert (message.recipient, message.language) == ("kari@example.com", "nb")
    assert not send_link(office(), booked_course(SIV, email=None).id, "nb", now=NOW, at=NOW)


# -- counting ---------------------------------------------------------------------------------------------------------


def test_one_address_gets_three_links_an_hour_known_or_not() -> None:
    booked_course(KARI)
    for address in ("kari@example.com", "nobody@example.com"):
        for number in range(MAILS_TO_ONE.most):
            ask(address, network=f"192.0.2.{number}")
        with pytest.raises(TooManyAttempts):
            ask(address.upper(), network="192.0.2.99")
        ask(address, network="192.0.2.99", now=NOW + MAILS_TO_ONE.within)


def test_one_network_asks_for_ten_links_an_hour() -> None:
    for number in range(MAILS_FROM_ONE.most):
        ask(f"nobody{number}@example.com")
    with pytest.raises(TooManyAttempts):
        ask("kari@example.com")
    assert ask("kari@example.com", network="198.51.100.1")


def test_attempts_are_kept_under_keyed_hashes_alone() -> None:
    ask("kari@example.com")
    wrong("AAAA-AAAA", KARI.birth_date)
    keys = set(db.session.scalars(select(Attempt.key)))
    assert len(keys) == 4
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in keys)
    other = replace(office(), secret_keys=("another secret of the same installation",))
    count_attempt(other, ((MAILS_TO_ONE, "kari@example.com"),), now=NOW)
    assert len(set(db.session.scalars(select(Attempt.key)))) == 5


def test_two_processes_together_guess_no_more_than_one_could(demonstration_url: str) -> None:
    reference, environ = booked_course(KARI).reference, command_environ(demonstration_url)
    with ExitStack() as stack:
        guessers = [
            stack.enter_context(Forked(environ, "tests.services.guessers", name, reference)) for name in ("one", "two")
        ]
        for each in guessers:
            assert each.stdout.readline() == b"ready\n"
        for each in guessers:
            each.stdin.write(b"\n")
        looked_at = [int(each.tell(b"")) for each in guessers]
    assert 0 < sum(looked_at) <= TRIES_AT_ONE.most
    assert count(Attempt) == 2 * sum(looked_at)
    with pytest.raises(TooManyAttempts):
        open_times(office(), reference, KARI.birth_date, NETWORK, now=NOW)


# -- forgetting -------------------------------------------------------------------------------------------------------


def test_sign_ins_and_attempts_are_forgotten_in_time(smtp_server: Mailroom) -> None:
    message = ask()
    key = use_link(token(message), now=NOW)
    assert forget_sign_ins(now=NOW + SESSION_LASTS + KEPT - timedelta(seconds=1)) == 0
    assert forget_attempts(now=NOW + timedelta(hours=23)) == 0
    deliver_to(smtp_server.port, NOW)
    assert forget_sign_ins(now=NOW + SESSION_LASTS + KEPT) == 1
    assert forget_attempts(now=NOW + timedelta(days=1)) == 2
    assert written() == (0, 0, 0)
    assert session_of(key, now=NOW) is None


def test_a_mail_that_waits_is_not_forgotten() -> None:
    ask()
    forget_sign_ins(now=NOW + timedelta(days=3))
    assert len(mails()) == 1


@only_sqlite
def test_the_worker_forgets_them(demo_app: Flask) -> None:
    ask()
    for chore in chores_of(office()):
        chore(NOW + timedelta(days=3))
    assert (count(SignIn), count(Attempt)) == (0, 0)
