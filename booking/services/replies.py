"""Replies: what comes back by mail: answers of patients' calendars, and reports that a mail of ours failed.

An answer is a note: it never moves or cancels anything. Whatever a stranger sends, the receiver goes on; what is
refused is logged with its reason, and never with an address or a word of the mail.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from sqlalchemy.orm import Session

from booking.domain.period import OSLO, seconds_of
from booking.ical.reply import Answer, NoReply, Proposal, ReplyMessage, read_reply
from booking.mail.imap import ImapMailbox, MailboxError
from booking.mail.inbound import NothingForUs, Report, read_mail
from booking.services.delivery import course_of, give_up, what_happened
from booking.services.invitations import News, tell
from booking.services.office import Office
from booking.store.appointments import BOOKED, Appointment
from booking.store.courses import course_to_change
from booking.store.database import utc
from booking.store.outbox import Message
from booking.store.replies import Invited, Reply, all_replies_to, appointment_by_uid, invited, message_by_ids
from booking.store.unit_of_work import unit_of_work

BOUNCED = "bounced"

CLOCKS_DIFFER = timedelta(days=1)
"""So far ahead the clock of a patient's calendar may be; an answer stamped later would outdo all that follow."""

FURTHEST_PROPOSAL = timedelta(days=400)

UNWELCOME = (Answer.DECLINED, Answer.COUNTER)
"""After these the patient is told how to move or cancel."""

log = structlog.get_logger()


class Refusal(StrEnum):
    """Why a mail is refused that could be read; the words stand in the log."""

    UNREADABLE = "unreadable"
    UNKNOWN_UID = "unknown uid"
    UNKNOWN_MAIL = "report of an unknown mail"
    NOT_FAILED = "report of no failure"
    OTHER_ATTENDEE = "another attendee"
    TAKEN_BACK = "the invitation was taken back"
    OLD_SEQUENCE = "an older sequence"
    UNSENT_SEQUENCE = "a sequence that was never sent"
    MOVED = "moved meanwhile"
    NOT_BOOKED = "not booked any more"
    OVER = "begun or over"
    OLD_STAMP = "an older stamp"
    FUTURE_STAMP = "stamped in the future"
    REPEATED = "repeated"


