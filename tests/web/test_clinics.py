"""Pages of clinics and clinicians: open or closed by the clinic's clock, every fact, what is free, and prices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from bench.houses import add_clinics
from booking.domain.period import OSLO
from booking.domain.schedule import DayHours, Hours, Weeks
from booking.services.soonest import Prospect, prospects
from booking.store.clinics import Clinic, all_clinics
from booking.store.database import db
from booking.store.people import Clinician, all_clinicians
from booking.web import clock
from booking.web.site import clinics
from booking.web.site.clinics import facts_of, soonest_course, soonest_visit
from booking.web.site.hours import Openings, doors_at, doors_words, open_day, openings_of, weeks_ahead
from tests.builders import NOW, forget_looks, office
from tests.copies import once
from tests.servers.clock import CLINIC_NOW
from tests.servers.databases import only_sqlite
from tests.web.pages import LANGUAGES, inner_links, read_strictly
from tests.web.walker import Walker

LAMBERTSETER, EIDSVOLL, RAHOLT = "clinics/lambertseter", "clinics/eidsvoll-sundet", "clinics/raholt"
MANY = 300
PORTIONS = 4
"""Of so many rows as a house of `MANY` clinics has, SQLAlchemy asks in portions of 500."""

both_languages = pytest.mark.parametrize("language", LANGUAGES)


@contextmanager
def clinic_clock(wall: str) -> Iterator[None]:
    """The clinic's clock stands at this time on the wall in Oslo."""
    moment = datetime.fromisoformat(wall).replace(tzinfo=OSLO)
    with time_machine.travel(moment - CLINIC_NOW + datetime.now(UTC), tick=False):
        yield


def words(app: Flask, path: str, *, language: str = "en") -> str:
    """The words of the page's main part, spaces made one."""
    walker = Walker(app).open(f"/{language}/{path}")
    assert walker.status == 200
    return walker.text.replace("\N{NO-BREAK SPACE}", " ").replace(" .", ".")


def main_links(app: Flask, path: str) -> dict[str, str]:
    """Where the links of the page's main part lead, by their words."""
    main = Walker(app).open(f"/en/{path}").main
    return {" ".join(" ".join(a.itertext()).split()): a.get("href") for a in main.iter("a")}


@dataclass(frozen=True)
class Counter:
    statements: list[str]


@contextmanager
def counted() -> Iterator[Counter]:
    """Counts the statements that go to the database."""
    seen = Counter([])

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


# -- open now ---------------------------------------------------------------------------------------------------------


def doors(app: Flask, slug: str, wall: str, *, language: str = "en") -> str:
    """What is said of the clinic's doors at this time on the wall."""
    now = datetime.fromisoformat(wall).replace(tzinfo=OSLO)
    with clinic_clock(wall), app.test_request_context(f"/{language}/"):
        app.preprocess_request()
        openings = openings_at(db.session(), slug)
        return doors_words(doors_at(openings, now), now, language).replace("\N{NO-BREAK SPACE}", " ")


def openings_at(session: Session, slug: str) -> Openings:
    clinic = next(each for each in all_clinics(session) if each.slug == slug)
    return openings_of(facts_of(session, [clinic]))[clinic.id]


@pytest.mark.parametrize(
    ("wall", "said"),
    [
        ("2027-03-01T08:59:59", "Closed now, opens today 09:00"),
        ("2027-03-01T09:00", "Open now until 18:00"),
        ("2027-03-01T12:15", "Open now until 18:00"),
        ("2027-03-01T17:59:59", "Open now until 18:00"),
        ("2027-03-01T18:00", "Closed now, opens Tuesday 08:00"),
        ("2027-03-02T03:00", "Closed now, opens today 08:00"),
        ("2027-03-05T15:00", "Closed now, opens Monday 09:00"),
        ("2027-03-06T11:00", "Closed now, opens Monday 09:00"),
    ],
)
def test_the_doors_open_and_close_by_the_clock_on_the_wall(site_app: Flask, wall: str, said: str) -> None:
    assert doors(site_app, "lambertseter", wall) == said


