"""Lines: what commands print for people to read, made of the answers that `--json` prints whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

Json = Mapping[str, Any]

STEPS = {"first_visit": "first visit", "session": "session", "review": "review"}


def course_lines(course: Json) -> Iterator[str]:
    """A course with its appointments, and what was just changed."""
    head = [course["status"], course["protocol"], f"{course['price']} kr", f"calendar by {course['channel']}"]
    yield f"{course['reference']}: {', '.join(head)}"
    yield course["url"]
    if course["decide_by"]:
        yield f"Waits for a decision until {_moment(course['decide_by'])}."
    yield from (f"  {_appointment(each)}  {each['status']}" for each in course["appointments"])
    if course.get("cancelled") is not None:
        yield f"Cancelled now: {course['cancelled']}."
    if course.get("change"):
        yield _change(course["change"])


def plans_lines(answer: Json) -> Iterator[str]:
    """Plans, with the sessions that each of them has elsewhere; or why there is none."""
    if not answer["plans"]:
        yield from _no_plan(answer["because"])
    for plan in answer["plans"]:
        yield f"Plan {plan['plan']}: {_plan(plan)}"
        yield from (f"  moved: {_appointment(each)}" for each in plan["appointments"] if each["deviation"])
    if "alternatives" in answer:
        yield f"Other times: {len(answer['alternatives'])}"
        yield from (f"  {_appointment(each)}" for each in answer["alternatives"])


def places_lines(answer: Json) -> Iterator[str]:
    """The best places of each week."""
    if not answer["weeks"]:
        yield "There is no free time."
    for week in answer["weeks"]:
        yield f"Week of {_day(week['monday'])}:"
        yield from (f"  {_place(each)}" for each in week["places"])


def reminders_lines(answer: Json) -> Iterator[str]:
    yield f"Due at {_moment(answer['at'])}: {len(answer['reminders'])}"
    for each in answer["reminders"]:
        rung, until = each["rung"].replace("_", " "), _moment(each["until"])
        yield f"  {each['reference']}  {rung}, about {_moment(each['about'])}, to be sent until {until}"


def tasks_lines(answer: Json) -> Iterator[str]:
    if not answer["tasks"]:
        yield "Nothing is to be done."
    for task in answer["tasks"]:
        who = [task["kind"].replace("_", " "), task["name"], task["phone"], task["reference"]]
        yield f"{_moment(task['due'])}  {', '.join(filter(None, who))}"
        yield from (f"  {words}" for words in (task["note"], task["message"]) if words)


def lines_of(answer: object, indent: str = "") -> Iterator[str]:
    """Any other answer: each fact with its name, in the order of the JSON."""
    if isinstance(answer, Mapping):
        for name, value in answer.items():
            yield from _fact(str(name).replace("_", " "), value, indent)
    elif isinstance(answer, list | tuple):
        for each in answer:
            yield from _item(each, indent)
    else:
        yield f"{indent}{_plain(answer)}"


def _fact(name: str, value: object, indent: str) -> Iterator[str]:
    if _is_short(value):
        yield f"{indent}{name}: {_in_a_line(value)}"
    elif isinstance(value, Mapping | list | tuple) and value:
        yield f"{indent}{name}:"
        yield from lines_of(value, indent + "  ")
    elif isinstance(value, str) and "\n" in value:
        yield f"{indent}{name}:"
        yield from (f"{indent}  {line}" for line in value.splitlines())
    else:
        yield f"{indent}{name}: {_plain(value)}"


def _item(value: object, indent: str) -> Iterator[str]:
    for number, line in enumerate([_in_a_line(value)] if _is_short(value) else lines_of(value)):
        yield f"{indent}{'  ' if number else '- '}{line}"


def _is_short(value: object) -> bool:
    """Whether it has nothing but plain facts, each on one line."""
    if not isinstance(value, Mapping) or not value:
        return False
    return not any(isinstance(each, Mapping | list | tuple) or "\n" in str(each) for each in value.values())


def _in_a_line(facts: Any) -> str:
    return ", ".join(f"{str(name).replace('_', ' ')} {_plain(value)}" for name, value in facts.items())


def _plain(value: object) -> str:
    if value is None or value == [] or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _appointment(each: Json) -> str:
    """“session 3    Tue 16 Mar 2027 08:00  ask-eksempel, lambertseter”."""
    name = f"session {each['number']}" if each["step"] == "session" else STEPS[each["step"]]
    return f"{name:<11}  {_place(each)}"


def _place(each: Json) -> str:
    along = [f"with {STEPS[other['step']]} on {_moment(other['start'])}" for other in each.get("along", ())]
    return ", ".join([f"{_moment(each['start'])}  {each['clinician']}", each["clinic"], *along])


def _plan(plan: Json) -> str:
    pattern, starts = plan["pattern"], [each["start"] for each in plan["appointments"]]
    rhythm = f"{pattern['weekday']} {pattern['time']}, {pattern['clinician']}, {pattern['clinic']}"
    return f"{rhythm}, {_moment(starts[0])} to {_moment(starts[-1])}, {plan['price']} kr"


def _no_plan(because: Json) -> Iterator[str]:
    yield f"No plan: no time for the {STEPS[because['step']]}."
    for week in because["weeks"]:
        yield f"  week of {_day(week['monday'])}: {_reasons(week['reasons'])}"
    relax = because["relax"]
    if relax:
        yield f"Without the wish for {relax['wish']}{_added(relax['clinic'])}: {_plan(relax['plan'])}"


def _added(clinic: str | None) -> str:
    return f" (with {clinic})" if clinic else ""


def _reasons(reasons: Iterable[Json]) -> str:
    return ", ".join(each["detail"] or each["kind"].replace("_", " ") for each in reasons) or "nothing free"


def _change(change: Json) -> str:
    cost = f"{change['fee']} kr" if change["fee"] else "nothing, late for once" if change["excused"] else "nothing"
    kind = change["kind"].replace("_", " ")
    return (
        f"Changed ({kind}, by the {change['by']}), costs {cost}; can be undone until {_moment(change['undo_until'])}."
    )


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%a %d %b %Y %H:%M}"


def _day(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%a %d %b %Y}"
