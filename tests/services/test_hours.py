"""Hours: each change is looked at before it stands, says whom it touches, and never stands over somebody else's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from booking.domain.course import PartOfDay
from booking.domain.errors import ChangedMeanwhile
from booking.domain.period import Period, oslo
from booking.domain.schedule import DayHours, Name, Weeks
from booking.domain.schedule import Hours as Template
from booking.services.hours import (
    Change,
    Close,
    DropBreak,
    DropHours,
    EndHours,
    NewBreak,
    NewHours,
    Preview,
    PutBack,
    Reopen,
    TakeOut,
    copied,
    preview,
    save,
)
from booking.services.logbook import verify
from booking.services.offered import At
from booking.services.proposals import Asked
from booking.store.appointments import Appointment
from booking.store.clinics import clinic_by_slug
from booking.store.courses import Course
from booking.store.database import db
from booking.store.disruptions import OPEN, SETTLED, Disruption, open_disruptions
from booking.store.logbook import LogEntry
from booking.store.people import clinician_by_slug
from booking.store.schedules import Break, ClosedPeriod, Hours, RoomClosure
from booking.store.waiting import FreedTime
from tests.builders import NOW, booked_course, office, proposal
from tests.staff import RITA, reach

OSLO = ZoneInfo("Europe/Oslo")
EIGHT, NINE, TEN, FOUR = 8 * 60, 9 * 60, 10 * 60, 16 * 60

pytestmark = pytest.mark.usefixtures("in_the_app")


def clinic() -> int:
    found = clinic_by_slug(db.session(), "lambertseter")
    assert found
    return found.id


def ask() -> int:
    found = clinician_by_slug(db.session(), "ask-eksempel")
    assert found
    return found.id


def her_hours(week: str = "", **more: object) -> NewHours:
    """Ask's week from 3 May on, from text: "1 9-16" is Tuesday from nine to four."""
    days = tuple(_day(each) for each in week.split(",") if each)
    facts = {"valid_from": date(2027, 5, 3), "valid_until": None, "weeks": None, **more}
    return NewHours(Template(clinic_id=clinic(), clinician_id=ask(), days=days, **facts))  # type: ignore[arg-type]


def _day(text: str) -> DayHours:
    weekday, stretch = text.split()
    start, end = (int(hour) * 60 for hour in stretch.split("-"))
    return DayHours(int(weekday), start, end)


def look(change: Change) -> Preview:
    db.session.rollback()
    return preview(office(), change, now=NOW)


def done(change: Change) -> int | None:
    """Looked at and saved by Rita; the id of the disruption."""
    seen = look(change).seen
    return save(office(), change, seen=seen, who=reach(RITA).who, now=NOW)


def after(course: Course, day: date) -> list[int]:
    """The ids of the course's appointments from `day` on."""
    return [a.id for a in course.appointments if oslo(a.starts_at).date() >= day]


def touched_of(disruption_id: int | None) -> list[tuple[int, str]]:
    db.session.rollback()
    return [(row.appointment_id, row.state) for row in db.session.get_one(Disruption, disruption_id).touched]


