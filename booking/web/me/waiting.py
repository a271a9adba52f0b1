"""Waiting: what somebody waits for, what is offered to her, and where she takes it, says no, or leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.appointment import Action, Status, may
from booking.domain.errors import DoesNotFit, NotAllowed, OfferOver, SlotTaken
from booking.domain.period import moment_of
from booking.services import offers, waiting, wording
from booking.services.changes import appointment_of, charge
from booking.services.holds import find_hold
from booking.services.links import Opened
from booking.services.proposals import UnknownWish
from booking.services.wishes import Unreadable, asked_of, parsed
from booking.store.appointments import Appointment
from booking.store.courses import RUNNING, Course
from booking.store.database import db
from booking.store.holds import Hold
from booking.store.waiting import TAKEN, Waiter, WaitingOffer, offers_to, waiter_for_visit
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.steps import next_url, this_draft
from booking.web.book.visitor import this_visitor
from booking.web.book.waiting import wish_rows
from booking.web.book.words import kept_until_words
from booking.web.forms.fields import read_id
from booking.web.forms.waiting import VisitWaitForm, hours_name, working_days
from booking.web.forms.wishes import day_name, part_name
from booking.web.language import current_language
from booking.web.me.consequences import cost_words, sent_words, undo_words
from booking.web.office import office
from booking.web.pictures import Row, day_at_time, rows_of

GONE = 409
"""What a form is answered with whose offer is over."""


# -- for a course, behind a link of her own ---------------------------------------------------------------------------


@open_to(Rule.WAITER_LINK)
def waiting_for_course(token: str) -> str:
    return _course_page(g.waiter)


@open_to(Rule.WAITER_LINK)
def answer_course(token: str) -> ResponseReturnValue:
    """Says yes to the list; takes what is offered, and goes on to the questions of a booking; says no; or leaves."""
    waiter: Waiter = g.waiter
    answer, offer_id = _sent()
    if answer == "yes":
        waiting.confirm(waiter.id, now=clock.now())
    if answer == "take":
        return _take_course(waiter, offer_id)
    _refuse_or_leave(waiter, answer, offer_id)
    return redirect(url_for("me.waiting", token=token), 303)


def _take_course(waiter: Waiter, offer_id: int) -> ResponseReturnValue:
    visitor = this_visitor()
    try:
        offers.take_course(office(), waiter.id, offer_id, visitor, now=clock.now())
    except OfferOver:
        db.session.rollback()
        return _course_page(db.session.get_one(Waiter, waiter.id), over=True), GONE
    g.hold = find_hold(db.session(), office(), visitor.secret)
    return redirect(next_url(this_draft()), 303)


def _course_page(waiter: Waiter, *, over: bool = False) -> str:
    session, now, house = db.session(), clock.now(), House(db.session())
    made = offers_to(session, waiter.id)
    offer = offers.offer_open(session, waiter, now=now)
    return render_template(
        "me/waiting.html",
        state=_state(waiter, offer, made, now=now),
        over=over,
        offer=offer or (made[-1] if made else None),
        last=made[-1].answer if made and offer is None else None,
        kept_until=kept_until_words(offer.expires_at, now=now) if offer else "",
        rows=_offered_rows(house, offer) if offer else [],
        about=_about(house, offer) if offer else [],
        wishes=_wishes(house, waiter),
        hours=hours_name(waiter.offer_hours),
        until=waiter.until,
        plan_url=f"{url_for('book.plan')}?{waiter.query}",
    )


def _state(waiter: Waiter, offer: WaitingOffer | None, made: list[WaitingOffer], *, now: datetime) -> str:
    """offered; asked: whether she wants to wait; waits; ended; taken: she took times and can go on; booked."""
    if offer is not None:
        return "offered"
    if made and made[-1].answer == TAKEN:
        hold = db.session.get(Hold, made[-1].hold_id) if made[-1].hold_id else None
        if hold is None:
            return "ended"
        return "taken" if hold.course_id is None else "booked"
    if waiter.ended_at is not None or waiter.until <= now:
        return "ended"
    return "asked" if waiter.confirmed_at is None else "waits"


def _offered_rows(house: House, offer: WaitingOffer) -> list[Row]:
    hold = db.session.get(Hold, offer.hold_id) if offer.hold_id else None
    return rows_of([house.held(time) for time in hold.times], notes=False) if hold else []


def _about(house: House, offer: WaitingOffer) -> list[str]:
    """With whom and where, each once, and what it costs."""
    hold = db.session.get(Hold, offer.hold_id) if offer.hold_id else None
    if hold is None:
        return []
    people = dict.fromkeys(house.who(time.clinician_id) for time in hold.times)
    places = dict.fromkeys(house.clinics[time.clinic_id] for time in hold.times)
    price = wording.price(sum(time.price for time in hold.times), current_language())
    where = [f"{place.name}, {place.full_address}" for place in places]
    return [*people, *where, _("%(price)s in all", price=price)]


def _wishes(house: House, waiter: Waiter) -> list[dict[str, str]]:
    try:
        return wish_rows(house, asked_of(parsed(waiter.query)))
    except (Unreadable, UnknownWish):
        return []


# -- for a visit of a course, behind the course's link ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is waited for: a better time of `appointment`, or, without one, one for a session that is missing."""

    opened: Opened
    appointment: Appointment | None
    token: str

    @classmethod
    def here(cls, token: str, id: int | None) -> Wanted:
        """Raises UnknownAppointment."""
        opened: Opened = g.opened
        appointment = None if id is None else appointment_of(db.session(), opened.course.id, id)
        return cls(opened, appointment, token)

    def again(self) -> Wanted:
        """The same, read afresh."""
        return Wanted.here(self.token, self.appointment.id if self.appointment else None)

    @property
    def course(self) -> Course:
        return self.opened.course

    @property
    def url(self) -> str:
        if self.appointment is None:
            return url_for("me.wait_missing", token=self.token)
        return url_for("me.wait", token=self.token, id=self.appointment.id)

    @property
    def answer_url(self) -> str:
        if self.appointment is None:
            return url_for("me.answer_missing", token=self.token)
        return url_for("me.answer_wait", token=self.token, id=self.appointment.id)

    @property
    def back_url(self) -> str:
        if self.appointment is None:
            return url_for("me.course", token=self.token)
        return url_for("me.visit", token=self.token, id=self.appointment.id)

    @property
    def days(self) -> list[date]:
        """The working days of the appointment's week; any, for a session that is missing."""
        return working_days(self.appointment.starts_at if self.appointment else clock.now())

    @property
    def waiter(self) -> Waiter | None:
        appointment_id = self.appointment.id if self.appointment else None
        return waiter_for_visit(db.session(), self.course.id, appointment_id, now=clock.now())

    @property
    def possible(self) -> bool:
        """Whether anybody can wait for it now."""
        if self.course.status != RUNNING or self.course.email is None:
            return False
        if self.appointment is None:
            return waiting.has_a_hole(db.session(), self.course)
        period = self.appointment.period
        return may(self.opened.actor, Action.MOVE, Status(self.appointment.status), period, now=clock.now())


