"""Patients on the command line: the link that somebody at the telephone reads out or sends."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from booking.services.sign_ins import MAILS_TO_ONE
from booking.store.database import db
from booking.store.outbox import Message
from tests.cli.commands import said
from tests.servers.databases import only_sqlite
from tests.web.pages import booked_links, links_now

pytestmark = only_sqlite


def kinds(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Message.kind).order_by(Message.id)))


def test_the_link_opens_the_page(demo_app: Flask) -> None:
    links = booked_links(demo_app, language="en")
    before = kinds(demo_app)
    answer = said(demo_app, "patients", "link", links.reference.lower().replace("-", ""), "--json").answer
    assert answer == {
        "reference": links.reference,
        "url": f"http://127.0.0.1:5000{links.page}",
        "renewed": False,
        "mailed": False,
    }
    assert kinds(demo_app) == before


def test_a_new_link_ends_the_old_one(demo_app: Flask) -> None:
    links = booked_links(demo_app, language="en")
    answer = said(demo_app, "patients", "link", links.reference, "--renew").answer
    with demo_app.app_context():
        renewed = links_now(links.course_id)
    assert answer["renewed"]
    assert answer["url"] == f"http://127.0.0.1:5000{renewed.page}"
    assert renewed.token != links.token
    assert kinds(demo_app)[-1] == "link"


def test_the_link_to_sign_in_can_be_mailed(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    assert said(demo_app, "patients", "link", links.reference, "--mail").answer["mailed"]
    assert kinds(demo_app)[-1] == "sign_in"


@pytest.mark.parametrize("options", [("AAAA-AAAA",), ("AAAA-AAAA", "--renew"), ("AAAA-AAAA", "--mail")])
def test_a_reference_that_nobody_has_is_refused(demo_app: Flask, options: tuple[str, ...]) -> None:
    refused = said(demo_app, "patients", "link", *options)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "AAAA-AAAA: no course has this reference." in refused.stderr


def test_without_an_address_nothing_is_mailed_and_nothing_renewed(demo_app: Flask) -> None:
    links = booked_links(demo_app, email=None)
    refused = said(demo_app, "patients", "link", links.reference, "--mail", "--renew")
    assert refused.exit_code == 2
    assert "there is no e-mail address" in refused.stderr
    assert demo_app.test_client().get(links.page).status_code == 200


def test_too_many_mails_to_one_address_are_refused(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    for _ in range(MAILS_TO_ONE.most):
        assert said(demo_app, "patients", "link", links.reference, "--mail").exit_code == 0
    assert said(demo_app, "patients", "link", links.reference, "--mail").exit_code == 4
