"""Every text is in every catalogue, translated and certain."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from booking.config import LANGUAGES, ROOT

TRANSLATIONS = ROOT / "booking" / "translations"
SOURCE_LANGUAGE = "en"
LAZY = {"lazy_gettext": None, "lazy_ngettext": (1, 2), "lazy_pgettext": ((1, "c"), 2)}

translated = pytest.mark.parametrize("language", [each for each in LANGUAGES if each != SOURCE_LANGUAGE])


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    """All texts of the programs and templates, as they are marked in the sources."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    catalog = Catalog()
    found = extract_from_dir(str(ROOT), methods, options, DEFAULT_KEYWORDS | LAZY)
    for file, line, text, _comments, context in found:
        catalog.add(text, locations=[(file, line)], context=context)
    return catalog


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@translated
def test_no_text_is_missing(language: str, extracted: Catalog) -> None:
    known = catalogue(language)
    missing = [
        (text.id, text.locations)
        for text in extracted
        if text.id and not is_translated(known.get(first(text.id), text.context))
    ]
    assert missing == []


@translated
def test_no_translation_is_fuzzy(language: str) -> None:
    assert [text.id for text in catalogue(language) if text.id and text.fuzzy] == []


@translated
def test_no_translation_is_left_of_a_text_that_is_gone(language: str, extracted: Catalog) -> None:
    gone = [text.id for text in catalogue(language) if text.id and not extracted.get(first(text.id), text.context)]
    assert gone == []


@translated
def test_every_translation_has_the_placeholders_of_its_text(language: str) -> None:
    known = catalogue(language)
    assert [(text.id, problems) for text, problems in known.check() if problems] == []


def first(id: str | tuple[str, ...] | list[str]) -> str:
    return id if isinstance(id, str) else id[0]


def is_translated(message: object) -> bool:
    text = getattr(message, "string", None)
    return bool(text) and (isinstance(text, str) or all(text))
