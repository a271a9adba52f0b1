"""The health check: one question, then ticks. Answers are encrypted; nobody is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from booking.domain.screening import EFFECTS, Gate
from booking.services.holds import answer
from booking.web.book.steps import Draft, frame_of, fresh, next_url, step, this_draft, times_url
from booking.web.forms.health import SHORT, TOLD, ConditionsForm, HealthForm
from booking.web.office import office


@step
def health(draft: Draft) -> ResponseReturnValue:
    """Page A: does any of this apply?"""
    form = HealthForm(data={"gate": draft.gate.value if draft.gate else None})
    if form.validate_on_submit():
        conditions = draft.answers.get("health", {}).get("conditions")
        gate = form.answer()
        _note(draft, gate, conditions if gate is Gate.YES else None)
        return redirect(url_for("book.health_more") if gate is Gate.YES else _on(draft), 303)
    page = render_template(
        "book/health.html",
        form=form,
        short=SHORT,
        back_url=times_url(draft),
        **frame_of(draft, "health"),
    )
    return page, 422 if form.errors else 200


@step
def health_more(draft: Draft) -> ResponseReturnValue:
    """Page B: which of these? Nothing ticked means that we call."""
    if draft.gate is not Gate.YES:
        return redirect(url_for("book.health"), 303)
    form = ConditionsForm(data={"conditions": draft.answers["health"]["conditions"] or []})
    if form.validate_on_submit():
        _note(draft, Gate.YES, sorted(form.check().conditions))
        return redirect(_on(draft), 303)
    page = render_template("book/health_more.html", form=form, **frame_of(draft, "health_more"))
    return page, 422 if form.errors else 200


def told(draft: Draft) -> list[dict[str, str]]:
    """What follows from the answers, each thing once, in the order of the questions."""
    check = draft.health
    if check is None or check.gate is Gate.NO:
        return []
    if check.gate is Gate.UNSURE or not check.conditions:
        return [{"kind": "info", "text": _("We will ring you and talk it over. Your times are kept until then.")}]
    asked = [condition for condition in EFFECTS if condition in check.conditions]
    texts = dict.fromkeys(str(TOLD[condition]) for condition in asked)
    urgent = str(TOLD["acute"])
    return [{"kind": "wrong" if text == urgent else "info", "text": text} for text in _urgent_first(texts, urgent)]


def _urgent_first(texts: Iterable[str], urgent: str) -> list[str]:
    return sorted(texts, key=lambda text: text != urgent)


def _note(draft: Draft, gate: Gate, conditions: list[str] | None) -> None:
    value: dict[str, Any] = {"gate": gate.value, "conditions": conditions}
    answer(office(), draft.hold.id, health=value)


def _on(draft: Draft) -> str:
    """On, by way of what follows from the answers where something does."""
    fresh(draft.hold)
    now = this_draft()
    return url_for("book.details") if told(now) else next_url(now)