def test_lunch_closes_no_clinic(site_app: Flask) -> None:
    for slug in ("lambertseter", "eidsvoll-sundet", "raholt"):
        assert doors(site_app, slug, "2027-03-02T12:10").startswith("Open now until")


@pytest.mark.parametrize(
    ("wall", "said"),
    [
        ("2027-03-24T11:59", "Open now until 12:00"),
        ("2027-03-24T12:00", "Closed now (Easter week), opens Tuesday 08:00"),
        ("2027-03-26T10:00", "Closed now (Good Friday, Easter week), opens Tuesday 08:00"),
        ("2027-03-28T10:00", "Closed now (Easter Sunday, Easter week), opens Tuesday 08:00"),
        ("2027-03-29T23:00", "Closed now (Easter Monday, Easter week), opens Tuesday 08:00"),
        ("2027-03-30T08:00", "Open now until 16:00"),
    ],
)
def test_easter_week_closes_from_wednesday_noon_until_tuesday(site_app: Flask, wall: str, said: str) -> None:
    assert doors(site_app, "lambertseter", wall) == said


def test_the_clock_change_moves_no_opening_time(site_app: Flask) -> None:
    assert doors(site_app, "raholt", "2027-10-31T12:00") == "Closed now, opens Monday 10:00"
    assert doors(site_app, "raholt", "2027-11-01T09:59") == "Closed now, opens today 10:00"
    assert doors(site_app, "raholt", "2027-11-01T10:00") == "Open now until 18:00"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Closed now (Whit Monday, Constitution Day), opens Tuesday 08:00"),
        ("nb", "(Andre pinsedag, Grunnlovsdagen)"),
    ],
)
def test_two_holidays_on_one_day_are_both_named(site_app: Flask, language: str, said: str) -> None:
    assert said in doors(site_app, "raholt", "2027-05-17T11:00", language=language)


def test_a_long_closing_says_the_date_on_which_it_ends(site_app: Flask) -> None:
    said = "Closed now (Summer closing), opens Monday 2 August 08:00"
    assert doors(site_app, "eidsvoll-sundet", "2027-07-14T10:00") == said


def test_in_summer_the_clinic_that_stays_open_has_other_hours(site_app: Flask) -> None:
    assert doors(site_app, "lambertseter", "2027-07-13T14:00") == "Open now until 15:00"
    assert doors(site_app, "lambertseter", "2027-07-14T10:00") == "Closed now, opens Thursday 09:00"


def test_new_year_closes_across_the_years(site_app: Flask) -> None:
    said = "Closed now (Christmas), opens Monday 3 January 10:00"
    assert doors(site_app, "raholt", "2027-12-24T10:00") == said


@both_languages
@pytest.mark.parametrize("wall", ["2027-05-17T11:00", "2027-03-24T13:00", "2027-07-14T10:00", "2027-12-31T23:59:30"])
def test_pages_are_whole_on_days_that_are_not_like_others(site_app: Flask, language: str, wall: str) -> None:
    with clinic_clock(wall):
        for path in ("clinics", LAMBERTSETER, EIDSVOLL, RAHOLT, "clinicians/bjork-provesen"):
            read_strictly(site_app.test_client().get(f"/{language}/{path}").data)


# -- weeks of clinicians ----------------------------------------------------------------------------------------------


def week_template(weekday: int, **more: Any) -> Hours:
    """A template with one day, this weekday from nine to four."""
    facts = {"valid_from": date(2026, 1, 1), "valid_until": None, **more}
    return Hours(1, 2, days=(DayHours(weekday, 540, 960),), **facts)


def weekdays_shown(*templates: Hours, day: date = date(2027, 3, 3)) -> list[list[int]]:
    return [[each.weekday for each in week] for week in weeks_ahead(Openings(clinicians={2: list(templates)}), 2, day)]


def test_hours_that_are_the_same_every_week_are_shown_once() -> None:
    assert weekdays_shown(week_template(0)) == [[0]]