class Refused(Exception):
    """A mail is refused. `ours`: it tells of an appointment or a mail of ours, so nobody needs to read it."""

    def __init__(self, reason: str, *, ours: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ours = ours


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a mail. `taken`: the answer, or `BOUNCED`; None if it was refused, for `reason`."""

    taken: str | None
    reason: str | None
    ours: bool


def receive(office: Office, raw: bytes, *, now: datetime, at: datetime) -> Received:
    """Takes one mail that came in, as bytes. The same mail twice is taken once.

    Raises nothing for what stands in the mail; what the database raises is the caller's, who has the mail come again.
    """
    mail = hashlib.sha256(raw).hexdigest()[:12]
    try:
        taken = _take(office, _read(raw, mail), now=now, at=at)
    except Refused as refused:
        log.info("mail refused", mail=mail, reason=refused.reason)
        return Received(None, refused.reason, refused.ours)
    log.info("mail taken", mail=mail, kind=taken)
    return Received(taken, None, ours=True)


def poll(office: Office, mailbox: ImapMailbox, *, now: datetime, at: datetime) -> int:
    """Takes what is new in the mailbox; how many mails were looked at. A mailbox that is away is only logged."""
    try:
        return mailbox.read_new(lambda raw: receive(office, raw, now=now, at=at).ours)
    except MailboxError as error:
        log.warning("mailbox not read", reason=error.reason)
        return 0


def _read(raw: bytes, mail: str) -> ReplyMessage | Report:
    try:
        found = read_mail(raw)
        return found if isinstance(found, Report) else read_reply(found.text, zone=OSLO, method=found.method)
    except NothingForUs as error:
        raise Refused(error.flaw.value, ours=False) from None
    except NoReply as error:
        raise Refused(error.fault.value, ours=False) from None
    except Exception as error:  # no mail may keep those behind it from being read
        log.error("mail cannot be read", mail=mail, **what_happened(error))
        raise Refused(Refusal.UNREADABLE.value, ours=False) from None


def _take(office: Office, found: ReplyMessage | Report, *, now: datetime, at: datetime) -> str:
    """What was taken. Raises Refused."""
    if isinstance(found, Report):
        report = found
        return unit_of_work(lambda session: _take_report(session, report, at=at))
    reply = found
    return unit_of_work(lambda session: _take_answer(session, office, reply, now=now, at=at))


# -- reports ----------------------------------------------------------------------------------------------------------


def _take_report(session: Session, report: Report, *, at: datetime) -> str:
    found = message_by_ids(session, report.message_ids)
    course = course_of(session, found) if found is not None else None
    message = found and session.get(Message, found.id, with_for_update=True, populate_existing=True)
    if message is None:
        raise Refused(Refusal.UNKNOWN_MAIL.value, ours=False)
    if not report.failed:
        raise Refused(Refusal.NOT_FAILED.value, ours=True)
    if message.given_up_at is not None:
        raise Refused(Refusal.REPEATED.value, ours=True)
    message.error = f"{BOUNCED} {report.status}".strip()
    give_up(session, course, message, at=utc(at))
    return BOUNCED


# -- answers ----------------------------------------------------------------------------------------------------------


def _take_answer(session: Session, office: Office, reply: ReplyMessage, *, now: datetime, at: datetime) -> str:
    appointment = appointment_by_uid(session, reply.uid) if reply.uid.isascii() and reply.uid.isprintable() else None
    if appointment is None:
        raise Refused(Refusal.UNKNOWN_UID.value, ours=False)
    course = course_to_change(session, appointment.course_id)
    session.refresh(appointment)
    invitation = _invitation(session, appointment, reply)
    _refuse_stale(appointment, invitation, reply, now=now, at=at)
    earlier = all_replies_to(session, appointment.id, sequence=reply.sequence)
    answer = reply.answers[invitation.recipient.casefold()]
    _refuse_older(earlier, reply.stamp, answer)
    proposal = _sensible(reply.proposal, appointment, now=now)
    session.add(_reply(appointment, reply, answer, proposal, now=now))
    if answer in UNWELCOME and not any(other.answer in UNWELCOME for other in earlier):
        more = {"proposed": seconds_of(proposal.start) if proposal else None}
        tell(session, office, course, News.DECLINED, [appointment], now=now, at=at, more=more)
    return answer.value


def _invitation(session: Session, appointment: Appointment, reply: ReplyMessage) -> Invited:
    """The newest message about the appointment to whoever answers."""
    for invitation in reversed(invited(session, appointment.course_id)):
        if invitation.appointment_id == appointment.id and invitation.recipient.casefold() in reply.answers:
            return invitation
    raise Refused(Refusal.OTHER_ATTENDEE.value, ours=True)


def _refuse_stale(
    appointment: Appointment, invitation: Invited, reply: ReplyMessage, *, now: datetime, at: datetime
) -> None:
    """Raises Refused for an answer that is not about the appointment as it stands."""
    refusals = {
        Refusal.TAKEN_BACK: invitation.taken_back,
        Refusal.OLD_SEQUENCE: reply.sequence < invitation.sequence,
        Refusal.UNSENT_SEQUENCE: reply.sequence > invitation.sequence,
        Refusal.NOT_BOOKED: appointment.status != BOOKED,
        Refusal.OVER: appointment.starts_at <= now,
        Refusal.MOVED: invitation.period != appointment.period,
        Refusal.FUTURE_STAMP: reply.stamp > max(now, at) + CLOCKS_DIFFER,
    }
    for refusal, holds in refusals.items():
        if holds:
            raise Refused(refusal.value, ours=True)


def _refuse_older(earlier: list[Reply], stamp: datetime, answer: Answer) -> None:
    """The newest DTSTAMP wins; of two with one stamp, as some calendars write them, that which came last."""
    if any(other.stamped_at == stamp and other.answer == answer for other in earlier):
        raise Refused(Refusal.REPEATED.value, ours=True)
    if earlier and stamp < earlier[-1].stamped_at:
        raise Refused(Refusal.OLD_STAMP.value, ours=True)


def _sensible(proposal: Proposal | None, appointment: Appointment, *, now: datetime) -> Proposal | None:
    """The proposal if it is to come, not too far away, and another time than the one there is."""
    if proposal is None or proposal.start == appointment.starts_at:
        return None
    return proposal if now < proposal.start < now + FURTHEST_PROPOSAL else None


def _reply(
    appointment: Appointment, reply: ReplyMessage, answer: Answer, proposal: Proposal | None, *, now: datetime
) -> Reply:
    return Reply(
        appointment_id=appointment.id,
        answer=answer.value,
        sequence=reply.sequence,
        stamped_at=utc(reply.stamp),
        proposed_start=proposal.start if proposal else None,
        proposed_end=proposal.end if proposal else None,
        received_at=utc(now),
    )
