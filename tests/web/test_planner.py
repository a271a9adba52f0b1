"""The planner: wishes live in the address alone, plans show their reasons, and each date can be changed."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from urllib.parse import parse_qs

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from booking.domain.course import PartOfDay
from booking.domain.period import OSLO, at_wall
from booking.services.proposals import Asked, Rhythm, Swap
from booking.services.wishes import Unreadable, asked_of, parsed, query_of, rhythm_of
from booking.store.database import db
from booking.store.holds import Hold
from tests.conftest import application
from tests.servers.databases import Content, Databases, only_sqlite
from tests.web.walker import Walker

TUESDAYS = "/en/book/plan?clinic=lambertseter&day=tue&from=2027-04-05"
WHIT = "/en/book/plan?clinic=lambertseter&day=mon&from=2027-03-22"
"""Mondays that meet Easter Monday and Whit Monday."""


@pytest.fixture(scope="module")
def reading(databases: Databases) -> Iterator[Flask]:
    """One application for the tests that only look."""
    url = databases.new("sqlite", Content.DEMONSTRATION)
    yield from application(url)
    databases.drop(url)


def opened(app: Flask, url: str) -> Walker:
    return Walker(app).open(url)


def offers(walker: Walker) -> list[str]:
    """Where the other times of a week lead, best first."""
    found = next(e for e in walker.main.iter("ul") if e.get("class") == "options")
    return [a.get("href") for a in found.iter("a")]


# -- wishes in the address ------------------------------------------------------------------------------------

slugs = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8})?", fullmatch=True)
dates = st.dates(date(2020, 1, 1), date(2035, 12, 31))
spans = st.tuples(dates, st.integers(0, 60)).map(lambda span: (span[0], span[0] + timedelta(days=span[1])))
starts = st.builds(at_wall, dates, st.integers(4 * 12, 20 * 12).map(lambda step: step * 5))
wishes = st.builds(
    Asked,
    clinics=st.lists(slugs, unique=True, max_size=3).map(tuple),
    clinician=st.none() | slugs,
    days=st.frozensets(st.integers(0, 6)),
    parts=st.frozensets(st.sampled_from(PartOfDay)),
    start=st.none() | dates,
    away=st.lists(spans, unique=True, max_size=3).map(tuple),
    new_patient=st.booleans(),
)
swaps = st.builds(Swap, number=st.integers(1, 99), start=starts, clinician=slugs, clinic=slugs)
rhythms = st.builds(
    Rhythm,
    weekday=st.integers(0, 6),
    minute=st.integers(0, 1439),
    clinician=slugs,
    clinic=slugs,
    swaps=st.lists(swaps, max_size=3).map(tuple),
)


@given(wishes, st.none() | rhythms)
def test_wishes_come_back_from_their_address(asked: Asked, rhythm: Rhythm | None) -> None:
    query = parsed(query_of(asked, rhythm))
    assert asked_of(query) == asked
    assert rhythm_of(query) == rhythm


@given(st.sampled_from(["day", "part", "from", "away", "pattern", "swap"]), st.text(max_size=30))
def test_an_address_means_something_or_is_unreadable(name: str, text: str) -> None:
    query = parsed("")
    query.add("pattern", "tue~09:00~a~b")
    query.setlist(name, [text])
    try:
        again = query_of(asked_of(query), rhythm_of(query))
    except Unreadable:
        return
    assert query_of(asked_of(parsed(again)), rhythm_of(parsed(again))) == again


def test_her_own_busy_times_are_in_no_address() -> None:
    assert query_of(Asked(busy=())) == ""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("clinic=nowhere", "There is no clinic “nowhere”"),
        ("clinician=nobody", "There is no clinician “nobody”"),
        ("clinician=storm-fiktivsen", "There is no clinician “storm-fiktivsen”"),
        ("day=tuesday", "“tuesday” is no weekday"),
        ("part=night", "“night” is no time of day"),
        ("from=tomorrow", "Write the date like this"),
        ("from=2027-02-30", "Write the date like this"),
        ("from=9999-12-31", "We plan until"),
        ("from=0001-01-01", "has long passed"),
        ("away=2027-04-05", "is no first and last day"),
        ("away=2027-04-05..2027-04-01", "is no first and last day"),
        ("away=2027-04-05..9999-12-31", "We plan until"),
        ("away=2026-03-05..2027-12-31", "longer than we can plan around"),
        ("away_from=x", "Write the date like this"),
        ("away_from=2027-04-05&away_to=2027-04-01", "lies before the first"),
        ("away_to=2027-04-01", "Write the first day"),
        ("&".join(f"away=2027-04-{day:02}..2027-04-{day:02}" for day in range(1, 31)) * 2, "more days than we can"),
    ],
)
def test_a_wish_that_cannot_be_read_is_told_beside_its_field(reading: Flask, query: str, words: str) -> None:
    walker = opened(reading, f"/en/book/plan?{query}")
    assert walker.status == 200
    assert words in walker.text
    assert walker.title.startswith("Error:")
    assert "We cannot look for times yet" in walker.text
    assert not walker.forms("/choose")


def test_what_was_typed_wrong_stands_in_its_field(reading: Flask) -> None:
    walker = opened(reading, "/en/book/plan?from=5.4.2027&day=wed&new=1&away_from=soon")
    assert (walker.value("from"), walker.value("away_from")) == ("5.4.2027", "soon")
    assert (walker.checked("day"), walker.checked("new")) == (["wed"], ["1"])


@pytest.mark.parametrize(
    "query",
    ["pattern=x", "pattern=tue~25:00~a~b", "pattern=tue~09:00~nobody~nowhere", "new=0&only=0", "day=&day=", "x=%00%ff"],
)
def test_strange_addresses_are_no_error(reading: Flask, query: str) -> None:
    walker = opened(reading, f"/en/book/plan?clinic=lambertseter&{query}")
    assert walker.status == 200
    assert walker.forms("/choose")


def test_wishes_stand_ticked_in_the_form(reading: Flask) -> None:
    query = "clinic=raholt&clinician=bjork-provesen&only=1&day=mon&part=midday&away=2027-04-12..2027-04-16&new=1"
    walker = opened(reading, f"/en/book/plan?{query}")
    assert [walker.checked(name) for name in ("clinic", "day", "part", "away")] == [
        ["raholt"],
        ["mon"],
        ["midday"],
        ["2027-04-12..2027-04-16"],
    ]
    assert walker.checked("only")
    assert walker.checked("new")
    assert "12 April to 16 April" in walker.text


def test_the_address_of_a_sent_form_is_short_and_holds_the_wishes(reading: Flask) -> None:
    walker = opened(reading, "/en/book/plan").send("/plan#proposals", clinic="raholt", away_from="2027-04-12")
    assert walker.query == "clinic=raholt&away=2027-04-12..2027-04-12"


def test_the_other_language_keeps_the_wishes(reading: Flask) -> None:
    walker = opened(reading, TUESDAYS)
    link = next(a for a in walker.tree.iter("a") if a.get("hreflang") == "nb")
    assert parse_qs(link.get("href").partition("?")[2]) == parse_qs(TUESDAYS.partition("?")[2])
    assert opened(reading, link.get("href")).status == 200


def test_a_start_that_has_passed_is_told(reading: Flask) -> None:
    assert "so we look from today on" in opened(reading, "/en/book/plan?from=2027-02-01").text


# -- plans ----------------------------------------------------------------------------------------------------


def test_a_plan_shows_who_where_when_and_what_it_costs(reading: Flask) -> None:
    text = opened(reading, TUESDAYS + "&new=1").text
    for words in (
        "Closest to the wishes",
        "Tuesdays at",
        "Ask Eksempel, chiropractor · Lambertseter · 6 April to 1 June",
        "NOK 8,090",
        "first visit, nine sessions, review; paid at each visit",
        "Choose these nine",
    ):
        assert words in text


def test_a_returning_patient_pays_no_first_visit(reading: Flask) -> None:
    text = opened(reading, TUESDAYS).text
    assert "NOK 6,900" in text
    assert "NOK 8,090" not in text


def test_a_moved_week_says_why_and_how_many_stay(reading: Flask) -> None:
    text = opened(reading, WHIT).text
    assert "Monday 29 March: Easter Monday is a public holiday and the clinic is closed (Easter week)." in text
    assert "Whit Monday is a public holiday" in text
    assert re.search(r"(Six|Seven) of nine keep the usual time\.", text)


def test_the_picture_has_a_mark_for_every_appointment(reading: Flask) -> None:
    walker = opened(reading, WHIT + "&new=1")
    table = next(walker.main.iter("table"))
    kinds = [(cell.get("class") or "").split()[0] for cell in table.iter("td") if cell.get("class")]
    marks = {kind: kinds.count(kind) for kind in ("pick", "moved", "first", "review")}
    assert sum(marks.values()) >= 10
    assert (marks["moved"] >= 1, marks["review"]) == (True, 1)
    assert "Closed: Whit Monday, Constitution Day" in walker.text or "Closed: Constitution Day" in walker.text


def test_picture_and_list_say_the_same(reading: Flask) -> None:
    walker = opened(reading, WHIT)
    card = next(e for e in walker.main.iter("article"))
    listed = [" ".join("".join(e.itertext()).split()) for e in card.iter("time")]
    drawn = " ".join(e.get("title") for e in card.iter("td") if e.get("title"))
    assert len(listed) == 10
    assert all(day in drawn for day in listed)


def test_without_a_plan_the_weeks_and_the_one_wish_are_named(reading: Flask) -> None:
    walker = opened(reading, "/en/book/plan?clinic=raholt&day=thu")
    assert "No nine weeks fit these wishes" in walker.text
    assert "it is outside working hours" in walker.text
    walker.open(walker.link("Take any weekday"))
    assert walker.query == "clinic=raholt"
    assert walker.forms("/choose")


def test_days_away_are_planned_around(reading: Flask) -> None:
    walker = opened(reading, TUESDAYS + "&away=2027-04-20..2027-04-20")
    assert "it is in a time away or busy" in walker.text


# -- changing a date ------------------------------------------------------------------------------------------


def test_another_time_of_the_week_is_put_into_the_plan(reading: Flask) -> None:
    walker = opened(reading, WHIT)
    walker.open(walker.link("Other times that week"))
    assert walker.path == "/en/book/plan/times"
    walker.open(offers(walker)[0])
    assert "With your changes" in walker.text
    assert "swap=" in walker.query
    walker.open(walker.link("Undo my changes"))
    assert "swap=" not in walker.query


def test_every_date_of_a_plan_can_be_changed_one_after_another(reading: Flask) -> None:
    walker = opened(reading, TUESDAYS)
    for number in (2, 3, 2):
        walker.open(walker.link("Change a date"))
        links = [a.get("href") for a in walker.main.iter("a") if "session=" in (a.get("href") or "")]
        assert len(links) == 9
        walker.open(links[number - 1])
        assert f"Other times for session {number}" in walker.text
        walker.open(offers(walker)[0])
    assert len(parse_qs(walker.query)["swap"]) == 3
    assert "You chose this time yourself" in walker.text


def test_a_swap_that_no_longer_fits_is_told(reading: Flask) -> None:
    walker = opened(reading, WHIT)
    pattern = re.search(r"pattern=([^&\"]+)", walker.response.text)
    assert pattern
    walker.open(f"{WHIT}&pattern={pattern[1]}&swap=3~2027-04-07T03:00~ask-eksempel~lambertseter")
    assert "Session 3 can no longer be at the time that was chosen" in walker.text
    assert walker.forms("/choose")


def test_a_pattern_of_the_address_stands_on_top_of_the_proposals(reading: Flask) -> None:
    walker = opened(reading, TUESDAYS + "&pattern=tue~15:15~ask-eksempel~lambertseter")
    assert "".join(next(walker.main.iter("h2")).itertext()) == "Tuesdays at 15:15"


@pytest.mark.parametrize("query", ["", "&pattern=x", "&pattern=tue~03:00~ask-eksempel~lambertseter&session=2"])
def test_times_of_no_plan_lead_back_to_the_planner(reading: Flask, query: str) -> None:
    assert opened(reading, TUESDAYS.replace("/plan?", "/plan/times?") + query).path == "/en/book/plan"


def test_a_session_that_does_not_exist_has_no_page(reading: Flask) -> None:
    walker = opened(reading, TUESDAYS)
    assert opened(reading, walker.link("Change a date") + "&session=10").status == 404


@only_sqlite
def test_a_changed_plan_is_held_as_it_was_shown(demo_app: Flask) -> None:
    walker = opened(demo_app, TUESDAYS)
    walker.open(walker.link("Change a date"))
    walker.open([a.get("href") for a in walker.main.iter("a") if "session=" in a.get("href")][1])
    other = offers(walker)[0]
    walker.open(other).send("/choose")
    assert walker.path == "/en/book/health"
    with demo_app.app_context():
        times = db.session.scalars(select(Hold)).one().times
        start = re.search(r"swap=2~([^~]+)~", other)
        assert start
        assert f"{times[1].starts_at.astimezone(OSLO):%Y-%m-%dT%H:%M}" == start[1]
    walker.open(walker.link("Change"))
    assert "With your changes" in walker.text


def test_a_plan_says_who_gives_the_first_visit_if_it_is_somebody_else(demo_app: Flask) -> None:
    text = opened(demo_app, "/en/book/plan?clinic=raholt&day=tue&new=1").text
    assert re.search(
        r"Frøy Testad, physiotherapist · Råholt · [^·]* · first visit 1 March with Bjørk Prøvesen · review", text
    )


# -- her own calendar -----------------------------------------------------------------------------------------

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20270101T000000Z\r\n"
    "SUMMARY:Secret meeting\r\nDTSTART:20270406T040000Z\r\nDTEND:20270406T180000Z\r\nRRULE:FREQ=WEEKLY;COUNT=20\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def upload(walker: Walker, data: bytes, name: str = "me.ics") -> Walker:
    query = next(e.get("value") for e in walker.forms("/calendar")[0].iter("input"))
    return walker.post("/en/book/plan/calendar", {"query": query, "calendar": (io.BytesIO(data), name)})


def test_the_address_of_a_refused_calendar_leads_back_to_the_planner(demo_app: Flask) -> None:
    answer = demo_app.test_client().get("/nb/book/plan/calendar")
    assert (answer.status_code, answer.location) == (303, "/nb/book/plan")


def test_an_uploaded_calendar_is_avoided_and_can_be_forgotten(demo_app: Flask) -> None:
    walker = upload(opened(demo_app, TUESDAYS), EVENT.encode())
    assert walker.path == "/en/book/plan"
    assert walker.query == TUESDAYS.partition("?")[2]
    assert "20 busy times are left out." in walker.text
    assert "6 April to 1 June" not in walker.text
    assert walker.response.headers["Cache-Control"] == "no-store"
    with demo_app.app_context():
        kept = db.session.scalars(select(Hold)).one()
        assert kept.answers is not None
        assert b"Secret" not in kept.answers
    walker.send("/forget-calendar")
    assert "Your calendar is forgotten." in walker.text
    assert "6 April to 1 June" in walker.text


@only_sqlite
def test_busy_times_stay_with_the_choice_and_bind_it(demo_app: Flask) -> None:
    walker = upload(opened(demo_app, TUESDAYS.replace("&day=tue", "")), EVENT.encode()).send("/choose")
    assert walker.path == "/en/book/health"
    with demo_app.app_context():
        days = {time.starts_at.weekday() for time in db.session.scalars(select(Hold)).one().times}
    assert 1 not in days


@only_sqlite
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"hello", "This file is no calendar"),
        (b"", "This file is no calendar"),
        (b"BEGIN:VCALENDAR\r\n" + b"x" * (5 * 1024 * 1024), "larger than 5 MB"),
        (b"BEGIN:VCALENDAR\r\n" + b"x" * (7 * 1024 * 1024), "larger than 5 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_beside_its_field(demo_app: Flask, data: bytes, words: str) -> None:
    walker = upload(opened(demo_app, TUESDAYS), data)
    assert walker.status == 422
    assert words in walker.text
    assert walker.title.startswith("Error:")
    with demo_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Hold)) == 0


@only_sqlite
def test_no_file_at_all_is_told(demo_app: Flask) -> None:
    walker = opened(demo_app, TUESDAYS).send("/calendar")
    assert "Choose a calendar file first" in walker.text
    assert walker.forms("/choose")