def test_odd_and_even_weeks_are_shown_as_this_week_and_the_next() -> None:
    odd, even = week_template(0, weeks=Weeks.ODD), week_template(3, weeks=Weeks.EVEN)
    assert weekdays_shown(odd, even) == [[0], [3]]
    assert weekdays_shown(odd, even, day=date(2027, 3, 8)) == [[3], [0]]


def test_a_single_day_changes_that_day_alone() -> None:
    evening = week_template(4, valid_from=date(2027, 3, 5), valid_until=date(2027, 3, 5))
    assert weekdays_shown(week_template(0), evening) == [[0, 4], [0]]


def test_the_doors_open_in_odd_weeks_by_the_hours_of_odd_weeks() -> None:
    own = [week_template(0), week_template(1, weeks=Weeks.ODD, valid_from=date(2026, 1, 2))]
    opened = [open_day(Openings(own=own), date(2027, 3, day)).open for day in (1, 2, 8, 9)]
    assert [bool(periods) for periods in opened] == [False, True, True, False]


# -- clinics ----------------------------------------------------------------------------------------------------------


def test_clinics_stand_by_county(site_app: Flask) -> None:
    walker = Walker(site_app).open("/en/clinics")
    assert _headings(walker) == ["Oslo", "Lambertseter", "Akershus", "Eidsvoll Sundet", "Råholt"]
    assert "Page 1" not in walker.text


def _headings(walker: Walker) -> list[str]:
    return ["".join(e.itertext()).strip() for e in walker.main.iter() if e.tag in ("h2", "h3")]


def test_many_clinics_stand_on_pages_and_each_on_one(site_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinics, "A_PAGE", 2)
    walker = Walker(site_app).open("/en/clinics?page=no")
    assert "Page 1 of 2" in walker.text
    assert _headings(walker) == ["Oslo", "Lambertseter", "Akershus", "Eidsvoll Sundet"]
    walker.open(walker.link("Next page"))
    assert _headings(walker) == ["Akershus", "Råholt"]
    assert walker.link("Previous page") == "/en/clinics"


