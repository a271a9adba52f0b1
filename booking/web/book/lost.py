"""Lost times: which are gone, the nearest three for each, and back to the check with every answer kept."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.course import Planned
from booking.domain.errors import DoesNotFit, SlotTaken
from booking.services import wording
from booking.services.holds import hold
from booking.services.proposals import UnknownWish
from booking.services.rescue import Offer, Place, Rescue
from booking.services.wishes import place_text
from booking.store.database import db
from booking.web import clock
from booking.web.access import Rule, open_to
from booking.web.book.house import House
from booking.web.book.steps import Draft, chosen_words, course_url, fresh, next_url, step_names, this_draft, times_url
from booking.web.book.visitor import this_visitor
from booking.web.forms.check import Offered, lost_form
from booking.web.office import office
from booking.web.pictures import day_at_time, name_of


@open_to(Rule.VISITOR)
def lost() -> ResponseReturnValue:
    if g.hold.course_id is not None:
        return redirect(course_url(g.hold.course_id), 303)
    draft, house = this_draft(), House(db.session())
    rescue = Rescue(db.session(), office(), draft.hold, draft.asked, draft.rhythm, now=clock.now())
    offers = rescue.offers()
    if not offers:
        return redirect(next_url(draft), 303)
    form = lost_form(offered(house, offer) for offer in offers)
    possible = all(offer.instead for offer in offers)
    if possible and form.validate_on_submit():
        return _taken(house, draft, rescue, form)
    page = render_template(
        "book/lost.html",
        form=form,
        chosen=chosen_words(draft),
        parts=step_names(draft),
        lost=[lost_words(house, offer.lost) for offer in offers],
        hopeless=[lost_words(house, offer.lost) for offer in offers if not offer.instead],
        possible=possible,
        kept=len(draft.hold.times) - len(offers),
        times_url=times_url(draft),
    )
    return page, 422 if form.errors else 200


def _taken(house: House, draft: Draft, rescue: Rescue, form: Any) -> ResponseReturnValue:
    """Keeps the picked times with the rest; once more from the start if one of them was taken, too."""
    try:
        choice = rescue.choice(picks_of(house, form.instead()), query=draft.hold.query)
        hold(office(), this_visitor(), choice, now=clock.now())
    except (SlotTaken, DoesNotFit, UnknownWish):
        flash(_("One of these times was taken just now, too, or does not fit the others. Choose once more."), "differs")
        return redirect(url_for("book.lost"), 303)
    fresh(draft.hold)
    flash(_("These times are kept for you now. Nothing is booked yet."), "good")
    return redirect(next_url(this_draft()), 303)


def picks_of(house: House, instead: dict[int, tuple[Any, str, str]]) -> dict[int, Place]:
    """What was picked, by the place of the lost time."""
    clinics = {clinic.slug: clinic.id for clinic in house.clinics.values()}
    clinicians = {clinician.slug: clinician.id for clinician in house.clinicians.values()}
    return {
        place: (start, clinicians.get(clinician, 0), clinics.get(clinic, 0))
        for place, (start, clinician, clinic) in instead.items()
    }


def offered(house: House, offer: Offer) -> Offered:
    """A lost time with what can be had instead, as the form takes it."""
    times = [(_value(house, each), _words(house, each)) for each in offer.instead]
    return offer.place, _("%(lost)s. Instead:", lost=lost_words(house, offer.lost)), times


def lost_words(house: House, planned: Planned) -> str:
    """“Session 3: Tuesday 20 April at 09:00”"""
    return _("%(name)s: %(when)s", name=name_of(house.visit(planned)), when=day_at_time(planned.start))


def _value(house: House, each: Planned) -> str:
    return place_text(each.start, house.clinicians[each.clinician].slug, house.clinics[each.clinic].slug)


def _words(house: House, each: Planned) -> str:
    when = wording.sentence(day_at_time(each.start))
    return f"{when}, {house.clinician(each.clinician)}, {house.clinic(each.clinic)}"
