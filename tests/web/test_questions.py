"""The questions on the patient's own page: asked when they can be answered, voluntary, and hers alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from booking.domain.outcome import Answers, Moment
from booking.services.outcomes import answer
from booking.services.proposals import Asked
from booking.store.database import db
from booking.store.outcomes import Outcome
from tests.builders import NOW, course, office
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, Links, booked_links, read_strictly
from tests.web.walker import Walker

pytestmark = only_sqlite

DAY = timedelta(days=1)
MISSING = "People who did not answer are missing."


@pytest.fixture
def links(demo_app: Flask) -> Links:
    return booked_links(demo_app)


def start_of(app: Flask, links: Links) -> datetime:
    with app.app_context():
        return next(a.starts_at for a in course(links.course_id).appointments if a.kind == "session")


@contextmanager
def days_after(app: Flask, links: Links, days: int) -> Iterator[Walker]:
    """Kari on her page, so many days after session 1."""
    clinic = start_of(app, links) + days * DAY
    with time_machine.travel(clinic - CLINIC_NOW + datetime.now(UTC), tick=False):
        yield Walker(app).open(f"{links.page}/questions")


def say(app: Flask, links: Links, moment: Moment, pain: int | None, change: int | None = None) -> None:
    days = {Moment.BASELINE: -1, Moment.WEEK_10: 70, Moment.YEAR: 364}[moment]
    now = start_of(app, links) + days * DAY
    with app.app_context():
        answer(office(), links.course_id, moment, Answers(pain, change), now=now)


def kept(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Outcome.moment).order_by(Outcome.moment)))


def radios(kari: Walker, name: str) -> list[Any]:
    return [each for each in kari.main.iter("input") if each.get("name") == name and each.get("type") == "radio"]


def test_before_the_start_there_is_one_question_of_eleven_steps(demo_app: Flask, links: Links) -> None:
    with days_after(demo_app, links, -1) as kari:
        assert [each.get("value") for each in radios(kari, "pain")] == [str(step) for step in range(11)]
        assert radios(kari, "change") == []
        assert "How strong has your pain been on average during the last 7 days?" in kari.text
        assert not [each for each in kari.main.iter("input") if each.get("type") == "range"]


@pytest.mark.parametrize("days", [63, 84, 335, 395])
def test_at_a_follow_up_there_are_two(demo_app: Flask, links: Links, days: int) -> None:
    with days_after(demo_app, links, days) as kari:
        assert len(radios(kari, "pain")) == 11
        assert [each.get("value") for each in radios(kari, "change")] == ["3", "2", "1", "0", "-1", "-2", "-3"]


@pytest.mark.parametrize("days", [-8, 1, 62, 85, 334, 396])
def test_in_between_there_is_nothing_to_fill_in(demo_app: Flask, links: Links, days: int) -> None:
    with days_after(demo_app, links, days) as kari:
        assert kari.status == 200
        assert kari.forms() == []


def test_nothing_is_chosen_for_her(demo_app: Flask, links: Links) -> None:
    with days_after(demo_app, links, 70) as kari:
        assert kari.checked("pain") == kari.checked("change") == []


def test_what_she_answers_is_kept_and_can_be_changed(demo_app: Flask, links: Links) -> None:
    with days_after(demo_app, links, 70) as kari:
        kari.send("/questions", pain="5", change="2")
        assert "Thank you. Your answers are saved." in kari.text
        assert "Pain: 5 of 10 All in all: better" in kari.text
        assert (kari.checked("pain"), kari.checked("change")) == (["5"], ["2"])
        kari.send("/questions", pain="6", change=None)
        assert "Pain: 6 of 10 All in all: left out" in kari.text


def test_both_questions_can_be_left_out(demo_app: Flask, links: Links) -> None:
    with days_after(demo_app, links, 70) as kari:
        kari.send("/questions")
        assert "Nothing is saved, and that is fine" in kari.text
    assert kept(demo_app) == []


@pytest.mark.parametrize(
    "bad", [{"pain": "11"}, {"pain": "-1"}, {"pain": "5.5"}, {"pain": "<b>"}, {"change": "4"}, {"change": "better"}]
)
def test_what_was_not_offered_is_refused_with_words(demo_app: Flask, links: Links, bad: dict[str, str]) -> None:
    with days_after(demo_app, links, 70) as kari:
        kari.post(f"{links.page}/questions", {"moment": "week_10", **bad})
        assert "There is a problem" in kari.text
        assert "Choose one of the answers that are shown, or none." in kari.text
        assert kari.title.strip().startswith("Error:")
    assert kept(demo_app) == []


@pytest.mark.parametrize("moment", ["", "week_11", "\0"])
def test_a_form_for_no_moment_is_refused(demo_app: Flask, links: Links, moment: str) -> None:
    with days_after(demo_app, links, 70) as kari:
        assert kari.post(f"{links.page}/questions", {"moment": moment, "pain": "5"}).status == 400
        assert kari.post(f"{links.page}/questions/delete", {"moment": moment}).status == 400
    assert kept(demo_app) == []


@pytest.mark.parametrize(("days", "moment"), [(70, "baseline"), (70, "year"), (100, "week_10")])
def test_a_page_that_was_open_for_too_long_saves_nothing(demo_app: Flask, links: Links, days: int, moment: str) -> None:
    with days_after(demo_app, links, days) as kari:
        kari.post(f"{links.page}/questions", {"moment": moment, "pain": "5"})
        assert "Nothing was saved" in kari.text
    assert kept(demo_app) == []


def test_answers_can_be_deleted_when_their_days_are_over(demo_app: Flask, links: Links) -> None:
    say(demo_app, links, Moment.BASELINE, 8)
    say(demo_app, links, Moment.WEEK_10, 5, 1)
    with days_after(demo_app, links, 100) as kari:
        kari.send("/questions/delete")
        assert "Your answers are deleted." in kari.text
    assert kept(demo_app) == ["week_10"]


def test_her_change_stands_beside_both_arms_with_the_sentence(demo_app: Flask, links: Links) -> None:
    say(demo_app, links, Moment.BASELINE, 8)
    say(demo_app, links, Moment.WEEK_10, 5, 2)
    with days_after(demo_app, links, 100) as kari:
        cells = [" ".join("".join(cell.itertext()).split()) for cell in kari.main.iter("td")]
        assert cells == ["38 % less", "41 % less", "27 % less", "not asked yet", "20 % less", "6 % less"]
        assert "Pain: 5 of 10 (3 points less, 38 % less)" in kari.text
        assert MISSING in kari.text
        assert len(list(kari.main.iter("figure"))) == 1


def test_a_missing_answer_stays_missing(demo_app: Flask, links: Links) -> None:
    say(demo_app, links, Moment.BASELINE, 5)
    say(demo_app, links, Moment.YEAR, 6)
    with days_after(demo_app, links, 400) as kari:
        cells = [" ".join("".join(cell.itertext()).split()) for cell in kari.main.iter("td")]
        assert (cells[0], cells[3]) == ("no answer", "20 % more")


def test_without_pain_before_there_are_points_and_no_curve(demo_app: Flask, links: Links) -> None:
    say(demo_app, links, Moment.BASELINE, 0)
    say(demo_app, links, Moment.WEEK_10, 3)
    with days_after(demo_app, links, 100) as kari:
        assert "Pain: 3 of 10 (3 points more)" in kari.text
        assert "no change in per cent can be reckoned" in kari.text
        assert MISSING not in kari.text
        assert list(kari.main.iter("figure")) == []


def test_the_trial_is_shown_to_nobody_without_a_change_of_her_own(demo_app: Flask, links: Links) -> None:
    say(demo_app, links, Moment.BASELINE, 8)
    with days_after(demo_app, links, 70) as kari:
        assert "real needles" not in kari.text


@pytest.mark.parametrize(("pain", "change"), [(10, -3), (0, 3)])
def test_no_advice_follows_from_an_answer(demo_app: Flask, links: Links, pain: int, change: int) -> None:
    say(demo_app, links, Moment.BASELINE, 5)
    with days_after(demo_app, links, 70) as kari:
        before = re.sub(r"\d+", "", kari.text)
        kari.send("/questions", pain=str(pain), change=str(change))
        assert not re.search("should|recommend|contact your|116 117|well done|sorry", kari.text)
        assert "if something worries you, call us" in before


def test_the_course_page_leads_to_the_questions(demo_app: Flask, links: Links) -> None:
    with days_after(demo_app, links, 70) as kari:
        kari.open(links.page)
        assert "There is something we would like to ask you" in kari.text
        assert kari.open(kari.link("Answer")).path == f"{links.page}/questions"
        kari.send("/questions", pain="5").open(links.page)
        assert "There is something we would like to ask you" not in kari.text
        assert kari.open(kari.link("Your answers")).path == f"{links.page}/questions"
        assert not re.search(r"\b5 of 10", kari.open(links.page).text)


def test_who_has_one_visit_has_no_questions(demo_app: Flask) -> None:
    single = booked_links(demo_app, asked=Asked(protocol="needle-session", clinics=("raholt",), start=NOW.date()))
    assert Walker(demo_app).open(f"{single.page}/questions").status == 404
    assert "How it goes" not in Walker(demo_app).open(single.page).text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("days", [-20, -1, 30, 70, 100, 364, 400])
def test_the_page_is_whole_at_any_time(demo_app: Flask, links: Links, language: str, days: int) -> None:
    for moment, pain in ((Moment.BASELINE, 8), (Moment.WEEK_10, 5), (Moment.YEAR, 9)):
        say(demo_app, links, moment, pain)
    with days_after(demo_app, links, days):
        answered = demo_app.test_client().get(f"/{language}/course/{links.token}/questions")
    tree = read_strictly(answered.data)
    levels = [int(e.tag[1]) for e in tree.find(".//main").iter() if re.fullmatch("h[1-6]", str(e.tag))]
    assert levels == [1] + [2] * (len(levels) - 1)
    assert "Set-Cookie" not in answered.headers
    assert (answered.headers["Referrer-Policy"], answered.headers["Cache-Control"]) == ("no-referrer", "no-store")


def test_its_style_is_small(demo_app: Flask, links: Links) -> None:
    client = demo_app.test_client()
    sheets = re.findall(r'href="(/static/css/[^"]+)"', client.get(f"{links.page}/questions").text)
    assert sum(len(client.get(sheet, buffered=True).data) for sheet in sheets) < 30_000
