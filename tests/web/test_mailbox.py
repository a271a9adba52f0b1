"""The development mailbox and what it shows of the worker's mails."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

from flask import Flask

from booking.services.courses import Channel
from booking.services.delivery import deliver_next
from tests.builders import office
from tests.servers.databases import only_sqlite
from tests.web.pages import booked_links, inner_links, read_strictly

pytestmark = only_sqlite


def delivered(app: Flask) -> str:
    """Books, lets the worker deliver, and gives the address of the newest mail's page."""
    booked_links(app, channel=Channel.INVITATIONS)
    with app.app_context():
        while deliver_next(office(), app.extensions["post"], at=datetime.now(UTC)):
            pass
    listed = app.test_client().get("/dev/mailbox")
    read_strictly(listed.data)
    letters = [link for link in inner_links(listed.text, "") if link.startswith("/dev/mailbox/")]
    assert len(letters) == 11
    return letters[0]


def test_an_empty_mailbox_says_how_mail_comes(demo_app: Flask) -> None:
    client = demo_app.test_client()
    assert "flask --app wsgi worker" in client.get("/dev/mailbox").text
    assert "Postkasse for utvikling" in client.get("/nb/dev/mailbox").text


def test_each_mail_has_a_page_with_its_text(demo_app: Flask) -> None:
    letter = delivered(demo_app)
    answer = demo_app.test_client().get(letter)
    tree = read_strictly(answer.data)
    assert "/nb/course/" in "".join(tree.find(".//pre").itertext())
    assert tree.find(".//iframe").get("sandbox") is not None
    assert answer.headers["Content-Security-Policy"].endswith("frame-src 'self'")


def test_a_mails_html_can_do_nothing(demo_app: Flask) -> None:
    letter = delivered(demo_app)
    answer = demo_app.test_client().get(f"{letter}/html")
    assert answer.mimetype == "text/html"
    allowed = answer.headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in allowed
    assert "sandbox" in allowed
    assert not any(rule.startswith("script-src") for rule in allowed)


def test_a_mail_can_be_taken_as_it_was_sent(demo_app: Flask) -> None:
    letter = delivered(demo_app)
    answer = demo_app.test_client().get(f"{letter}.eml")
    assert answer.mimetype == "message/rfc822"
    mail = message_from_bytes(answer.data, policy=policy.default)
    assert mail["To"].addresses[0].addr_spec == "kari@example.com"


def test_no_key_leads_out_of_the_mailbox(demo_app: Flask) -> None:
    client = demo_app.test_client()
    for key in ("..", "%2e%2e%2fbooking", "0" * 31, "x" * 32):
        assert client.get(f"/dev/mailbox/{key}.eml").status_code == 404