@open_to(Rule.COURSE_LINK)
def wait(token: str, id: int) -> ResponseReturnValue:
    return _wait(Wanted.here(token, id))


@open_to(Rule.COURSE_LINK)
def wait_missing(token: str) -> ResponseReturnValue:
    return _wait(Wanted.here(token, None))


@open_to(Rule.COURSE_LINK)
def answer_wait(token: str, id: int) -> ResponseReturnValue:
    return _answer(Wanted.here(token, id))


@open_to(Rule.COURSE_LINK)
def answer_missing(token: str) -> ResponseReturnValue:
    return _answer(Wanted.here(token, None))


def _wait(wanted: Wanted) -> ResponseReturnValue:
    """Asks which times would do, shows what she waits for, or what is offered to her."""
    form = VisitWaitForm(wanted.days)
    if request.method == "POST" and wanted.possible and form.validate():
        _join(wanted, form)
        return redirect(wanted.url, 303)
    page = _wait_page(wanted, form)
    return page, 422 if form.errors else 200


def _join(wanted: Wanted, form: VisitWaitForm) -> None:
    hours, by, now = int(form.hours.data), wanted.opened.actor, clock.now()
    course_id, query = wanted.course.id, form.query()
    if wanted.appointment is None:
        waiting.wait_for_missing(office(), course_id, query, hours, by=by, now=now)
    else:
        waiting.wait_for_visit(office(), course_id, wanted.appointment.id, query, hours, by=by, now=now)


