"""A receptionist's morning: she signs in, books for a caller, moves, marks who came, plans an ill colleague's day anew.

Each part of it is a story of its own over the same busy house, by turns in Norwegian and in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
import time_machine
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Page
from sqlalchemy import select

from booking.domain.changing import Option
from booking.domain.period import at_wall, oslo
from booking.services import factors
from booking.services.accounts import open_session
from booking.services.courses import Channel
from booking.services.letters import compose
from booking.store.appointments import BOOKED, Appointment
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import Disruption
from booking.store.outbox import Message
from booking.store.people import Clinician
from tests.builders import NOW, TUESDAYS, course, office
from tests.conftest import ALL
from tests.journeys import axe, walks
from tests.journeys.behind import Behind
from tests.journeys.visitor import NARROW, WIDE, Visitor
from tests.journeys.walks import Person
from tests.services.changers import session_of, weeks
from tests.staff import FRIDA, PASSWORD, RITA, account
from tests.staff import Person as Colleague

Arrive = Callable[..., Visitor]

NORWEGIAN = ["nb", *(["en"] if ALL else [])]
ENGLISH = ["en", *(["nb"] if ALL else [])]

LAMBERTSETER = 1
SEND = "main form:not([action$='/drop']) .button:not(.quiet):not(.plain)"
DIALOG = "dialog.asked"
MOVED = ".notice.undo"
MANY = 8


@pytest.fixture
def at_desk(arrive: Arrive, behind: Behind) -> Arrive:
    """Who arrives works at the front desk of Lambertseter and is signed in."""

    def receptionist(language: str, width: int, **options: object) -> Visitor:
        visitor = arrive(language, width, **options)
        visitor.works_here = True
        with behind():
            key = open_session(account(RITA), "a browser", now=NOW)
            signer = SecureCookieSessionInterface().get_signing_serializer(behind.app)
        assert signer is not None
        name, value = behind.app.config["SESSION_COOKIE_NAME"], str(signer.dumps({"staff": key}))
        visitor.context.add_cookies([{"name": name, "value": value, "url": visitor.site}])
        return visitor

    return receptionist


# -- getting in -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "width", "who"), [("nb", NARROW, RITA), *([("en", WIDE, FRIDA)] if ALL else [])])
def test_she_signs_in_with_a_code_and_then_with_a_passkey(
    arrive: Arrive, behind: Behind, all_forms: bool, language: str, width: int, who: Colleague
) -> None:
    visitor = arrive(language, width, site=behind_a_name(behind))
    visitor.works_here = True
    show_password(visitor.open("staff"), who)
    axe.look(visitor, everything=all_forms)
    assert visitor.is_on("staff/account/factors")
    walks.click(visitor, "main a[href$='/factors/codes']")
    axe.look(visitor, everything=all_forms)
    key = re.sub(r"\W", "", visitor.page.locator("main p:not(.notice p) code").inner_text())
    visitor.page.fill("#code", code(behind, key))
    walks.click(visitor, SEND)
    assert visitor.page.locator("main li code").count() == factors.RECOVERY_CODES
    walks.click(visitor, "main .actions a.button")
    sign_out(visitor)

    show_password(visitor, who)
    assert visitor.is_on("staff/sign-in/second")
    axe.look(visitor, everything=all_forms)
    visitor.page.fill("#code", code(behind, key, later=30))
    walks.click(visitor, SEND)
    assert visitor.is_on("staff/clinics/[0-9]+/day")

    hold_authenticator(visitor.page)
    visitor.changed = True
    visitor.open("staff/account/factors")
    visitor.page.fill("form[data-passkey=create] input[name=name]", "skranken")
    walks.click(visitor, "form[data-passkey=create] .button")
    assert visitor.page.locator("main h3", has_text="skranken").count() == 1
    sign_out(visitor)
    walks.click(visitor, "form[data-passkey=get] .button")
    assert visitor.is_on("staff/clinics/[0-9]+/day")


def behind_a_name(behind: Behind) -> str:
    """The address of the site by a name, without which a browser makes no passkeys."""
    return behind.url.replace("127.0.0.1", "localhost")


def show_password(visitor: Visitor, who: Colleague) -> None:
    assert visitor.is_on("staff/sign-in")
    visitor.page.fill("#email", who.email)
    visitor.page.fill("#password", PASSWORD)
    walks.click(visitor, SEND)


def sign_out(visitor: Visitor) -> None:
    visitor.open("staff/account")
    walks.click(visitor, "form[action$='/staff/sign-out'] .button")


def code(behind: Behind, key: str, *, later: int = 0) -> str:
    """What an app shows that was given the key; in so many seconds."""
    with behind(), time_machine.travel(timedelta(seconds=later)):
        return factors.code_now(factors.secret_of(key))


def hold_authenticator(page: Page) -> None:
    """From here on the computer has one built in, which knows who holds it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = {**kind, "isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


# -- a caller ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ENGLISH)
def test_she_books_for_a_caller_who_has_no_e_mail(at_desk: Arrive, all_forms: bool, language: str) -> None:
    person, visitor = Person.new(), at_desk(language, WIDE)
    visitor.open("staff/book")
    axe.look_in_both_widths(visitor, everything=all_forms)
    page = visitor.page
    choose(page, "what", "course")
    page.fill("#name", person.name)
    page.fill("#born", f"{person.day}.5.1979")
    walks.click(visitor, SEND)
    assert visitor.is_on("staff/book/[^/]+/plan")
    before = page.locator("#proposals").element_handle()
    choose(page, "day", "tue")
    page.wait_for_function("before => !before.isConnected", arg=before)
    axe.look_in_both_widths(visitor, everything=all_forms)
    walks.click(visitor, "article.proposal form .button")
    assert visitor.is_on("staff/book/[^/]+/check")
    aloud = walks.times_of(visitor)
    assert len(aloud) == 10
    axe.look_in_both_widths(visitor, everything=all_forms)
    for name, value in (("gate", "no"), ("language", language)):
        choose(page, name, value)
    walks.click(visitor, SEND)
    assert visitor.is_on("staff/book/[^/]+/done")
    axe.look(visitor, everything=all_forms)
    walks.click(visitor, "main a[href$='/sheet']")
    axe.look(visitor, everything=all_forms)
    assert walks.times_of(visitor) == aloud


def choose(page: Page, name: str, value: str) -> None:
    """Presses what stands for the value."""
    page.locator("label.choice", has=page.locator(f"input[name={name}][value={value}]")).click()


# -- moving -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", NORWEGIAN)
def test_she_moves_by_drag_and_back_and_then_by_keys(
    at_desk: Arrive, behind: Behind, all_forms: bool, language: str
) -> None:
    with behind():
        session, option = with_a_free_place(behind, Person.new())
    start, to = oslo(session.starts_at), oslo(option.at.start)
    visitor = at_desk(language, WIDE)
    visitor.open(f"staff/clinicians/{session.clinician_id}/week?day={start.date()}")
    link = f".sheet a[href$='/staff/appointments/{session.id}']"
    drag(visitor.page, link, f".day[data-day='{to.date()}']", to.hour * 60 + to.minute)
    agree(visitor, all_forms)
    assert stands(visitor.page, link) == [str(to.date()), clock(to, language)]
    axe.look_in_both_widths(visitor, everything=all_forms)
    walks.click(visitor, f"{MOVED} .button")
    assert stands(visitor.page, link) == [str(start.date()), clock(start, language)]

    days, minutes = (to.date() - start.date()).days, (to.hour - start.hour) * 60 + to.minute - start.minute
    visitor.page.focus(link)
    keys = visitor.page.keyboard
    keys.press("m")
    for _ in range(abs(days)):
        keys.press("ArrowRight" if days > 0 else "ArrowLeft")
    for _ in range(abs(minutes) // int(visitor.page.get_attribute(".day", "data-grid") or 5)):
        keys.press("ArrowDown" if minutes > 0 else "ArrowUp")
    assert clock(to, language) in visitor.page.locator("[data-said]").inner_text()
    keys.press("Enter")
    agree(visitor, all_forms)
    assert stands(visitor.page, link) == [str(to.date()), clock(to, language)]
    assert visitor.page.locator(MOVED).count() == 1


def with_a_free_place(behind: Behind, person: Person) -> tuple[Appointment, Option]:
    """A session of this person's new course, and a place on another day of its week with the same clinician."""
    asked = replace(TUESDAYS, clinician="ask-eksempel", only_her=True)
    links = behind.book(person, asked)
    for number in range(2, 9):
        session = session_of(links.course_id, number)
        (own, *_) = weeks(session)
        for option in own.options:
            same = option.at.clinician == session.clinician_id and option.at.clinic == session.clinic_id
            if same and not option.along and oslo(option.at.start).date() != oslo(session.starts_at).date():
                return session, option
    raise AssertionError("there is no free place")


def drag(page: Page, link: str, column: str, minute: int) -> None:
    """Takes the appointment by its upper edge and drops it in the column at this minute of the day."""
    card, target = page.locator(link), page.locator(column)
    card.scroll_into_view_if_needed()
    first, last = (int(page.get_attribute("[data-sheet]", f"data-{name}") or 0) for name in ("from", "to"))
    held, box = card.bounding_box(), target.bounding_box()
    assert held is not None
    assert box is not None
    page.mouse.move(held["x"] + 20, held["y"] + 5)
    page.mouse.down()
    y = box["y"] + (minute - first) / (last - first) * box["height"]
    page.mouse.move(box["x"] + box["width"] / 2, y + 5, steps=5)
    page.mouse.up()


def agree(visitor: Visitor, all_forms: bool) -> None:
    """Reads in the dialog what the move changes, and says yes by keyboard."""
    visitor.page.wait_for_selector(DIALOG)
    axe.look(visitor, everything=all_forms)
    yes = f"{DIALOG} button[type=submit]"
    visitor.page.focus(yes)
    visitor.press()


def clock(moment: datetime, language: str) -> str:
    return f"{moment:%H.%M}" if language == "nb" else f"{moment:%H:%M}"


def stands(page: Page, link: str) -> list[str]:
    """The day and the time at which the schedule shows the appointment."""
    found: list[str] = page.locator(link).evaluate(
        "e => [e.closest('.day').dataset.day, e.querySelector('time').textContent]"
    )
    return found


# -- who came, without scripts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ENGLISH)
def test_without_scripts_she_marks_who_came_and_moves_by_form(at_desk: Arrive, behind: Behind, language: str) -> None:
    person = Person.new()
    links = behind.book(person)
    visitor = at_desk(language, WIDE, java_script_enabled=False)
    visitor.open(f"staff/clinics/{LAMBERTSETER}/today")
    row = visitor.page.locator("tr", has=visitor.page.locator("[value=reopen]")).first.get_attribute("id")
    assert press_status(visitor, f"#{row}", "reopen") == ["arrive", "fulfil", "miss"]
    assert press_status(visitor, f"#{row}", "miss") == ["reopen"]
    assert press_status(visitor, f"#{row}", "reopen") == ["arrive", "fulfil", "miss"]
    assert press_status(visitor, f"#{row}", "arrive") == ["fulfil", "reopen"]

    visitor.open("staff/patients")
    visitor.page.fill("#sought", person.name)
    walks.click(visitor, "main form[role=search] .button")
    assert visitor.is_on("staff/patients/[0-9]+")
    with behind():
        third = session_of(links.course_id, 3)
    walks.click(visitor, f"main a[href$='/staff/appointments/{third.id}']")
    walks.click(visitor, "main a[href$='/move']")
    walks.click(visitor, "main a[href*='/move?to=']")
    walks.click(visitor, SEND)
    assert visitor.page.locator(MOVED).count() == 1
    with behind():
        assert session_of(links.course_id, 3).starts_at != third.starts_at
    walks.click(visitor, f"{MOVED} .button")
    with behind():
        assert session_of(links.course_id, 3).starts_at == third.starts_at


def press_status(visitor: Visitor, row: str, action: str) -> list[str]:
    """Presses a button of an appointment in the list of today; which there are then."""
    walks.click(visitor, f"{row} button[value={action}]")
    buttons = visitor.page.locator(f"{row} button[name=action]")
    left: list[str] = buttons.evaluate_all("all => all.map((e) => e.value)")
    return left


# -- an ill clinician -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", NORWEGIAN)
def test_she_plans_eight_patients_of_an_ill_clinician_anew_and_one_chooses_another_time(
    at_desk: Arrive, arrive: Arrive, behind: Behind, all_forms: bool, language: str
) -> None:
    person = Person.new()
    ill, day = a_full_day_with(behind, person, language)
    visitor = at_desk(language, WIDE)
    visitor.open(f"staff/clinicians/{ill}/absences")
    axe.look_in_both_widths(visitor, everything=all_forms)
    page = visitor.page
    page.fill("#first", str(day))
    choose(page, "kind", "illness")
    walks.click(visitor, SEND)
    assert page.locator("#touched + ul li").count() >= MANY
    axe.look(visitor, everything=all_forms)
    walks.click(visitor, SEND)
    assert visitor.is_on("staff/replan/[0-9]+")
    proposal = page.url
    axe.look_in_both_widths(visitor, everything=all_forms)
    assert page.locator("main table tbody tr").count() >= MANY
    walks.click(visitor, "button[value=all]")
    axe.look_in_both_widths(visitor, everything=all_forms)

    patient = arrive(language, NARROW)
    patient.chosen = True
    patient.open(link_in_mail(behind, person))
    axe.look(patient, everything=all_forms)
    other = patient.page.locator("main ul button[name=answer]").first.get_attribute("value")
    walks.click(patient, "main ul button[name=answer]")
    assert patient.page.locator("main button").count() == 0
    axe.look(patient, everything=all_forms)
    with behind():
        kari = db.session.scalars(select(Course).where(Course.email == person.email)).one()
        assert other in {str(int(each.starts_at.timestamp())) for each in kari.appointments}

    visitor.open("staff/replan")
    axe.look_in_both_widths(visitor, everything=all_forms)
    assert person.name not in page.locator("main").inner_text()
    visitor.open(urlsplit(proposal).path)
    assert person.name in page.locator("main").inner_text()


def a_full_day_with(behind: Behind, person: Person, language: str) -> tuple[int, date]:
    """A clinician, and a day on which she has at least eight patients, of whom this person is one."""
    asked = replace(TUESDAYS, clinician="bjork-provesen", only_her=True)
    links = behind.book(person, asked, language=language, channel=Channel.INVITATIONS)
    with behind():
        ill = db.session.scalars(select(Clinician.id).where(Clinician.slug == asked.clinician)).one()
        days = [oslo(each.starts_at) for each in course(links.course_id).appointments if each.kind == "session"]

        def patients(day: date) -> int:
            rows = db.session.scalars(
                select(Appointment.starts_at).where(Appointment.clinician_id == ill, Appointment.status == BOOKED)
            )
            return sum(oslo(start).date() == day for start in rows)

        full = max((day.date() for day in days), key=patients)
        assert patients(full) >= MANY
        return ill, full


def test_ill_today_is_one_press_and_a_mistake_is_taken_back_by_another(
    at_desk: Arrive, behind: Behind, all_forms: bool
) -> None:
    with behind():
        before = visits_today()
        clinician, _ = next(iter(before.values()))
    visitor = at_desk("en", NARROW)
    visitor.open(f"staff/clinicians/{clinician}/week")
    visitor.skip().tab_to("form[action$='/ill-today'] .button").press()
    assert visitor.is_on("staff/replan/[0-9]+")
    axe.look(visitor, everything=all_forms)
    assert visitor.page.locator("main table tbody tr").count() == [who for who, _ in before.values()].count(clinician)
    visitor.skip().tab_to("form[action$='/absences/remove'] .button").press()
    assert visitor.is_on(f"staff/clinicians/{clinician}/absences")
    with behind():
        assert visits_today() == before
        mistaken = db.session.scalars(select(Disruption).where(Disruption.clinician_id == clinician)).all()[-1]
        assert mistaken.closed_at is not None


def visits_today() -> dict[int, tuple[int, datetime]]:
    """Clinician and start of every appointment that is still booked for today where she works."""
    rest = Appointment.starts_at > NOW, Appointment.starts_at < at_wall(NOW.date() + timedelta(days=1), 0)
    rows = db.session.scalars(
        select(Appointment)
        .where(Appointment.clinic_id == LAMBERTSETER, Appointment.status == BOOKED, *rest)
        .order_by(Appointment.id)
    )
    return {row.id: (row.clinician_id, row.starts_at) for row in rows}


def link_in_mail(behind: Behind, person: Person) -> str:
    """The link in the message about her new time."""
    with behind():
        mine = select(Message).where(Message.kind == "replanned", Message.recipient == person.email)
        message = db.session.scalars(mine).one()
        plain = message_from_bytes(compose(db.session(), office(), message), policy=policy.default).get_body(("plain",))
    assert plain is not None
    found = re.search(r"https?://[^/]+(/\w+/new-time/\S+)", plain.get_content())
    assert found
    return found[1]


# -- the pages --------------------------------------------------------------------------------------------------------


def test_her_pages_fit_a_phone_and_axe_finds_nothing(at_desk: Arrive, behind: Behind, all_forms: bool) -> None:
    links = behind.book(Person.new())
    with behind():
        kari, third = course(links.course_id), session_of(links.course_id, 3)
        patient, clinician, day = kari.patient_id, third.clinician_id, oslo(third.starts_at).date()
    visitor = at_desk("en", WIDE)
    pages = (
        *([f"clinicians/{clinician}/week?day={day}"] if all_forms else []),  # she reads it while she moves
        f"clinics/{LAMBERTSETER}/day",
        f"clinics/{LAMBERTSETER}/today",
        f"patients/{patient}",
        f"appointments/{third.id}",
        f"appointments/{third.id}/move",
        "calls",
        "more",
    )
    for number, page in enumerate(pages):
        visitor.language = ("nb", "en")[number % 2]
        visitor.open(f"staff/{page}")
        axe.look_in_both_languages(visitor, everything=all_forms)
