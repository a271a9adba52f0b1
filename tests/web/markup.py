"""Markup: HTML as a tree, read strictly; a page of the same tags as one before it is read as XML, in a tenth of the
time."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from typing import Any
from xml.etree import ElementTree

import html5lib

_VALUE = re.compile(r'(?<! type)="[^"&]*"')
_TEXT = re.compile(r">[^<&]*[^<&\s][^<&]*(?=<)")
_BLANK = re.compile(r">\s+<")
_ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]|&(?!amp;|lt;|gt;|quot;|nbsp;|#34;|#39;)")
_ROWS_ALONE = re.compile(r"<(?:table\b[^>]*|/caption|/thead)>\s*<tr\b")
_DOCTYPE = re.compile(r"^\s*<!doctype html>", re.IGNORECASE)
_TAG = re.compile(r"<([a-z][a-z0-9]*)(\s[^<>]*)?>")
_ATTRIBUTE = re.compile(r'([^\s=/"]+)(?:="([^"]*)"|=([^\s"]+))?')
_RAW = re.compile(r"(<(?:script|style)\b[^>]*>)(.*?)(?=</(?:script|style)>)", re.DOTALL)
_FIRST_LINE = re.compile(r"(<(?:textarea|pre)\b[^>]*>)\n")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot);|#)\w+;")
_EMPTY = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"))

_strict: set[str] = set()
"""The tags of pages in which nothing was wrong."""


def read(page: str) -> Any:
    """The page as a tree. Raises html5lib's ParseError for anything that HTML does not allow."""
    page = page.replace("\r\n", "\n")
    shape = shape_of(page)
    tree = as_xml(page) if shape in _strict else None
    if tree is None:
        tree = strictly(page)
        _strict.add(shape)
    return tree


def strictly(page: str) -> Any:
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)


def shape_of(page: str) -> str:
    """The page without its words: what its strict reading depends on."""
    if _ODD.search(page):
        return page
    bare = page.replace("&", "")
    return _BLANK.sub("><", _TEXT.sub(">.", _VALUE.sub('=""', bare)))


def as_xml(page: str) -> Any | None:
    """The page as a tree, if it can be read as XML and gives the same; without comments."""
    if _ROWS_ALONE.search(page):
        return None
    page = _RAW.sub(lambda raw: raw[1] + raw[2].replace("&", "&amp;").replace("<", "&lt;"), _DOCTYPE.sub("", page))
    page = _TAG.sub(lambda tag: _closed(tag[1], tag[2] or ""), _FIRST_LINE.sub(r"\1", page))
    try:
        return ElementTree.fromstring(_ENTITY.sub(lambda entity: unescape(entity[0]), page))
    except ElementTree.ParseError:
        return None


@cache
def _closed(name: str, attributes: str) -> str:
    """The start tag as XML has it."""
    found = _ATTRIBUTE.finditer(attributes)
    given = {each[1]: (each[2] or each[3] or "").replace("\n", "&#10;") for each in found}
    if name == "svg":
        given["xmlns"] = "http://www.w3.org/2000/svg"
    slash = "/" if name in _EMPTY or attributes.endswith("/") else ""
    return "".join([f"<{name}", *(f' {key}="{value}"' for key, value in given.items()), slash, ">"])
