"""The waiting list in a real browser: joined by keyboard, an offer taken, in both languages, read by axe."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from booking.services.links import waiter_token
from booking.store.appointments import Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.waiting import Waiter
from tests.builders import booked_course, office
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import IN_ENGLISH, IN_NORWEGIAN, Visitor
from tests.journeys.walks import Person
from tests.services.waiters import (
    Stretch,
    end_all_wishes,
    forget_freed,
    give_back,
    options_that_week,
    round_of_the_worker,
    times_of_the_next_plan,
    waits_for_course,
    waits_for_visit,
)
from tests.web.pages import links_now

Arrive = Callable[..., Visitor]
WISHES = "clinic=lambertseter&day=mon&from=2027-03-22"


@pytest.fixture(autouse=True)
def nobody_else_waits(behind: Behind) -> None:
    """The house is shared: who waits in it since an earlier story would be offered what is given back in this one."""
    with behind():
        end_all_wishes()
        forget_freed()


@pytest.mark.parametrize(("language", "width"), IN_NORWEGIAN)
def test_joining_by_keyboard(arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int) -> None:
    person = Person.new()
    visitor = arrive(language, width).open(f"book/plan?{WISHES}")
    visitor.skip().tab_to("main a[href*='/book/wait']").press()
    assert visitor.is_on("book/wait")
    axe.look(visitor, everything=all_forms)
    visitor.skip().tab_to(walks.MAIN_BUTTON).press()
    axe.look(visitor, everything=all_forms)
    visitor.write("#name", person.name).write("#email", person.email)
    visitor.tab_to(walks.MAIN_BUTTON).press()
    assert visitor.is_on("book/wait/noted")
    axe.look(visitor, everything=all_forms)
    with behind():
        asked = db.session.scalars(select(Waiter).where(Waiter.email == person.email)).one()
        assert asked.confirmed_at is None
        path = f"waiting/{waiter_token(office(), asked.id)}"
    visitor.open(path)
    axe.look(visitor, everything=all_forms)
    visitor.skip().tab_to("main button[value=yes]").press()
    assert visitor.is_on(path)
    assert visitor.page.locator("main button[value=yes]").count() == 0
    with behind():
        assert db.session.get_one(Waiter, asked.id).confirmed_at is not None


@pytest.mark.parametrize(("language", "width"), IN_ENGLISH)
def test_an_offered_course_is_taken_by_keyboard(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int
) -> None:
    with behind():
        waiter_id = waits_for_course(Person.new().email)
        give_back(times_of_the_next_plan())
        assert round_of_the_worker() == 1
        path = f"waiting/{waiter_token(office(), waiter_id)}"
    visitor = arrive(language, width).open(path)
    axe.look(visitor, everything=all_forms)
    visitor.chosen = True
    visitor.skip().tab_to("main button[value=take]").press()
    assert visitor.is_on("book/health")


@pytest.mark.parametrize(("language", "width"), IN_NORWEGIAN)
def test_a_better_time_is_taken_by_keyboard(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int
) -> None:
    with behind():
        kari = booked_course(email=Person.new().email, mobile=None)
        visit, better = a_visit_with_a_better_time(kari)
        path = f"course/{links_now(kari.id).token}/visits/{visit.id}/wait"
    visitor = arrive(language, width).open(path)
    axe.look(visitor, everything=all_forms)
    with behind():
        waits_for_visit(kari, visit)
        give_back([better])
        assert round_of_the_worker() == 1
    visitor.open(path)
    axe.look(visitor, everything=all_forms)
    visitor.skip().tab_to("main button[value=take]").press()
    assert not visitor.is_on(".*/wait")


def a_visit_with_a_better_time(course: Course) -> tuple[Appointment, Stretch]:
    """A session of the course, and a time on another day of its week; the house is busy, and not every week has one."""
    for visit in course.appointments[2:]:
        for option in options_that_week(course, visit) if visit.kind == "session" else ():
            return visit, option
    raise AssertionError("no week has another time")