def count(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


# -- what is touched --------------------------------------------------------------------------------------------------


def test_a_preview_names_whom_it_touches_and_changes_nothing(kari: Course) -> None:
    before = count(Hours)
    shown = look(her_hours("0 9-17"))
    assert list(shown.touched) == after(kari, date(2027, 5, 3))
    assert (count(Hours), count(Disruption)) == (before, 0)


def test_what_is_saved_is_a_disruption_of_those_who_were_shown(kari: Course) -> None:
    change = her_hours("0 9-17")
    shown = look(change)
    found = touched_of(done(change))
    assert [id for id, _ in found] == list(shown.touched)
    assert {state for _, state in found} == {OPEN}


def test_hours_that_touch_nobody_leave_nothing_to_replan(kari: Course) -> None:
    assert done(her_hours("0 9-17,1 8-16,2 9-17")) is None
    assert open_disruptions(db.session()) == []


def test_in_odd_weeks_only_those_of_odd_weeks_are_touched(kari: Course) -> None:
    shown = look(her_hours("0 9-17", weeks=Weeks.ODD))
    weeks = [oslo(a.starts_at).isocalendar().week % 2 for a in kari.appointments if a.id in shown.touched]
    assert weeks
    assert set(weeks) == {1}


def test_a_single_day_off_touches_that_day(kari: Course) -> None:
    day = oslo(kari.appointments[2].starts_at).date()
    assert look(her_hours(valid_from=day, valid_until=day)).touched == (kari.appointments[2].id,)


def test_who_stops_is_touched_after_her_last_day(kari: Course) -> None:
    last = date(2027, 5, 2)
    shown = look(EndHours(clinic(), ask(), last))
    assert list(shown.touched) == after(kari, last)
    done(EndHours(clinic(), ask(), last))
    rows = db.session.scalars(select(Hours.valid_until).where(Hours.clinician_id == ask()))
    assert set(rows) == {last}


def test_a_break_touches_those_who_are_booked_in_it(kari: Course) -> None:
    first = oslo(kari.appointments[0].starts_at)
    minute = first.hour * 60 + first.minute
    disruption = done(NewBreak(clinic(), ask(), minute, minute + 15))
    assert [id for id, _ in touched_of(disruption)] == [a.id for a in kari.appointments]


def test_a_closed_week_touches_its_appointments(kari: Course) -> None:
    assert look(Close(clinic(), _week(), Name.of(en="Painting"))).touched == (_in_week(kari).id,)


def test_a_room_out_of_use_touches_who_is_treated_there(kari: Course) -> None:
    visit = _in_week(kari)
    rooms = [room.id for room in clinic_by_slug(db.session(), "lambertseter").rooms]  # type: ignore[union-attr]
    other = next(room for room in rooms if room != visit.room_id)
    assert look(TakeOut(visit.room_id, _week(), "Water")).touched == (visit.id,)
    assert look(TakeOut(other, _week(), "Water")).touched == ()


def _week() -> Period:
    return Period(datetime(2027, 4, 19, tzinfo=OSLO), datetime(2027, 4, 26, tzinfo=OSLO))


def _in_week(course: Course) -> Appointment:
    return next(a for a in course.appointments if _week().overlaps(a.period))


# -- what patients are offered afterwards -----------------------------------------------------------------------------


def test_a_preview_shows_the_hours_before_and_after_and_what_is_free() -> None:
    shown = look(her_hours("1 10-12"))
    tuesday = next(each for each in shown.days if each.day == date(2027, 5, 4))
    assert (tuesday.before, tuesday.after) == (((EIGHT, FOUR),), ((TEN, 12 * 60),))
    assert (tuesday.starts[0], tuesday.starts[-1]) == (TEN, 11 * 60 + 30)
    assert shown.minutes == 30
    monday = next(each for each in shown.days if each.day == date(2027, 5, 3))
    assert (monday.after, monday.starts) == ((), ())


def test_hours_at_which_the_clinic_is_closed_are_named_and_not_offered() -> None:
    shown = look(her_hours("1 14-18"))
    tuesday = next(each for each in shown.days if each.day == date(2027, 5, 4))
    assert (tuesday.after, tuesday.unheard) == (((14 * 60, FOUR),), ((FOUR, 18 * 60),))


def test_a_preview_names_the_holiday_of_a_day() -> None:
    shown = look(her_hours("0 9-17,4 9-15", valid_from=date(2027, 5, 10)))
    whit = next(each for each in shown.days if each.day == date(2027, 5, 17))
    assert whit.starts == ()
    assert {reason.detail["en"] for reason in whit.reasons if reason.detail} == {"Constitution Day", "Whit Monday"}


def test_a_preview_says_where_she_works_elsewhere_at_the_same_time() -> None:
    bjork = clinician_by_slug(db.session(), "bjork-provesen")
    assert bjork
    hours = Template(clinic(), bjork.id, date(2027, 5, 3), None, (DayHours(2, TEN, FOUR),))
    wednesday = next(each for each in look(NewHours(hours)).days if each.day == date(2027, 5, 5))
    assert wednesday.elsewhere == ((TEN, FOUR),)


def test_an_extra_evening_is_offered_once_the_clinic_is_open_then() -> None:
    day, late = date(2027, 5, 4), 17 * 60
    evening = (DayHours(1, EIGHT, FOUR), DayHours(1, late, 20 * 60))
    done(NewHours(Template(clinic(), None, day, day, evening)))
    done(NewHours(Template(clinic(), ask(), day, day, evening)))
    visits = Asked(protocol="first-visit", clinics=("lambertseter",), parts=frozenset({PartOfDay.EVENING}), start=day)
    first = min(oslo(plan.sessions[0].start) for plan in proposal(visits).plans)
    assert (first.date(), first.hour) == (day, 17)


def test_nobody_is_offered_a_room_that_is_out_of_use() -> None:
    rooms = clinic_by_slug(db.session(), "lambertseter").rooms  # type: ignore[union-attr]
    until = Period(datetime(2027, 4, 1, tzinfo=OSLO), datetime(2027, 9, 1, tzinfo=OSLO))
    done(TakeOut(rooms[0].id, until, "Water"))
    assert {planned.room for plan in proposal().plans for planned in plan.appointments} == {rooms[1].id}


# -- taking back ------------------------------------------------------------------------------------------------------


def test_hours_that_are_taken_back_touch_nobody_any_more(kari: Course) -> None:
    disruption = done(her_hours("0 9-17"))
    row = db.session.scalars(select(Hours).order_by(Hours.id.desc())).first()
    assert row
    assert done(DropHours(row.id)) is None
    assert {state for _, state in touched_of(disruption)} == {SETTLED}
    assert db.session.get_one(Disruption, disruption).closed_at is not None


def gained() -> list[tuple[int, str]]:
    """Of whom and when the waiting list is asked."""
    db.session.rollback()
    rows = db.session.scalars(select(FreedTime).order_by(FreedTime.starts_at))
    return [(row.clinician_id, f"{oslo(row.starts_at):%d.%m. %H:%M}–{oslo(row.ends_at):%H:%M}") for row in rows]


def test_who_waits_is_asked_about_an_extra_evening_and_what_was_there_before_is_no_news() -> None:
    day = date(2027, 5, 4)
    evening = (DayHours(1, NINE, 20 * 60),)
    done(NewHours(Template(clinic(), None, day, day, evening)))
    assert gained() == []
    done(NewHours(Template(clinic(), ask(), day, day, evening)))
    assert gained()
    assert {(who, when[:6]) for who, when in gained()} == {(ask(), "04.05.")}
    assert gained()[-1][1].endswith("20:00")


def test_who_waits_is_asked_about_a_closing_that_is_taken_back() -> None:
    day = Period(datetime(2027, 5, 4, tzinfo=OSLO), datetime(2027, 5, 5, tzinfo=OSLO))
    done(Close(clinic(), day, Name({"nb": "stengt", "en": "closed"})))
    assert gained() == []
    done(Reopen(db.session.scalars(select(ClosedPeriod.id).where(ClosedPeriod.clinic_id == clinic())).all()[-1]))
    assert {when[:6] for _, when in gained()} == {"04.05."}


def test_an_evening_that_is_taken_back_touches_who_was_booked_in_it(kari: Course) -> None:
    visit = _in_week(kari)
    day = oslo(visit.starts_at).date()
    done(her_hours("1 8-16", valid_from=day, valid_until=day))
    done(her_hours("0 9-17", valid_from=date(2027, 4, 5)))
    row = db.session.scalars(select(Hours).where(Hours.valid_until == day, Hours.clinician_id == ask())).one()
    assert look(DropHours(row.id)).touched == (visit.id,)


def test_hours_that_have_begun_end_yesterday_when_they_are_taken_back() -> None:
    row = db.session.scalars(select(Hours).where(Hours.clinician_id == ask())).first()
    assert row
    done(DropHours(row.id))
    db.session.rollback()
    assert db.session.get_one(Hours, row.id).valid_until == NOW.date() - timedelta(days=1)


@pytest.mark.parametrize("table", [ClosedPeriod, RoomClosure])
def test_what_is_open_again_touches_nobody_any_more(kari: Course, table: type) -> None:
    visit = _in_week(kari)
    closing: Change = Close(clinic(), _week(), Name.of(en="Painting"))
    disruption = done(closing if table is ClosedPeriod else TakeOut(visit.room_id, _week(), "Water"))
    newest = db.session.scalars(select(table.id).order_by(table.id.desc())).first()
    done(Reopen(newest) if table is ClosedPeriod else PutBack(newest))
    assert touched_of(disruption) == [(visit.id, SETTLED)]


def test_a_break_that_is_taken_back_is_gone() -> None:
    before = count(Break)
    done(DropBreak(db.session.scalars(select(Break.id)).first() or 0))
    assert count(Break) == before - 1


# -- two people at once -----------------------------------------------------------------------------------------------


def test_two_people_do_not_save_hours_over_each_other() -> None:
    first, second = her_hours("0 9-17"), her_hours("1 9-16")
    seen = look(second).seen
    done(first)
    with pytest.raises(ChangedMeanwhile):
        save(office(), second, seen=seen, who=reach(RITA).who, now=NOW)


def test_who_books_meanwhile_is_shown_before_it_is_saved() -> None:
    change = her_hours("0 9-17")
    seen = look(change).seen
    kari = booked_course()
    with pytest.raises(ChangedMeanwhile):
        save(office(), change, seen=seen, who=reach(RITA).who, now=NOW)
    assert list(look(change).touched) == after(kari, date(2027, 5, 3))


def test_what_somebody_has_taken_back_already_cannot_be_taken_back_again() -> None:
    gone = DropBreak(db.session.scalars(select(Break.id)).first() or 0)
    done(gone)
    with pytest.raises(ChangedMeanwhile):
        look(gone)


def test_a_change_of_hours_is_in_the_logbook() -> None:
    done(her_hours("0 9-17"))
    newest = db.session.scalars(select(LogEntry).order_by(LogEntry.id.desc())).first()
    assert newest
    assert (newest.action, newest.actor) == ("hours", RITA.name)
    assert (newest.clinician_id, newest.clinic_id) == (ask(), clinic())
    assert verify(office()).broken_at is None


# -- small things -----------------------------------------------------------------------------------------------------


def test_no_hours_change_the_past() -> None:
    with pytest.raises(ValueError, match="today or later"):
        look(her_hours("0 9-17", valid_from=NOW.date() - timedelta(days=1)))


def test_who_writes_the_same_day_anew_means_it_instead() -> None:
    day = date(2027, 5, 4)
    done(her_hours("1 8-12", valid_from=day, valid_until=day))
    done(her_hours("1 10-12", valid_from=day, valid_until=day))
    rows = db.session.scalars(select(Hours).where(Hours.clinician_id == ask(), Hours.valid_until == day)).all()
    assert [each.start_minute for row in rows for each in row.days] == [TEN]


def test_the_same_closing_twice_is_one_with_the_newer_name() -> None:
    before = count(ClosedPeriod)
    done(Close(clinic(), _week(), Name.of(en="Painting")))
    done(Close(clinic(), _week(), Name.of(en="Moving")))
    assert count(ClosedPeriod) == before + 1
    newest = db.session.scalars(select(ClosedPeriod).order_by(ClosedPeriod.id.desc())).first()
    assert newest
    assert newest.name["en"] == "Moving"


def test_a_week_is_copied_as_it_stands_with_its_exceptions() -> None:
    day = date(2027, 5, 6)
    done(her_hours("3 15-20", valid_from=day, valid_until=day))
    db.session.rollback()
    days = copied(db.session(), At(clinic(), ask()), date(2027, 5, 3))
    assert [(each.weekday, each.start) for each in days] == [(0, NINE), (1, EIGHT), (2, NINE), (3, 15 * 60), (4, EIGHT)]
