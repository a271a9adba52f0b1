"""Pagination: a long list on pages of its own, each at an address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request
from flask_babel import gettext as _

LONGEST_NUMBER = 6

Each = TypeVar("Each")


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Paged(Generic[Each]):
    """What stands on the page that is asked for, and the ways to those beside it, as the macro `pagination` takes
    them. `words`: which page it is; empty where there is only one."""

    shown: Sequence[Each]
    previous: Link | None
    next: Link | None
    words: str


def paged(found: Sequence[Each], most: int, address: Callable[[int], str]) -> Paged[Each]:
    """The page that `page` in the request's address names, of `most`; the nearest for one that is none.

    `address` tells where a page stands, by its number from 1.
    """
    pages = max(1, -(-len(found) // most))
    page = min(_number(request.args.get("page", "")), pages)
    return Paged(
        shown=found[(page - 1) * most : page * most],
        previous=Link(address(page - 1), _("Previous page")) if page > 1 else None,
        next=Link(address(page + 1), _("Next page")) if page < pages else None,
        words=_("Page %(page)s of %(pages)s", page=page, pages=pages) if pages > 1 else "",
    )


def _number(text: str) -> int:
    """The page's number; the first for anything that is none."""
    sound = text.isdecimal() and len(text) <= LONGEST_NUMBER
    return max(1, int(text)) if sound else 1
