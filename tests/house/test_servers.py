"""The servers that the tests run on are real, and nothing else is reached."""

from __future__ import annotations

import smtplib
import socket

import psycopg
import pytest
from playwright.sync_api import Page

from tests.servers.smtp import Certificate, Mailroom
from tests.servers.web import LiveServer


def test_postgresql_is_a_real_server(postgresql_server) -> None:
    url = postgresql_server().set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW server_version_num").fetchone()[0] >= "140000"


def test_a_connection_to_another_machine_is_refused_and_remembered(no_other_machine: list[object]) -> None:
    with socket.socket() as sender, pytest.raises(OSError, match="another machine"):
        sender.connect(("192.0.2.1", 25))
    assert no_other_machine.pop() == ("192.0.2.1", 25)


def test_the_mail_server_keeps_what_it_gets(smtp_server: Mailroom) -> None:
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client:
        client.sendmail("from@clinic.example", ["to@patient.example"], b"Subject: Hello\r\n\r\nBody\r\n")
    assert smtp_server.messages[0]["Subject"] == "Hello"


def test_the_mail_server_can_refuse(smtp_server: Mailroom) -> None:
    smtp_server.answers.append("451 later")
    with smtplib.SMTP("127.0.0.1", smtp_server.port) as client, pytest.raises(smtplib.SMTPDataError):
        client.sendmail("from@clinic.example", ["to@patient.example"], b"Subject: Hello\r\n\r\nBody\r\n")
    assert smtp_server.messages == []


def test_a_mail_over_starttls_arrives_encrypted(starttls_server: Mailroom, certificate: Certificate) -> None:
    with smtplib.SMTP("localhost", starttls_server.port) as client:
        client.starttls(context=certificate.trust())
        client.sendmail("from@clinic.example", ["to@patient.example"], b"Subject: Hello\r\n\r\nBody\r\n")
    assert starttls_server.deliveries[0].encrypted


def test_the_browser_opens_a_page(page: Page) -> None:
    page.set_content("<title>Here</title>")
    assert page.title() == "Here"


def test_the_browser_walks_the_real_site(live_server: LiveServer, page: Page) -> None:
    answer = page.goto(live_server.url)
    assert answer
    assert answer.ok


def test_a_command_runs_over_the_database_of_the_server(live_server: LiveServer) -> None:
    answer = live_server.flask("db", "current")
    assert answer.returncode == 0
    assert "(head)" in answer.stdout