def _answer(wanted: Wanted) -> ResponseReturnValue:
    answer, offer_id = _sent()
    waiter = wanted.waiter
    if answer != "take":
        if waiter is not None:
            _refuse_or_leave(waiter, answer, offer_id)
        return redirect(wanted.url, 303)
    course_id, by, now = wanted.course.id, wanted.opened.actor, clock.now()
    try:
        if waiter is not None:
            offers.take_visit(office(), course_id, waiter.id, offer_id, by=by, now=now, at=clock.machine_now())
    except (OfferOver, DoesNotFit, SlotTaken, NotAllowed):
        db.session.rollback()
        return _wait_page(wanted.again(), None, over=True), GONE
    return redirect(url_for("me.course", token=wanted.token, _anchor="changed"), 303)


def _wait_page(wanted: Wanted, form: VisitWaitForm | None, *, over: bool = False) -> str:
    now, house, waiter = clock.now(), House(db.session()), wanted.waiter
    offer = offers.offer_open(db.session(), waiter, now=now) if waiter else None
    return render_template(
        "me/wait.html",
        form=form if waiter is None else None,
        wanted=wanted,
        over=over,
        helper=wanted.opened.helper,
        waiter=waiter,
        offer=offer,
        kept_until=kept_until_words(offer.expires_at, now=now) if offer else "",
        chosen=_chosen(house, wanted.appointment),
        offered=_offered(house, offer) if offer else [],
        cost=_cost(wanted, now=now) if offer else "",
        sent=f"{undo_words()} {sent_words(wanted.opened, len(offer.times))}" if offer else "",
        wishes=_visit_wishes(waiter) if waiter else [],
        token=wanted.token,
    )


def _chosen(house: House, appointment: Appointment | None) -> list[str]:
    if appointment is None:
        return []
    who, where = house.who(appointment.clinician_id), house.clinic(appointment.clinic_id)
    return [wording.sentence(day_at_time(appointment.starts_at)), who, where]


def _offered(house: House, offer: WaitingOffer) -> list[str]:
    clinic, clinician, start, _end = offer.times[0]
    words = [wording.sentence(day_at_time(moment_of(start))), house.who(clinician), house.clinic(clinic)]
    moved = [day_at_time(moment_of(start)) for _clinic, _clinician, start, _end in offer.times[1:]]
    return words + [_("The review moves along, to %(moment)s.", moment=moment) for moment in moved]


def _cost(wanted: Wanted, *, now: datetime) -> str:
    if wanted.appointment is None:
        return _("It costs what the session costs, paid at the visit.")
    return cost_words(charge(db.session(), wanted.course, wanted.appointment, now=now))


def _visit_wishes(waiter: Waiter) -> list[dict[str, str]]:
    asked = asked_of(parsed(waiter.query))
    days = ", ".join(day_name(day) for day in sorted(asked.days)) or _("any")
    parts = "; ".join(part_name(part) for part in sorted(asked.parts, key=lambda part: part.minutes)) or _("any time")
    return [
        {"term": _("Days"), "text": days},
        {"term": _("Time of day"), "text": parts},
        {"term": _("We keep a time for you"), "text": hours_name(waiter.offer_hours)},
    ]


# -- both -------------------------------------------------------------------------------------------------------------


def _sent() -> tuple[str, int]:
    """What was clicked, and on which offer; -1 for what is no number."""
    return request.form.get("answer", ""), read_id(request.form.get("offer"))


def _refuse_or_leave(waiter: Waiter, answer: str, offer_id: int) -> None:
    if answer == "refuse":
        offers.refuse(waiter.id, offer_id, now=clock.now())
    if answer == "leave":
        waiting.leave(waiter.id, now=clock.now())
