"""How it goes: asked once, answered or not, kept encrypted, forgotten in time, and told of in groups only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy

import pytest
from cryptography.fernet import Fernet
from flask import Flask, current_app
from sqlalchemy import select

from booking.domain.errors import NotAsked
from booking.domain.outcome import Answers, Figures, Moment, Published, asked_at, closes_at
from booking.domain.period import oslo
from booking.services.courses import release
from booking.services.letters import compose
from booking.services.links import page_url
from booking.services.office import Office
from booking.services.outcomes import HowItGoes, answer, ask_due, figures, how_it_goes, withdraw
from booking.services.privacy import forget_outcomes, rotate_keys, unseal
from booking.services.proposals import Asked
from booking.store.appointments import CANCELLED, NOSHOW, Appointment
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.outcomes import Outcome
from booking.store.reminders import Reminder, ReminderWish
from tests.builders import NOW, UNSURE, booked, booked_course, course, held, office
from tests.calendars import rules
from tests.services.started import AFTER_10_WEEKS, AFTER_A_YEAR, started

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _in_the_app(demo_app: Flask) -> Iterator[None]:
    with demo_app.app_context():
        yield


def first_of(course_id: int) -> Appointment:
    """Session 1: the first that was not missed or cancelled."""
    sessions = [a for a in course(course_id).appointments if a.kind == "session"]
    return next(a for a in sessions if a.status not in (CANCELLED, NOSHOW))


def say(course_id: int, moment: Moment, pain: int | None, change: int | None = None, *, days: int) -> None:
    """Answers so many days after session 1."""
    answer(office(), course_id, moment, Answers(pain, change), now=first_of(course_id).starts_at + days * DAY)


def seen(course_id: int, *, days: int = -1, by: Office | None = None) -> HowItGoes:
    """What the patient sees so many days after session 1."""
    found = course(course_id)
    told = how_it_goes(db.session(), by or office(), found, now=first_of(course_id).starts_at + days * DAY)
    assert told
    return told


def outcomes() -> list[Outcome]:
    db.session.rollback()
    return list(db.session.scalars(select(Outcome).order_by(Outcome.course_id, Outcome.moment)))


def mails() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.kind == "questions").order_by(Message.id)))


def set_status(appointment_id: int, status: str) -> None:
    db.session.get_one(Appointment, appointment_id).status = status
    db.session.commit()


# -- answering --------------------------------------------------------------------------------------------------------


def test_answers_are_seen_by_who_gave_them() -> None:
    kari = booked_course()
    say(kari.id, Moment.BASELINE, 8, days=-1)
    say(kari.id, Moment.WEEK_10, 5, 2, days=70)
    say(kari.id, Moment.YEAR, 0, -3, days=364)
    told = seen(kari.id, days=364)
    assert told.given == {
        Moment.BASELINE: Answers(8),
        Moment.WEEK_10: Answers(5, 2),
        Moment.YEAR: Answers(0, -3),
    }
    assert (told.open, told.next) == (Moment.YEAR, None)


def test_answering_again_replaces_what_was_said() -> None:
    kari = booked_course()
    say(kari.id, Moment.WEEK_10, 5, 2, days=63)
    say(kari.id, Moment.WEEK_10, None, 1, days=84)
    assert seen(kari.id).given == {Moment.WEEK_10: Answers(None, 1)}
    assert len(outcomes()) == 1


def test_leaving_out_everything_keeps_nothing() -> None:
    kari = booked_course()
    say(kari.id, Moment.BASELINE, None, days=-1)
    assert outcomes() == []
    say(kari.id, Moment.BASELINE, 4, days=-1)
    say(kari.id, Moment.BASELINE, None, days=-1)
    assert outcomes() == []


def test_before_the_start_only_pain_is_asked_for() -> None:
    kari = booked_course()
    say(kari.id, Moment.BASELINE, 8, 3, days=-1)
    assert seen(kari.id).given == {Moment.BASELINE: Answers(8)}


@pytest.mark.parametrize(
    ("moment", "days"),
    [
        (Moment.BASELINE, -8),
        (Moment.BASELINE, 1),
        (Moment.WEEK_10, 62),
        (Moment.WEEK_10, 85),
        (Moment.YEAR, 334),
        (Moment.YEAR, 396),
        (Moment.YEAR, 70),
    ],
)
def test_outside_of_its_window_nothing_is_kept(moment: Moment, days: int) -> None:
    kari = booked_course()
    with pytest.raises(NotAsked):
        say(kari.id, moment, 5, days=days)
    assert outcomes() == []


def test_answers_can_be_deleted_after_their_window_too() -> None:
    kari = booked_course()
    say(kari.id, Moment.BASELINE, 8, days=-1)
    say(kari.id, Moment.WEEK_10, 5, days=70)
    withdraw(office(), kari.id, Moment.BASELINE)
    withdraw(office(), kari.id, Moment.BASELINE)
    assert seen(kari.id, days=100).given == {Moment.WEEK_10: Answers(5)}


def test_who_has_one_visit_is_not_asked() -> None:
    single = booked_course(asked=Asked(protocol="needle-session", clinics=("raholt",), start=NOW.date()))
    assert how_it_goes(db.session(), office(), single, now=NOW) is None
    with pytest.raises(NotAsked):
        answer(office(), single.id, Moment.BASELINE, Answers(5), now=NOW)


def test_who_gave_her_times_back_is_not_asked() -> None:
    made = booked(held(), check=UNSURE)
    release(office(), made.reference, now=NOW, at=NOW)
    assert how_it_goes(db.session(), office(), course(made.course_id), now=NOW) is None


def test_the_clock_starts_with_the_first_session_that_she_came_to() -> None:
    kari = booked_course()
    missed = first_of(kari.id)
    say(kari.id, Moment.BASELINE, 8, days=-6)
    set_status(missed.id, NOSHOW)
    told = seen(kari.id)
    assert told.start - missed.starts_at == 7 * DAY
    assert told.given == {}, "what was said thirteen days before is no baseline"
    assert told.open is Moment.BASELINE


# -- kept and forgotten -----------------------------------------------------------------------------------------------


def test_answers_are_encrypted() -> None:
    kari = booked_course()
    say(kari.id, Moment.WEEK_10, 8, -2, days=70)
    (row,) = outcomes()
    assert b"pain" not in row.answers
    assert unseal(office(), row.answers) == {"pain": 8, "change": -2}


def test_what_is_kept_is_as_long_whatever_she_answers() -> None:
    kari, lengths = booked_course(), set()
    for pain, change in ((0, 0), (10, -3), (None, 3), (10, None), (5, -1)):
        say(kari.id, Moment.WEEK_10, pain, change, days=70)
        lengths.add(len(outcomes()[0].answers))
    assert len(lengths) == 1


def test_answers_are_encrypted_anew_with_a_new_key() -> None:
    kari = booked_course()
    say(kari.id, Moment.BASELINE, 8, days=-1)
    before, new = outcomes()[0].answers, Fernet.generate_key().decode()
    rotate_keys(replace(office(), health_keys=(new, *office().health_keys)))
    assert outcomes()[0].answers != before
    assert seen(kari.id, by=replace(office(), health_keys=(new,))).baseline == 8


def test_answers_are_forgotten_a_year_after_the_last_questions() -> None:
    kari = booked_course()
    for moment, days in ((Moment.BASELINE, -1), (Moment.WEEK_10, 70), (Moment.YEAR, 395)):
        say(kari.id, moment, 5, days=days)
    over = closes_at(Moment.YEAR, first_of(kari.id).starts_at) + office().outcomes_kept
    assert forget_outcomes(office(), now=over - timedelta(seconds=1)) == 0
    assert forget_outcomes(office(), now=over) == 3
    assert outcomes() == []


def test_answers_of_a_course_that_never_began_are_forgotten_a_year_after_they_were_given() -> None:
    kari = booked_course()
    say(kari.id, Moment.BASELINE, 5, days=-1)
    (row,) = outcomes()
    for each in course(kari.id).appointments:
        set_status(each.id, CANCELLED)
    assert forget_outcomes(office(), now=row.answered_at + office().outcomes_kept - timedelta(seconds=1)) == 0
    assert forget_outcomes(office(), now=row.answered_at + office().outcomes_kept) == 1


# -- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moment", "days"), [(Moment.WEEK_10, 70), (Moment.YEAR, 364)])
def test_questions_come_on_their_day_and_once(moment: Moment, days: int) -> None:
    kari = booked_course()
    start = first_of(kari.id).starts_at
    due = asked_at(moment, start)
    assert (oslo(due).date() - oslo(start).date()).days == days
    assert ask_due(office(), now=due - timedelta(seconds=1), at=NOW) == 0
    assert ask_due(office(), now=due, at=NOW) == 1
    assert ask_due(office(), now=due, at=NOW) == ask_due(office(), now=due + DAY, at=NOW) == 0
    (mail,) = mails()
    assert mail.recipient == "kari@example.com"
    (kept,) = db.session.scalars(select(Reminder)).all()
    assert (kept.course_id, kept.rung, kept.recipient, kept.medium) == (kari.id, moment.value, "patient", "mail")


def test_two_workers_at_once_ask_once() -> None:
    kari, app = booked_course(), current_app._get_current_object()  # type: ignore[attr-defined]
    due = asked_at(Moment.WEEK_10, first_of(kari.id).starts_at)

    def ask(number: int) -> int:
        with app.app_context():
            return ask_due(office(), now=due, at=NOW)

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(ask, range(8))) == 1
    assert len(mails()) == 1


def test_a_worker_that_was_away_asks_until_the_window_is_over() -> None:
    kari = booked_course()
    over = closes_at(Moment.WEEK_10, first_of(kari.id).starts_at)
    assert ask_due(office(), now=over, at=NOW) == 0
    assert ask_due(office(), now=over - timedelta(seconds=1), at=NOW) == 1


def test_who_has_answered_is_not_asked() -> None:
    kari = booked_course()
    say(kari.id, Moment.WEEK_10, 5, days=63)
    assert ask_due(office(), now=asked_at(Moment.WEEK_10, first_of(kari.id).starts_at), at=NOW) == 0


def test_who_cannot_be_mailed_is_not_asked() -> None:
    kari = booked_course(email=None)
    assert ask_due(office(), now=asked_at(Moment.WEEK_10, first_of(kari.id).starts_at), at=NOW) == 0


def wish(course_id: int, *, questions: bool = True, quiet_from: int = 0, quiet_until: int = 0) -> None:
    row = ReminderWish(
        course_id=course_id,
        week=True,
        two_days=True,
        morning=True,
        by_mail=True,
        by_sms=False,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        questions=questions,
    )
    db.session.add(row)
    db.session.commit()


def test_who_wants_no_questions_by_mail_is_not_asked() -> None:
    kari = booked_course()
    wish(kari.id, questions=False)
    assert ask_due(office(), now=asked_at(Moment.WEEK_10, first_of(kari.id).starts_at), at=NOW) == 0


def test_questions_wait_until_quiet_hours_are_over() -> None:
    kari = booked_course()
    wish(kari.id, quiet_from=22 * 60, quiet_until=11 * 60)
    due = asked_at(Moment.WEEK_10, first_of(kari.id).starts_at)
    assert ask_due(office(), now=due + timedelta(minutes=59), at=NOW) == 0
    assert ask_due(office(), now=due + timedelta(minutes=60), at=NOW) == 1


def test_a_first_session_that_moves_asks_nobody_twice() -> None:
    kari = booked_course()
    first = first_of(kari.id)
    assert ask_due(office(), now=asked_at(Moment.WEEK_10, first.starts_at), at=NOW) == 1
    set_status(first.id, NOSHOW)
    assert ask_due(office(), now=asked_at(Moment.WEEK_10, first_of(kari.id).starts_at), at=NOW) == 0


@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_mails_lead_to_the_questions_and_say_nothing_of_health(language: str) -> None:
    kari = booked_course(language=language)
    say(kari.id, Moment.BASELINE, 8, days=-1)
    start = first_of(kari.id).starts_at
    for moment in (Moment.WEEK_10, Moment.YEAR):
        ask_due(office(), now=asked_at(moment, start), at=datetime(2026, 11, 23, tzinfo=UTC))
    link = page_url(office(), links_of(db.session(), kari.id)["page"], language)
    for number, message in enumerate(mails()):
        body = compose(db.session(), office(), message)
        rules.check_plain_mail(body)
        mail = message_from_bytes(body, policy=policy.default)
        assert not re.search(r"\d|pain|smert|needl|nål|health|helse|fibro", str(mail["Subject"]).casefold())
        for kind in ("plain", "html"):
            part = mail.get_body((kind,))
            assert part
            text = str(part.get_content())
            assert f"{link}/questions" in text
            assert not re.search(r"smert|\bpain\b|needl|nåle|\b8 ", text.casefold())
            assert (f"/{language}/book" in text) == (number == 1), "the second one has a way to book"


# -- groups -----------------------------------------------------------------------------------------------------------


def told(moment: Moment, *, now: datetime) -> Published[int]:
    db.session.rollback()
    return figures(db.session(), office(), now=now)[moment]


def test_a_clinic_is_told_of_ten_patients_and_not_of_nine() -> None:
    ten, nine = started([((8, 5, 6), 10)], [((8, 4, None), 9)])
    week_10 = told(Moment.WEEK_10, now=AFTER_10_WEEKS)
    assert week_10.groups[ten].mean_percent == Decimal("-37.5")
    assert week_10.groups[ten].answered_percent == Decimal("100.0")
    assert week_10.groups[nine] == week_10.together == Figures()


def test_who_did_not_answer_is_missing_from_the_figures_and_is_counted() -> None:
    (here,) = started([((8, 4, 8), 10), ((8, None, None), 4), ((None, 3, 3), 1)])
    week_10, year = (told(moment, now=AFTER_A_YEAR).groups[here] for moment in (Moment.WEEK_10, Moment.YEAR))
    assert (week_10.started, week_10.with_baseline, week_10.answered) == (15, 14, 10)
    assert week_10.answered_percent == Decimal("66.7")
    assert (week_10.mean_percent, year.mean_percent) == (Decimal("-50.0"), Decimal("0.0"))


def test_nobody_is_counted_who_can_answer_still() -> None:
    (here,) = started([((8, 4, None), 10)])
    assert told(Moment.WEEK_10, now=AFTER_10_WEEKS - 2 * DAY).groups == {}
    assert told(Moment.WEEK_10, now=AFTER_10_WEEKS).groups[here].started == 10
    assert told(Moment.YEAR, now=AFTER_10_WEEKS).groups == {}


def test_who_is_forgotten_is_not_counted_as_silent() -> None:
    started([((8, 4, 4), 10)])
    assert told(Moment.WEEK_10, now=AFTER_A_YEAR).together.started == 10
    later = AFTER_A_YEAR + office().outcomes_kept
    assert forget_outcomes(office(), now=later) == 30
    assert told(Moment.WEEK_10, now=later).together == Figures()