def test_a_map_beside_a_page_of_clinics_shows_them_all(site_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clinics, "A_PAGE", 1)
    walker = Walker(site_app).open("/en/clinics?page=2")
    names = {"".join(e.itertext()).strip() for e in walker.main.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Lambertseter", "Eidsvoll Sundet", "Råholt"} <= names


def test_the_list_says_who_is_open_and_what_makes_a_clinic_easy(site_app: Flask) -> None:
    text = words(site_app, "clinics")
    assert "Råholt Closed now, opens today 10:00 Mønsterbakken 7, 2070 RÅHOLT" in text
    assert "Today: 10:00–18:00 Here: way in without steps, quiet room" in text
    assert "lift, accessible toilet, hearing loop, a place to lie down, quiet room" in text
    assert "/en/clinicians" in inner_links(site_app.test_client().get("/en/clinics").text, "")


def test_a_clinic_says_when_it_is_open_this_week(site_app: Flask) -> None:
    text = words(site_app, RAHOLT)
    assert "Monday 1 March today 10:00–18:00 Tuesday 2 March 08:00–16:00" in text
    assert "Thursday 4 March closed" in text


def test_a_week_names_the_holiday_that_closes_a_day(site_app: Flask) -> None:
    with clinic_clock("2027-05-19T10:00"):
        assert "Monday 17 May closed Whit Monday, Constitution Day" in words(site_app, RAHOLT)
        assert "Mandag 17. mai stengt Andre pinsedag, Grunnlovsdagen" in words(site_app, RAHOLT, language="nb")


def test_a_week_tells_a_day_that_closes_early(site_app: Flask) -> None:
    with clinic_clock("2027-03-22T10:00"):
        text = words(site_app, LAMBERTSETER)
    assert "Wednesday 24 March 09:00–12:00 Easter week" in text
    assert "Friday 26 March closed Good Friday, Easter week" in text


def test_a_clinic_names_what_closes_it(site_app: Flask) -> None:
    text = words(site_app, RAHOLT)
    assert "Wednesday 24 March to Monday 29 March: Easter week" in text
    assert "Monday 17 May: Whit Monday, Constitution Day" in text
    assert "Ascension Day" not in text, "Thursdays are closed there anyway"


def test_a_clinic_tells_how_to_get_there_and_in(site_app: Flask) -> None:
    text = words(site_app, RAHOLT)
    for fact in (
        "Address Mønsterbakken 7, 2070 RÅHOLT",
        "Municipality and county Eidsvoll, Akershus",
        "Getting here Bus; rail stop Eidsvoll verk",
        "Parking Car park in front of the entrance, one disabled space",
        "Way in Entrance from the car park",
        "Without steps Yes Lift No Accessible toilet No Hearing loop No A place to lie down No Quiet room Yes",
        "Somebody last checked these facts on Monday 23 November 2026.",
    ):
        assert fact in text


@pytest.mark.parametrize("path", [LAMBERTSETER, EIDSVOLL, RAHOLT, "clinicians/live-demodatter"])
def test_who_offers_treatment_is_named_with_address_telephone_and_mail(site_app: Flask, path: str) -> None:
    text = words(site_app, path)
    found = [c for c in clinics_of_page(site_app, path) if f"Demoklinikkene {c.name} {c.address}" in text]
    assert found
    for clinic in found:
        assert f"{clinic.postcode} {clinic.place} Phone {clinic.phone_display}" in text
        assert clinic.email in text


def clinics_of_page(app: Flask, path: str) -> list[Clinic]:
    with app.app_context():
        return [c for c in all_clinics(db.session()) if path.startswith("clinicians/") or path.endswith(c.slug)]


def test_links_to_street_maps_lead_to_the_place_and_say_that_they_leave(site_app: Flask) -> None:
    links = main_links(site_app, LAMBERTSETER)
    assert links["OpenStreetMap (another site)"].endswith("#map=15/59.874/10.812")
    assert links["Google Maps (another site)"].endswith("query=59.874,10.812")
    main = Walker(site_app).open(f"/en/{LAMBERTSETER}").main
    leaving = [a for a in main.iter("a") if a.get("href").startswith("http")]
    assert len(leaving) == 2
    assert all(a.get("rel") == "noopener noreferrer" for a in leaving)
    assert "The street is invented" in words(site_app, LAMBERTSETER)


@only_sqlite
def test_a_clinic_of_which_little_is_known_has_a_page(demo_app: Flask) -> None:
    with demo_app.app_context():
        unknown = ("latitude", "longitude", "cover", "cover_alt", "parking", "phone_hours", "facts_on")
        db.session.execute(update(Clinic).values(dict.fromkeys(unknown)))
        db.session.commit()
    text = words(demo_app, RAHOLT)
    assert "Parking Ask us" in text
    assert "another site" not in text
    assert "last checked" not in text
    assert not list(Walker(demo_app).open(f"/en/{RAHOLT}").main.iter("figure"))


def test_a_clinic_says_who_is_authorised_and_what_is_spoken(site_app: Flask) -> None:
    text = words(site_app, LAMBERTSETER)
    assert "Ask Eksempel Chiropractor authorised health personnel Monday 09:00–17:00" in text
    assert "Live Demodatter Acupuncturist not an authorised profession Monday 12:00–18:00" in text
    assert "Languages spoken here: Norwegian, English, Polish" in text


def test_a_clinic_leads_to_booking_there(site_app: Flask) -> None:
    assert "/en/book?clinic=lambertseter" in inner_links(site_app.test_client().get(f"/en/{LAMBERTSETER}").text, "")


def test_until_when_a_visit_is_free_to_cancel_is_told_by_an_example(site_app: Flask) -> None:
    text = words(site_app, RAHOLT)
    assert "until 24 hours before it begins" in text
    assert "a visit on Monday 8 March 10:00 is free to cancel until Sunday 7 March 10:00." in text


@only_sqlite
def test_the_example_follows_the_clinic_s_own_rule(demo_app: Flask) -> None:
    with demo_app.app_context():
        db.session.execute(update(Clinic).values(cancel_hours=48))
        db.session.commit()
    text = words(demo_app, RAHOLT)
    assert "until 48 hours before it begins" in text
    assert "a visit on Monday 8 March 10:00 is free to cancel until Saturday 6 March 10:00." in text


# -- prices -----------------------------------------------------------------------------------------------------------


def test_prices_are_the_sum_of_the_visits(site_app: Flask) -> None:
    assert "NOK 8,090 for new patients and NOK 6,900 for returning patients" in words(site_app, RAHOLT)


def test_a_clinic_says_what_of_the_price_is_vat_where_somebody_is_not_authorised(site_app: Flask) -> None:
    assert "NOK 138 of the NOK 690 is 25 per cent VAT; you pay the same." in words(site_app, LAMBERTSETER)
    assert "25 per cent" not in words(site_app, RAHOLT)


def test_who_is_not_authorised_says_what_of_each_price_is_vat(site_app: Flask) -> None:
    text = words(site_app, "clinicians/live-demodatter")
    assert "Needle session 30 minutes NOK 690 of which 25% VAT: NOK 138" in text
    assert "First visit 60 minutes NOK 1,190 of which 25% VAT: NOK 238" in text
    assert "VAT" not in words(site_app, "clinicians/ask-eksempel")


def test_who_gives_no_needles_has_no_price_for_them(site_app: Flask) -> None:
    assert "Needle session 30 minutes" not in words(site_app, "clinicians/storm-fiktivsen")
    assert "First visit 60 minutes NOK 1,190" in words(site_app, "clinicians/storm-fiktivsen")


# -- what is free next ------------------------------------------------------------------------------------------------


def ahead(app: Flask, slug: str) -> tuple[Prospect | None, Prospect | None, dict[int, Clinician]]:
    """The soonest first visit and the soonest course at a clinic, and everybody by id."""
    with app.app_context():
        clinic = next(each for each in all_clinics(db.session()) if each.slug == slug)
        found = prospects(db.session(), office(), now=clock.now(), clinics={clinic.id})
        people = {each.id: each for each in all_clinicians(db.session())}
        return soonest_visit(found), soonest_course(found), people


def test_a_clinic_leads_to_the_soonest_course_with_its_clinician(site_app: Flask) -> None:
    _visit, course, people = ahead(site_app, "eidsvoll-sundet")
    assert course is not None
    assert course.course is not None
    query = parse_qs(urlsplit(main_links(site_app, EIDSVOLL)["See all nine"]).query)
    who = people[course.clinician_id]
    assert query == {"clinic": ["eidsvoll-sundet"], "clinician": [who.slug], "only": ["1"], "new": ["1"]}
    starts = course.course.starts_at.astimezone(OSLO)
    assert f"{starts:%A} {starts.day} {starts:%B %H:%M} with {who.name}" in words(site_app, EIDSVOLL)


def test_what_a_clinic_promises_is_what_the_planner_then_shows(site_app: Flask) -> None:
    _visit, course, _people = ahead(site_app, "raholt")
    assert course is not None
    assert course.course is not None
    starts = course.course.starts_at.astimezone(OSLO)
    planner = Walker(site_app).open(main_links(site_app, RAHOLT)["See all nine"])
    assert f"{starts:%A} {starts.day} {starts:%B}" in planner.text


def test_a_clinic_leads_to_the_soonest_first_visit(site_app: Flask) -> None:
    visit, _course, people = ahead(site_app, "raholt")
    assert visit is not None
    assert visit.visit_at is not None
    link = main_links(site_app, RAHOLT)["See free times"]
    assert link.startswith("/en/book/single?kind=first-visit&clinic=raholt&clinician=")
    assert link.endswith(people[visit.clinician_id].slug)
    assert Walker(site_app).open(link).status == 200


def test_the_soonest_of_two_courses_that_begin_together_is_the_one_that_ends_first() -> None:
    from booking.services.soonest import NextCourse

    early, late = (
        Prospect(1, who, NOW, NextCourse(None, NOW, NOW + timedelta(days=days), 0), NOW)
        for who, days in ((2, 56), (1, 63))
    )
    assert soonest_course([late, early]) == early
    assert soonest_course([]) is None
    assert soonest_visit([Prospect(1, 1, None, None, NOW)]) is None


# -- clinicians -------------------------------------------------------------------------------------------------------


def test_a_clinician_leads_to_the_planner_for_her_alone(site_app: Flask) -> None:
    link = main_links(site_app, "clinicians/bjork-provesen")["Book with Bjørk Prøvesen"]
    assert parse_qs(urlsplit(link).query) == {"clinician": ["bjork-provesen"], "only": ["1"], "new": ["1"]}
    assert Walker(site_app).open(link).status == 200


def test_who_gives_no_needles_is_booked_for_a_first_visit_only(site_app: Flask) -> None:
    links = main_links(site_app, "clinicians/storm-fiktivsen")
    assert links["Book a first visit with Storm Fiktivsen"].endswith("kind=first-visit&clinician=storm-fiktivsen")
    assert not [words for words in links if "nine" in words]


def test_a_clinician_has_what_is_free_at_each_of_her_clinics(site_app: Flask) -> None:
    links = main_links(site_app, "clinicians/bjork-provesen")
    assert "clinic=lambertseter&clinician=bjork-provesen&only=1&new=1" in links["See all nine at Lambertseter"]
    assert "clinic=raholt&clinician=bjork-provesen&only=1&new=1" in links["See all nine at Råholt"]


@pytest.mark.parametrize(("slug", "is_authorised"), [("ask-eksempel", True), ("live-demodatter", False)])
def test_a_clinician_says_whether_she_is_authorised_and_how_to_check_it(
    site_app: Flask, slug: str, is_authorised: bool
) -> None:
    text = words(site_app, f"clinicians/{slug}")
    assert ("not an authorised profession" in text) is not is_authorised
    link = main_links(site_app, f"clinicians/{slug}")["The register of health personnel (another site)"]
    assert link == "https://register.helsedirektoratet.no/Hpr"


@only_sqlite
def test_the_number_in_the_register_is_told_where_it_is_known(demo_app: Flask) -> None:
    assert "invented and not in it" in words(demo_app, "clinicians/ask-eksempel")
    with demo_app.app_context():
        db.session.execute(update(Clinician).where(Clinician.slug == "ask-eksempel").values(hpr_number="0000000"))
        db.session.commit()
    assert "The number in the register is 0000000." in words(demo_app, "clinicians/ask-eksempel")


def test_a_clinician_says_languages_and_whether_a_weak_current_is_used(site_app: Flask) -> None:
    assert "Uses a weak current Yes" in words(site_app, "clinicians/bjork-provesen")
    assert "Uses a weak current No" in words(site_app, "clinicians/ask-eksempel")
    assert "weak current" not in words(site_app, "clinicians/storm-fiktivsen")
    assert "Ukrainian" in words(site_app, "clinicians/froy-testad")


@pytest.mark.parametrize("path", ["clinics/nowhere", "clinicians/nobody"])
@both_languages
def test_what_is_not_there_is_not_found(site_app: Flask, language: str, path: str) -> None:
    assert site_app.test_client().get(f"/{language}/{path}").status_code == 404


# -- a large house ----------------------------------------------------------------------------------------------------


def many_more() -> None:
    add_clinics(db.session(), MANY)
    db.session.commit()


@only_sqlite
@pytest.mark.parametrize("path", ["clinics", LAMBERTSETER, "clinicians/ask-eksempel"])
def test_three_hundred_clinics_need_no_more_statements_than_three(demo_app: Flask, path: str) -> None:
    client, counts = demo_app.test_client(), []
    for more in (0, MANY):
        with demo_app.app_context():
            forget_looks()
            if more:
                once(many_more)
            db.session.remove()
            with counted() as seen:
                answer = client.get(f"/en/{path}")
            assert answer.status_code == 200
            read_strictly(answer.data)
            counts.append(len(seen.statements))
    assert counts[1] <= counts[0] + PORTIONS, counts
