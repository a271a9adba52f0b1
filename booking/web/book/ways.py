"""Ways: the addresses of the planner's pages, for who books for herself and for who books for a caller."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for


@dataclass(frozen=True, slots=True)
class Ways:
    """Where plans, the other times of a week, and the days of a single appointment are shown."""

    plan: str
    times: str
    single: str

    def plan_of(self, query: str, anchor: str = "") -> str:
        return f"{self.plan}?{query}" + (f"#{anchor}" if anchor else "")

    def times_of(self, query: str, number: int) -> str:
        """Where the other times of session `number`'s week are shown."""
        return f"{self.times}?{query}&session={number}"

    def back_to(self, kind: str | None, query: str) -> str:
        """Where the times of a choice were chosen; `kind`: of a single appointment, or none for a course."""
        return f"{self.single if kind else self.plan}?{query}"


def own_ways() -> Ways:
    """For who books for herself."""
    return Ways(url_for("book.plan"), url_for("book.times"), url_for("book.single"))
