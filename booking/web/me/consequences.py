"""Consequences: what a change costs and what is sent because of it, said before the button that makes it."""

from __future__ import annotations

from datetime import timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from booking.domain.appointment import Charge
from booking.services import wording
from booking.services.changes import UNDO_FOR
from booking.services.invitations import INVITATIONS
from booking.services.links import Opened
from booking.web.language import current_language
from booking.web.pictures import day_at_time


def cost_words(charge: Charge) -> str:
    """What it costs to move or cancel now, with the moment up to which it is free."""
    until = day_at_time(charge.free_until)
    if charge.excused:
        return _(
            "It was free until %(until)s. This once it costs nothing all the same; another late change in this course"
            " costs the full price.",
            until=until,
        )
    if charge.amount:
        price = wording.price(charge.amount, current_language())
        return _("It costs %(price)s, because it was free only until %(until)s.", price=price, until=until)
    return _("It costs nothing until %(until)s.", until=until)


def short_cost(charge: Charge) -> str:
    """The same in few words, for a list."""
    if charge.amount:
        return _("Costs %(price)s.", price=wording.price(charge.amount, current_language()))
    if charge.excused:
        return _("Late, but free this once.")
    return _("Free.")


def undo_words() -> str:
    minutes = wording.minutes(UNDO_FOR // timedelta(minutes=1), current_language())
    return _("You can undo it for %(minutes)s.", minutes=minutes)


def sent_words(opened: Opened, *changed: int) -> str:
    """What is sent after that time, when so many visits are changed; several numbers where it depends on the choice. A
    helper is told no address."""
    course = opened.course
    if course.email is None:
        return _("We send no e-mail, because we have no address. The change stands on this page.")
    to = course.name if opened.helper else course.email
    if course.channel == INVITATIONS and len(changed) > 1:
        return _("Then we send one e-mail to %(to)s, and one for the calendar for each visit that changes.", to=to)
    if course.channel == INVITATIONS:
        return ngettext(
            "Then we send one e-mail to %(to)s, and one for the calendar.",
            "Then we send one e-mail to %(to)s, and %(num)s for the calendar, one for each visit.",
            *changed,
            to=to,
        )
    words = [_("Then we send one e-mail to %(to)s.", to=to)]
    if course.channel == "subscription":
        words.append(_("The calendar follows by itself."))
    if course.channel == "file":
        words.append(_("It says what to change in your calendar."))
    return " ".join(words)
