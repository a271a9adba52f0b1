"""Odd addresses: whatever stands in an address, it leads somewhere or nowhere, and breaks no page."""

from __future__ import annotations

import pytest
from flask import Flask

ODD = ("%00", "a%00b", "%FF%FE", "%ED%A0%80", "%F0%9F%98%80", "%25", "..%2F..%2Fetc", "x" * 3000, "%C3%A6", "1", "-1")
PATHS = (
    "articles/{}",
    "articles/tags/{}",
    "clinicians/{}",
    "clinics/{}",
    "comments/{}",
    "comments/own/{}",
    "course/{}",
    "{}",
)
QUESTIONS = (
    "articles/acupuncture-can-relieve-fibromyalgia?answer={}",
    "book/plan?clinic={}&clinician={}",
    "book/single?kind=first-visit&clinic={}",
    "call-me/noted?by={}",
    "clinicians?place={}&within={}&county={}&profession={}&speaks={}&need={}&order={}&page={}",
    "clinics?page={}",
    "search?q={}",
)


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_name_leads_nowhere(demo_app: Flask, path: str) -> None:
    client = demo_app.test_client()
    found = {odd: client.get("/en/" + path.format(odd)).status_code for odd in ODD}
    assert set(found.values()) == {404}, found


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_odd_question_is_answered(demo_app: Flask, question: str) -> None:
    client = demo_app.test_client()
    found = {odd: client.get("/en/" + question.replace("{}", odd)).status_code for odd in ODD}
    assert max(found.values()) < 500, found
