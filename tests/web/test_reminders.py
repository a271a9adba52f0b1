"""The pages of reminders: what she chooses, and the one click that ends a kind of mail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from booking.domain.reminding import Quiet, Rung
from booking.services.links import PAGE, Stoppable, stop_url
from booking.services.reminders import Wishes, wishes_of
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.waiting import Waiter
from tests.builders import course, office
from tests.people import KARI, SIV
from tests.servers.databases import only_sqlite
from tests.services.waiters import waits_for_course
from tests.web.pages import LANGUAGES, Links, booked_links, helper_link, read_strictly

pytestmark = only_sqlite

CHOSEN = {"rungs": ["week", "morning"], "by_mail": "y", "quiet_from": "1200", "quiet_until": "480"}


def kept(app: Flask, links: Links) -> Wishes:
    with app.app_context():
        return wishes_of(db.session(), office(), course(links.course_id))


def ending(app: Flask, links: Links, mails: Stoppable = Stoppable.REMINDERS) -> str:
    """The path that ends these mails."""
    with app.app_context():
        link = links_of(db.session(), links.course_id)[PAGE]
        return stop_url(office(), mails, link.id, "en").removeprefix(office().url)


def test_the_pages_are_whole(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    paths = [f"/{language}/course/{links.token}/reminders" for language in LANGUAGES]
    for path in [*paths, ending(demo_app, links)]:
        answer = client.get(path)
        assert answer.status_code == 200
        assert len(read_strictly(answer.data).findall(".//h1")) == 1
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_what_is_chosen_is_kept_and_shown(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    answer = client.post(f"{links.page}/reminders", data=CHOSEN)
    assert answer.status_code == 303
    wishes = kept(demo_app, links)
    assert (wishes.rungs, wishes.quiet) == (frozenset({Rung.WEEK, Rung.MORNING}), Quiet(20 * 60, 8 * 60))
    assert (wishes.by_mail, wishes.questions) == (True, False)
    page = read_strictly(client.get(f"{links.page}/reminders").data)
    assert {box.get("value") for box in page.findall(".//input[@name='rungs'][@checked]")} == {"week", "morning"}
    assert "Your reminders are saved." in client.get(answer.headers["Location"]).text


def test_no_reminder_at_all_can_be_chosen(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    client.post(f"{links.page}/reminders", data={"quiet_from": "0", "quiet_until": "0"})
    assert kept(demo_app, links).rungs == frozenset()
    assert not kept(demo_app, links).by_mail


def test_times_of_reminders_that_are_turned_off_are_shown_as_off_and_come_back(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    client.post(f"{links.page}/reminders", data=CHOSEN)
    client.post(ending(demo_app, links))
    answer = client.get(f"{links.page}/reminders")
    boxes = read_strictly(answer.data).findall(".//input[@name='rungs']")
    assert boxes
    assert all(box.get("checked") is None and box.get("disabled") is not None for box in boxes)
    assert "Your reminders are turned off" in answer.text
    client.post(f"{links.page}/reminders", data={**CHOSEN, "rungs": []})
    assert kept(demo_app, links).by_mail
    assert kept(demo_app, links).rungs == frozenset({Rung.WEEK, Rung.MORNING})


def test_quiet_hours_that_leave_no_day_are_refused(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    answer = client.post(f"{links.page}/reminders", data=CHOSEN | {"quiet_from": "480", "quiet_until": "1380"})
    assert answer.status_code == 422
    assert "Leave at least 10 hours of the day in which we may write." in answer.text
    read_strictly(answer.data)


@pytest.mark.parametrize("hour", ["25:00", "-60", "7", "", "99999999999"])
def test_hours_that_are_none_are_refused(demo_app: Flask, hour: str) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    assert client.post(f"{links.page}/reminders", data=CHOSEN | {"quiet_from": hour}).status_code == 422


def test_a_way_that_is_not_offered_cannot_be_chosen(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    client.post(f"{links.page}/reminders", data=CHOSEN | {"by_sms": "y"})
    assert not kept(demo_app, links).by_sms
    assert "By SMS" not in client.get(f"{links.page}/reminders").text


def test_with_a_gateway_sms_can_be_chosen(demo_app: Flask) -> None:
    demo_app.extensions["office"] = replace(demo_app.extensions["office"], sms=True)
    client, links = demo_app.test_client(), booked_links(demo_app)
    client.post(f"{links.page}/reminders", data=CHOSEN | {"by_sms": "y"})
    assert kept(demo_app, links).by_sms


def test_who_cannot_be_reached_is_told_so(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app, email=None)
    assert "We have no e-mail address of yours" in client.get(f"{links.page}/reminders").text


def test_a_helper_does_not_choose_for_the_patient(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    helper = helper_link(demo_app, links)
    assert demo_app.test_client().get(f"{helper.page}/reminders").status_code == 404


# -- one click --------------------------------------------------------------------------------------------------------


def test_opening_the_link_ends_nothing(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    assert "No more reminders by e-mail?" in client.get(ending(demo_app, links)).text
    assert kept(demo_app, links).by_mail


def test_a_mail_program_ends_them_without_any_page(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    path = ending(demo_app, links)
    for _ in range(2):
        answer = demo_app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    wishes = kept(demo_app, links)
    assert (wishes.by_mail, wishes.questions) == (False, True)


def test_the_questions_end_by_themselves(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    demo_app.test_client().post(ending(demo_app, links, Stoppable.QUESTIONS))
    wishes = kept(demo_app, links)
    assert (wishes.by_mail, wishes.questions) == (True, False)


def test_who_waits_leaves_the_waiting_list_by_one_click(demo_app: Flask) -> None:
    with demo_app.app_context():
        waiter = waits_for_course()
        path = stop_url(office(), Stoppable.WAITING, waiter, "en").removeprefix(office().url)
    answers = [demo_app.test_client().post(path, data={"List-Unsubscribe": "One-Click"}) for _ in range(2)]
    assert ["You are no longer on the waiting list." in answer.text for answer in answers] == [True, True]
    with demo_app.app_context():
        assert db.session.get_one(Waiter, waiter).ended_at is not None


def test_the_oldest_mail_can_end_them_after_the_link_was_renewed(demo_app: Flask) -> None:
    links = booked_links(demo_app)
    path = ending(demo_app, links)
    demo_app.test_client().post(f"{links.page}/new-link")
    assert demo_app.test_client().post(path).status_code == 200
    assert not kept(demo_app, links).by_mail


def test_a_link_that_was_never_given_out_ends_nothing(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    path = ending(demo_app, links)
    for wrong in (path[:-1] + ("b" if path[-1] == "a" else "a"), f"/en/reminders/stop/{links.token}", path[:-8]):
        assert client.get(wrong).status_code == 404
        assert client.post(wrong).status_code == 404
    assert client.get("/en/reminders/stop/0189æ").status_code == 404


def test_the_page_that_ends_mails_tells_nothing_of_anybody(demo_app: Flask) -> None:
    client, links = demo_app.test_client(), booked_links(demo_app)
    for answer in (client.get(ending(demo_app, links)), client.post(ending(demo_app, links))):
        assert KARI.name not in answer.text
        assert links.reference not in answer.text
        assert links.token not in answer.text
        assert SIV.name not in answer.text
