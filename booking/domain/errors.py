"""What the clinic refuses, as facts; what a person reads about it stands elsewhere."""

from __future__ import annotations

from booking.domain.password import PasswordFault


class BookingError(Exception):
    """Base of every refusal."""


class SlotTaken(BookingError):
    """Some of the times were taken meanwhile; `positions` are the places in the list that was asked for."""

    def __init__(self, positions: tuple[int, ...] = ()) -> None:
        super().__init__("taken", positions)
        self.positions = positions


class DoesNotFit(BookingError):
    """A time that session `number` of the course cannot be moved to: not free, another week, or too near or far."""

    def __init__(self, number: int) -> None:
        super().__init__("does not fit", number)
        self.number = number


class HoldExpired(BookingError):
    """The held times were given back before they were confirmed."""


class TooManyHolds(BookingError):
    """One address keeps more times than a household needs."""


class UnknownCourse(BookingError):
    """No course has this reference or secret link."""


class AnotherCourseRuns(BookingError):
    """The patient has a course that is not over; she takes one at a time."""


class UnknownArticle(BookingError):
    """No article, or no version of its text, has this name."""


class NotPending(BookingError):
    """The course or comment waits for no decision."""


class UnknownComment(BookingError):
    """No comment that can be read has this number or secret link."""


class TooYoung(BookingError):
    """Under 16: a guardian books by telephone (patient rights act, section 4-3)."""


class NotAllowed(BookingError):
    """Somebody may not do this to an appointment: not she, not any more, or not in its status."""

    def __init__(self, action: str, status: str) -> None:
        super().__init__("not allowed", action, status)
        self.action, self.status = action, status


class ChangedMeanwhile(BookingError):
    """Somebody else has changed it since it was shown; what she did stands, and nothing was changed over it."""


class AnswerOver(BookingError):
    """What she was asked cannot be answered so any more: she has answered, she was moved again, or time is up."""


class SettledAlready(BookingError):
    """Nothing is left to settle about it: the patient has answered, or somebody has settled it."""


class MadeUpFor(BookingError):
    """A missed session cannot be taken back: another one stands for it by now."""


class UnknownFee(BookingError):
    """Nothing is owed under this number (any more)."""


class UnknownAppointment(BookingError):
    """The course has no such appointment."""


class NothingToUndo(BookingError):
    """No change of the course can be undone any more: its time is up, it was sent, or it was undone before."""


class TooManyAttempts(BookingError):
    """The same was tried too often within some time."""


class SignInOver(BookingError):
    """The link by which somebody wants to sign in was used before, or is too old."""


class WrongSignIn(BookingError):
    """Somebody who works at the clinics did not show what lets her in: who, or what was wrong, is not told."""


class PasswordRefused(BookingError):
    """A password that somebody who works at the clinics cannot have; `fault` says why."""

    def __init__(self, fault: PasswordFault) -> None:
        super().__init__("password", fault)
        self.fault = fault


class UnknownAccount(BookingError):
    """Nobody who works at the clinics has this address."""


class AccountExists(BookingError):
    """The address, or the clinician, has an account already."""


class LastFactor(BookingError):
    """The last second factor of somebody who must have one."""


class TooManyHelpers(BookingError):
    """A course has as many helpers as it can have."""


class NotAsked(BookingError):
    """The questions of this moment cannot be answered now: their window is over, or has not begun."""


class UnknownWaiter(BookingError):
    """Nobody waits behind this secret link."""


class OfferOver(BookingError):
    """Times that were offered to who waits cannot be had any more: she answered, or the offer ran out."""
