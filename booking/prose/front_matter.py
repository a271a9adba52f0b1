"""Front matter: the facts about a text that stand above it, in TOML between two lines of `+++`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from booking.prose.addresses import is_on_this_site, is_page
from booking.prose.document import PICTURES, Cover
from booking.prose.faults import Faults
from booking.prose.names import KEBAB

T = TypeVar("T")

FENCE = "+++"

_KEY = re.compile(r"""\s*(["']?)([\w-]+)\1\s*=""")
_TABLE = re.compile(r"\s*\[{1,2}\s*([\w-]+)\s*\]{1,2}")
_LONG = re.compile(r"\"\"\"|'''")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Written:
    """Markdown, and the line of the file that it begins in."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Asked:
    anchor: str
    question: str
    answer: Written


@dataclass(frozen=True, slots=True)
class Source:
    key: str
    text: Written
    url: str
    line: int


@dataclass(frozen=True, slots=True)
class Film:
    key: str
    title: str
    address: str
    captions: str
    line: int


@dataclass(frozen=True, slots=True)
class FrontMatter:
    title: str
    standfirst: str
    tags: tuple[str, ...]
    cover: Cover | None
    author: str
    author_role: str
    reviewer: str
    reviewer_role: str
    published: date
    updated: date
    reviewed: date
    next_review: date
    claims_condition: bool
    questions: tuple[Asked, ...]
    sources: tuple[Source, ...]
    films: tuple[Film, ...]


def read_front_matter(lines: Sequence[str], faults: Faults) -> FrontMatter:
    """The front matter that stands in these lines, the first of which is line 2 of the file.

    What is wrong with it is added to `faults`; the values in its place are empty then. Raises UnreadableText at once
    where the lines are not TOML.
    """
    top = _Table(_toml(lines, faults), _Places(lines), ("", 0), faults)
    matter = FrontMatter(
        title=top.words("title"),
        standfirst=top.words("standfirst"),
        tags=_tags(top),
        cover=_cover(top),
        author=top.words("author"),
        author_role=top.words("author_role"),
        reviewer=top.words("reviewer"),
        reviewer_role=top.words("reviewer_role"),
        published=top.date("published"),
        updated=top.date("updated"),
        reviewed=top.date("reviewed"),
        next_review=top.date("next_review"),
        claims_condition=top.flag("claims_condition"),
        questions=tuple(map(_asked, top.tables("questions"))),
        sources=tuple(map(_source, top.tables("references"))),
        films=tuple(map(_film, top.tables("videos"))),
    )
    top.nothing_else()
    _check_order(top, matter)
    return matter


def _toml(lines: Sequence[str], faults: Faults) -> Mapping[str, Any]:
    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except ValueError as error:  # TOMLDecodeError is one; a number of thousands of digits is another
        found = _AT_LINE.search(str(error))
        line = int(found[1]) + 1 if found else len(lines) + 2
        faults.add(line, f"The front matter is not TOML: {_AT_LINE.sub('', str(error)).strip()}.")
    except RecursionError:
        faults.add(1, "The front matter is not TOML: too many brackets inside of one another.")
    faults.tell()
    raise AssertionError  # a fault has been told


def _tags(top: _Table) -> tuple[str, ...]:
    tags = top.texts("tags")
    if len(set(tags)) < len(tags) or not all(tag == tag.strip() and tag and "/" not in tag for tag in tags):
        top.fault("tags", "should be different words without slashes")
    return tags


def _cover(top: _Table) -> Cover | None:
    table = top.table("cover")
    if table is None:
        return None
    cover = Cover(table.words("picture"), table.words("alt"))
    table.nothing_else()
    if cover.picture and cover.picture not in PICTURES:
        table.fault("picture", f"should be one of {', '.join(PICTURES)}")
    return cover


def _asked(table: _Table) -> Asked:
    asked = Asked(table.words("anchor"), table.words("question"), table.markdown("answer"))
    table.nothing_else()
    return asked


def _source(table: _Table) -> Source:
    source = Source(table.name("key"), table.markdown("text"), table.words("url"), table.line)
    table.nothing_else()
    if source.url and not is_page(source.url):
        table.fault("url", "should begin with https://")
    return source


def _film(table: _Table) -> Film:
    film = Film(table.name("key"), table.words("title"), table.maybe("address"), table.maybe("captions"), table.line)
    table.nothing_else()
    if film.address and not (is_page(film.address) or is_on_this_site(film.address)):
        table.fault("address", "should begin with https:// or with /")
    if film.captions and not is_on_this_site(film.captions):
        table.fault("captions", "should begin with /")
    return film


def _check_order(top: _Table, matter: FrontMatter) -> None:
    """A date that is missing, and told already, is `date.min`."""
    if date.min < matter.updated < matter.published:
        top.fault("updated", "should not be before `published`")
    if date.min < matter.next_review <= matter.reviewed:
        top.fault("next_review", "should be after `reviewed`")


_Where = tuple[str, int]


class _Places:
    """In which line of the file each table and key stands; keys of a table follow its head, as in all our texts."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._keys: dict[tuple[_Where, str], int] = {}
        self._heads: dict[_Where, int] = {("", 0): 1}
        self._long: set[int] = set()
        where: _Where = ("", 0)
        for number, line in _outside_of_texts(lines):
            key, table = _KEY.match(line), _TABLE.match(line)
            if key:
                self._keys.setdefault((where, key[2]), number)
                if _LONG.search(line) and line.rstrip().endswith(('"""', "'''")):
                    self._long.add(number)
            elif table:
                where = (table[1], sum(1 for name, _ in self._heads if name == table[1]))
                self._heads[where] = number

    def of(self, where: _Where, key: str | None = None) -> int:
        head = self._heads.get(where, 1)
        return head if key is None else self._keys.get((where, key), head)

    def begin_of_text(self, where: _Where, key: str) -> int:
        """Where the text of a key begins: below it, if it opens a text of several lines."""
        line = self.of(where, key)
        return line + 1 if line in self._long else line


def _outside_of_texts(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    inside = False
    for number, line in enumerate(lines, 2):
        if not inside:
            yield number, line
        inside ^= len(_LONG.findall(line)) % 2 == 1


class _Table:
    """A table of the front matter, read key by key."""

    def __init__(self, values: Mapping[str, Any], places: _Places, where: _Where, faults: Faults) -> None:
        self._values, self._places, self._where, self._faults = values, places, where, faults
        self._read: set[str] = set()

    @property
    def line(self) -> int:
        return self._places.of(self._where)

    def fault(self, key: str, words: str) -> None:
        self._faults.add(self._places.of(self._where, key), f"`{key}` {words}.")

    def words(self, key: str) -> str:
        """A text in one line that is not empty."""
        text = self._value(key, str, "", "a text").strip()
        if not text and isinstance(self._values.get(key), str):
            self.fault(key, "is empty")
        self._check_one_line(key, text)
        return text

    def maybe(self, key: str) -> str:
        """A text in one line that may be missing or empty."""
        text = self._value(key, str, "", "a text").strip() if key in self._values else ""
        self._read.add(key)
        self._check_one_line(key, text)
        return text

    def name(self, key: str) -> str:
        text = self.words(key)
        if text and not KEBAB.fullmatch(text):
            self.fault(key, "should be of small letters a to z, digits and hyphens")
        return text

    def markdown(self, key: str) -> Written:
        text = self._value(key, str, "", "a text")
        if not text.strip() and isinstance(self._values.get(key), str):
            self.fault(key, "is empty")
        return Written(text, self._places.begin_of_text(self._where, key))

    def date(self, key: str) -> date:
        return self._value(key, date, date.min, "a date like 2027-03-18, without quotation marks")

    def flag(self, key: str) -> bool:
        return self._value(key, bool, False, "true or false")

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._value(key, list, [], "texts between [ and ]")
        if not all(isinstance(value, str) for value in values):
            self.fault(key, "should hold texts only")
            return ()
        return tuple(values)

    def table(self, key: str) -> _Table | None:
        values = self._value(key, dict, {}, f"a table [{key}]") if key in self._values else None
        if not isinstance(self._values.get(key), dict) or values is None:
            return None
        return _Table(values, self._places, (key, 0), self._faults)

    def tables(self, key: str) -> list[_Table]:
        values = self._value(key, list, [], f"tables [[{key}]]") if key in self._values else []
        self._read.add(key)
        if not all(isinstance(value, dict) for value in values):
            self.fault(key, f"should be tables [[{key}]]")
            return []
        return [_Table(value, self._places, (key, number), self._faults) for number, value in enumerate(values)]

    def nothing_else(self) -> None:
        for key in self._values:
            if key not in self._read:
                self.fault(key, "is not known here")

    def _value(self, key: str, kind: type[T], instead: T, expected: str) -> T:
        self._read.add(key)
        value = self._values.get(key, instead)
        if key not in self._values:
            self.fault(key, "is missing")
        elif type(value) is not kind:  # a date with a time is a date too, and true is a number
            self.fault(key, f"should be {expected}")
            return instead
        return value  # type: ignore[no-any-return]

    def _check_one_line(self, key: str, text: str) -> None:
        if not text.isprintable():
            self.fault(key, "should be one line, without characters that cannot be seen")
