"""Mail goes out whole, encrypted where it leaves the machine, and what a server refuses is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from booking.mail.post import PostError
from booking.mail.smtp import SmtpPost
from tests.mail.talker import CONTENT, DROP, GREETING, HANG, talking
from tests.servers.ports import free_port
from tests.servers.smtp import Certificate, Mailroom

SENDER, KARI = "time@klinikk.example", "kari@example.com"
BODY = b"Message-ID: <1@klinikk.example>\r\n\r\n.a line that begins with a dot\r\n..two\r\nthe end\r\n"


@contextmanager
def post(port: int, **settings: Any) -> Iterator[SmtpPost]:
    chosen: dict[str, Any] = {"host": "127.0.0.1", "tls": False, "plain_allowed": True, "timeout": 5} | settings
    with closing(SmtpPost(port=port, **chosen)) as opened:
        yield opened


def refusal(port: int, **settings: Any) -> PostError:
    with post(port, **settings) as opened, pytest.raises(PostError) as caught:
        opened.send(BODY, SENDER, KARI)
    return caught.value


def test_a_mail_arrives_byte_for_byte(smtp_server: Mailroom) -> None:
    with post(smtp_server.port) as opened:
        opened.send(BODY, SENDER, KARI)
    (delivery,) = smtp_server.deliveries
    assert (delivery.sender, delivery.recipients, delivery.content) == (SENDER, [KARI], BODY)


def test_several_mails_share_one_connection() -> None:
    with talking() as server:
        with post(server.port) as opened:
            for _ in range(3):
                opened.send(BODY, SENDER, KARI)
        assert len(server.contents) == 3
        assert server.heard.count("EHLO") == 1
        assert server.heard[-1] == "QUIT"


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    with talking(NOOP=DROP) as server:
        with post(server.port) as opened:
            opened.send(BODY, SENDER, KARI)
            opened.send(BODY, SENDER, KARI)
        assert len(server.contents) == 2


def test_starttls_is_used_where_it_is_offered(starttls_server: Mailroom) -> None:
    with post(starttls_server.port) as opened:
        opened.send(BODY, SENDER, KARI)
    assert starttls_server.deliveries[0].encrypted


def test_away_from_this_machine_a_trusted_certificate_is_enough(
    starttls_server: Mailroom, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
    with post(starttls_server.port, plain_allowed=False) as opened:
        opened.send(BODY, SENDER, KARI)
    assert starttls_server.deliveries[0].encrypted


def test_away_from_this_machine_an_unknown_certificate_is_refused(starttls_server: Mailroom) -> None:
    error = refusal(starttls_server.port, plain_allowed=False)
    assert (error.reason, error.permanent) == ("SSLCertVerificationError", False)
    assert starttls_server.deliveries == []


def test_away_from_this_machine_nothing_goes_unencrypted(smtp_server: Mailroom) -> None:
    error = refusal(smtp_server.port, plain_allowed=False, username="clinic", password="secret")
    assert (error.reason, error.permanent) == ("the server offers no encryption", False)
    assert smtp_server.deliveries == []


def test_a_server_with_tls_from_the_first_byte_is_checked_even_on_this_machine() -> None:
    with talking() as server:
        assert not refusal(server.port, tls=True).permanent


def test_a_server_that_is_down_is_worth_another_try() -> None:
    error = refusal(free_port())
    assert (error.reason, error.permanent) == ("ConnectionRefusedError", False)


@pytest.mark.parametrize("where", [GREETING, "EHLO", "MAIL", "RCPT", "DATA", CONTENT])
def test_a_server_that_hangs_is_left(where: str) -> None:
    with talking(**{where: HANG}) as server:
        assert not refusal(server.port, timeout=0.2).permanent


@pytest.mark.parametrize("where", [GREETING, "MAIL", "RCPT", "DATA", CONTENT])
def test_a_server_that_drops_the_line_is_worth_another_try(where: str) -> None:
    with talking(**{where: DROP}) as server:
        assert not refusal(server.port).permanent


@pytest.mark.parametrize(
    ("where", "answer", "permanent"),
    [
        ("RCPT", "550 5.1.1 <kari@example.com>: unknown", True),
        ("RCPT", "550 no such user", True),
        ("RCPT", "450 4.2.0 <kari@example.com>: greylisted", False),
        ("RCPT", "554 5.7.1 <kari@example.com>: relay access denied", False),
        (CONTENT, "552 5.3.4 too big", True),
        (CONTENT, "451 4.3.0 later", False),
        ("MAIL", "550 5.1.8 sender unknown", False),
        (GREETING, "421 busy", False),
    ],
)
def test_only_what_concerns_this_mail_for_good_is_permanent(where: str, answer: str, permanent: bool) -> None:
    with talking(**{where: answer}) as server:
        assert refusal(server.port).permanent is permanent


def test_a_refusal_names_no_address() -> None:
    with talking(RCPT="550 5.1.1 <kari@example.com>: unknown") as server:
        assert refusal(server.port).reason == "recipient refused: 550 5.1.1"


def test_after_a_refusal_the_next_mail_goes_out() -> None:
    with talking(CONTENT="451 later") as busy, post(busy.port) as opened:
        with pytest.raises(PostError):
            opened.send(BODY, SENDER, KARI)
        busy.answers = {}
        opened.send(BODY, SENDER, KARI)
        assert busy.contents == [BODY.replace(b"\r\n.", b"\r\n..")]
