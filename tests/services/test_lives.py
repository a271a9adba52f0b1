"""Lives: random courses that are moved, missed, cancelled, undone, planned anew, and what must hold after each step.

Claims are those of live appointments and live holds; sessions keep their spacing; what is offered can be had; what a
calendar program shows after all messages in order is what stands, by invitations and by subscription; each batch of
changes is one readable mail, and one that was undone is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import pairwise
from typing import Any, ClassVar

import pytest
from flask import current_app
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from booking.domain.appointment import Actor
from booking.domain.changing import Week
from booking.domain.errors import HoldExpired
from booking.domain.period import oslo
from booking.domain.protocol import StepKind
from booking.services import changes
from booking.services.changes import Place
from booking.services.courses import Channel, Details
from booking.services.feeds import feed_for
from booking.services.links import FEED, token_of
from booking.services.preferences import choose_channel
from booking.services.proposals import Asked
from booking.services.reminders import write_due
from booking.services.replanning import hold_rest, replan, rest_proposal
from booking.services.replies import receive
from booking.services.settlement import settle_due
from booking.store.appointments import BOOKED, LIVE, NOSHOW, Appointment
from booking.store.changes import open_changes
from booking.store.courses import links_of
from booking.store.database import db
from booking.store.outbox import Message
from booking.store.protocols import protocol_by_id
from booking.store.unit_of_work import unit_of_work
from tests.builders import NOW, booked, choice, course, held, office
from tests.claims import assert_claims_match
from tests.conftest import ALL, application
from tests.journeys.client import CalendarProgram
from tests.people import KARI, SIV
from tests.servers.databases import Content, Databases
from tests.services.outbox import deliver

Standing = dict[int, tuple[datetime, int, int]]
"""Start, clinic and clinician of the live appointments, by id."""

WAITS = [timedelta(minutes=3), timedelta(minutes=11), timedelta(hours=20), timedelta(days=3), timedelta(days=9)]
CHANNELS = [Channel.INVITATIONS, Channel.SUBSCRIPTION]

which = st.integers(0, 1)
number = st.integers(0, 30)


class Lives(RuleBasedStateMachine):
    """Two patients who want the same clinic, each with a course and a calendar program, from before a clock change."""

    databases: ClassVar[Databases]
    backend: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.now = NOW
        self.ids: list[int] = []
        self.programs = [CalendarProgram(), CalendarProgram()]
        self.told: list[Standing] = []
        self.batches = [0, 0]
        self.subscribed = [False, True]
        self.read = 0
        self.noes: set[tuple[str, datetime]] = set()

    @initialize(
        start=st.dates(date(2027, 3, 1), date(2027, 4, 12)),
        days=st.frozensets(st.integers(0, 4), min_size=2, max_size=3),
    )
    def book(self, start: date, days: frozenset[int]) -> None:
        url = self.databases.new(self.backend, Content.DEMONSTRATION, "lives")
        self.stack.callback(self.databases.drop, url)
        app = self.stack.enter_context(contextmanager(application)(url))
        self.stack.enter_context(app.app_context())
        for person, channel in zip((KARI, SIV), CHANNELS, strict=True):
            asked = Asked(clinics=("lambertseter",), days=days, start=start)
            hold_id = held(choice(asked, now=self.now), visitor=person.name, now=self.now)
            self.ids.append(booked(hold_id, replace(person, channel=channel), now=self.now).course_id)
            self.told.append(self.standing(-1))

    def teardown(self) -> None:
        self.stack.close()

    # -- what people do -----------------------------------------------------------------------------------------------

    @rule(who=which, visit=number, option=number)
    def move(self, who: int, visit: int, option: int) -> None:
        appointment = self.one_coming(who, visit)
        if appointment is None:
            return
        weeks = changes.weeks_for(db.session(), office(), course(self.ids[who]), appointment, now=self.now)
        place = one_of(weeks, option)
        if place is not None:
            self.act(changes.move, who, appointment.id, place)
            assert self.standing(who)[appointment.id] == (place.start, place.clinic_id, place.clinician_id)

    @rule(who=which, visit=number)
    def cancel(self, who: int, visit: int) -> None:
        appointment = self.one_coming(who, visit)
        if appointment is not None:
            self.act(changes.cancel, who, appointment.id)
            assert appointment.id not in self.standing(who)

    @rule(who=which)
    def cancel_rest(self, who: int) -> None:
        coming = self.coming(who)
        assert self.act(changes.cancel_rest, who) == len(coming)
        assert not self.coming(who)

    @rule(who=which, option=number)
    def extend(self, who: int, option: int) -> None:
        place = one_of(changes.weeks_for_extra(db.session(), office(), course(self.ids[who]), now=self.now), option)
        if place is not None:
            before = len(self.standing(who))
            self.act(changes.extend, who, place)
            assert len(self.standing(who)) == before + 1

    @rule(who=which, days=st.frozensets(st.integers(0, 4), min_size=1, max_size=3), plan=st.integers(0, 2))
    def plan_anew(self, who: int, days: frozenset[int], plan: int) -> None:
        if not any(a.kind == StepKind.SESSION for a in self.coming(who)):
            return
        asked = Asked(clinics=("lambertseter",), days=days, start=oslo(self.now).date())
        plans = rest_proposal(db.session(), office(), course(self.ids[who]), asked, now=self.now).plans
        if not plans:
            return
        before, chosen = self.standing(who), plans[plan % len(plans)]
        hold_rest(office(), self.ids[who], chosen, now=self.now)
        db.session.rollback()
        assert self.standing(who) == before
        self.act(replan, who)
        starts = [start for start, _, _ in self.standing(who).values()]
        assert {each.start for each in chosen.appointments} <= set(starts)

    @rule(who=which, option=number)
    def change_and_undo(self, who: int, option: int) -> None:
        before = self.standing(who)
        if not self.coming(who):
            return
        self.cancel(who, option)
        self.undo(who)
        assert self.standing(who) == before

    @rule(who=which)
    def undo(self, who: int) -> None:
        for change in changes.undoable(db.session(), self.ids[who], now=self.now)[:1]:
            self.act(changes.undo, who, change.id)

    @rule(who=which)
    def send_now(self, who: int) -> None:
        changes.send_now(office(), self.ids[who], by=Actor.PATIENT, now=self.now, at=self.now)
        db.session.rollback()

    @rule(who=which)
    def miss(self, who: int) -> None:
        """The clinic notes that she did not come to her last appointment."""

        def work(session: Session) -> None:
            over = select(Appointment).where(Appointment.course_id == self.ids[who], Appointment.status == BOOKED)
            rows = session.scalars(over.where(Appointment.ends_at <= self.now).order_by(Appointment.starts_at.desc()))
            for appointment in rows.all()[:1]:
                appointment.status = NOSHOW

        unit_of_work(work)

    @rule(who=which, channel=st.sampled_from(CHANNELS))
    def choose_channel(self, who: int, channel: Channel) -> None:
        choose_channel(office(), self.ids[who], channel.value, now=self.now, at=self.now)
        self.subscribed[who] |= channel is Channel.SUBSCRIPTION
        db.session.rollback()

    @rule(who=which, visit=number)
    def decline(self, who: int, visit: int) -> None:
        """She says no in her calendar: that is noted and answered with a mail, and changes nothing."""
        self.read_mail()
        coming = {a.uid: a for a in self.coming(who)}
        shown = {uid: each for uid, each in self.programs[who].entries.items() if uid in coming and not each.cancelled}
        if not shown:
            return
        uid = sorted(shown)[visit % len(shown)]
        before = self.standing(who)
        answer = a_no((KARI, SIV)[who], uid, shown[uid].sequence, self.now)
        received = receive(office(), answer, now=self.now, at=self.now)
        db.session.rollback()
        assert self.standing(who) == before
        if shown[uid].sequence == coming[uid].sequence and course(self.ids[who]).channel == Channel.INVITATIONS:
            said = (uid, self.now) in self.noes
            assert received.taken == "declined" or (said and received.reason == "repeated")
        self.noes.add((uid, self.now))
        mails = db.session.scalars(select(Message).where(Message.kind == "declined")).all()
        assert len(mails) == len({(mail.appointment_id, str(mail.facts.get("sequence"))) for mail in mails})

    @rule(who=which, days=st.frozensets(st.integers(0, 4), min_size=1, max_size=3))
    def let_a_plan_expire(self, who: int, days: frozenset[int]) -> None:
        """She has other times kept for the rest, and does not come back before they are let go."""
        if not any(a.kind == StepKind.SESSION for a in self.coming(who)):
            return
        asked = Asked(clinics=("lambertseter",), days=days, start=oslo(self.now).date())
        plans = rest_proposal(db.session(), office(), course(self.ids[who]), asked, now=self.now).plans
        if not plans:
            return
        before = self.standing(who)
        hold_rest(office(), self.ids[who], plans[0], now=self.now)
        db.session.rollback()
        self.wait(office().hold + timedelta(minutes=1))
        with pytest.raises(HoldExpired):
            replan(office(), self.ids[who], by=Actor.PATIENT, now=self.now, at=self.now)
        assert self.standing(who) == before

    @rule(wait=st.sampled_from(WAITS))
    def wait(self, wait: timedelta) -> None:
        self.now += wait
        settle_due(office(), now=self.now, at=self.now)
        write_due(office(), now=self.now, at=self.now)
        db.session.rollback()

    # -- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def claims_are_those_of_what_stands(self) -> None:
        if self.ids:
            assert_claims_match(db.session(), now=self.now)

    @invariant()
    def sessions_keep_their_spacing(self) -> None:
        for course_id in self.ids:
            row = course(course_id)
            protocol = protocol_by_id(db.session(), row.protocol_id)
            stand = [a for a in row.appointments if a.status in LIVE and a.status != NOSHOW]
            days = [oslo(a.starts_at).date() for a in stand if a.kind == StepKind.SESSION]
            for early, late in pairwise(days):
                left_out = (late - timedelta(late.weekday()) - early + timedelta(early.weekday())).days // 7 - 1
                assert left_out >= 0
                assert protocol.spaced((late - early).days, left_out)

    @invariant()
    def calendars_show_what_stands(self) -> None:
        if not self.ids:
            return
        self.read_mail()
        for who, program in enumerate(self.programs):
            if self.subscribed[who]:  # once she has, her program asks for ever
                program.fetch(self.feed(who))
            row = course(self.ids[who])
            if row.channel == Channel.INVITATIONS and open_changes(db.session(), row.id):
                continue  # nobody was told yet
            now = oslo(self.now).replace(tzinfo=None)
            shown = [start for start in program.shown if start > now]
            assert shown == sorted(oslo(a.starts_at).replace(tzinfo=None) for a in self.coming(who))

    @invariant()
    def each_batch_is_one_mail(self) -> None:
        for who, course_id in enumerate(self.ids):
            if not open_changes(db.session(), course_id):
                self.note_told(who, self.standing(who))
            mails = select(Message).where(Message.course_id == course_id, Message.kind == "changed")
            assert len(db.session.scalars(mails).all()) == self.batches[who]

    @invariant()
    def nobody_is_reminded_twice(self) -> None:
        if self.ids:
            mails = db.session.scalars(select(Message).where(Message.kind == "reminder"))
            told = Counter(
                (mail.recipient, str(mail.facts["appointments"]), mail.facts.get("rung"), mail.medium) for mail in mails
            )
            assert all(times == 1 for times in told.values())

    # -- small things -------------------------------------------------------------------------------------------------

    def act(self, verb: Callable[..., Any], who: int, *what: Any) -> Any:
        """Does it, and notes what was told before if this was the end of an earlier batch."""
        before, waiting = self.standing(who), open_changes(db.session(), self.ids[who])
        done = verb(office(), self.ids[who], *what, by=Actor.PATIENT, now=self.now, at=self.now)
        db.session.rollback()
        if verb is not changes.undo and any(change.settled_at is not None for change in waiting):
            self.note_told(who, before)
        return done

    def note_told(self, who: int, stood: Standing) -> None:
        if stood != self.told[who]:
            self.told[who] = stood
            self.batches[who] += 1

    def coming(self, who: int) -> list[Appointment]:
        return [a for a in course(self.ids[who]).appointments if a.status == BOOKED and a.starts_at > self.now]

    def one_coming(self, who: int, visit: int) -> Appointment | None:
        coming = self.coming(who)
        return coming[visit % len(coming)] if coming else None

    def standing(self, who: int) -> Standing:
        rows = course(self.ids[who]).appointments
        return {a.id: (a.starts_at, a.clinic_id, a.clinician_id) for a in rows if a.status in LIVE}

    def read_mail(self) -> None:
        deliver(current_app.extensions["mailbox"], self.now)
        db.session.rollback()
        sent = db.session.scalars(select(Message).where(Message.id > self.read).order_by(Message.id)).all()
        for message in sent:
            assert message.body is not None, message.error
            self.read = message.id
            if message.kind in ("request", "cancel"):
                self.programs[self.ids.index(message.course_id or 0)].receive(message.body)

    def feed(self, who: int) -> bytes:
        token = token_of(office(), links_of(db.session(), self.ids[who])[FEED])
        return feed_for(db.session(), office(), token, now=self.now).body


def a_no(person: Details, uid: str, sequence: int, now: datetime) -> bytes:
    """What a calendar program sends when its owner declines (RFC 5546, 3.2.3)."""
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//EN", "METHOD:REPLY", "BEGIN:VEVENT"),
        *(f"UID:{uid}", f"SEQUENCE:{sequence}", f"DTSTAMP:{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"),
        *(f"ORGANIZER:mailto:{office().mail_from}", f"ATTENDEE;PARTSTAT=DECLINED:mailto:{person.email}"),
        *("END:VEVENT", "END:VCALENDAR", ""),
    )
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = person.email, office().mail_from, "No"
    mail.set_content("\r\n".join(lines), subtype="calendar", params={"method": "REPLY"})
    return mail.as_bytes()


def one_of(weeks: tuple[Week, ...], option: int) -> Place | None:
    """One of what is offered; the first most often, as patients choose."""
    options = [each.at for week in weeks for each in week.options[:5]]
    if not options:
        return None
    at = options[option % len(options)]
    return Place(at.start, at.clinician, at.clinic)


def test_whatever_happens_nothing_is_lost_doubled_or_told_wrongly(databases: Databases, backend: str) -> None:
    machine = type("LivesHere", (Lives,), {"databases": databases, "backend": backend})
    few, many = (3, 12), (150, 30)
    examples, steps = many if ALL else few
    kinds = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    how = settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=kinds, deadline=None)
    run_state_machine_as_test(machine, settings=how)
