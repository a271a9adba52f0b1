"""Texts of the tests: a whole article that can be read, and ways to change a part of it."""

from __future__ import annotations

from booking.prose.document import Document, Fault, UnreadableText
from booking.prose.markdown import read_document

FACTS = """\
title = "Moving on bad days"
standfirst = "Small steps, and rest between them."
tags = ["movement"]
author = "Ask Eksempel"
author_role = "chiropractor"
reviewer = "Embla Mønstervik"
reviewer_role = "manual therapist"
published = 2027-01-10
updated = 2027-02-01
reviewed = 2027-02-01
next_review = 2028-02-01
claims_condition = false
"""

COVER = """\
[cover]
picture = "path"
alt = "A path up a hill"
"""

OAK = """\
[[references]]
key = "oak-2019"
text = "Oak A. *Trees*. 2019."
url = "https://doi.org/10.1000/1"
"""

ELM = """\
[[references]]
key = "elm-2020"
text = "Elm B. Woods. 2020."
url = "https://doi.org/10.1000/2"
"""

WHY = '''\
[[questions]]
anchor = "why-rest"
question = "Why rest?"
answer = """
To have **strength** left.

- For tomorrow.
"""
'''

FILM = """\
[[videos]]
key = "six-exercises"
title = "Six exercises"
"""

BODY = """\
## One step {#one-step}

A step.
"""


def article(body: str = BODY, *tables: str, facts: str = FACTS) -> str:
    return "\n".join(["+++", facts, *tables, "+++", body])


def line_of(text: str, words: str) -> int:
    """The first line of the text that has these words, from 1."""
    return next(number for number, line in enumerate(text.split("\n"), 1) if words in line)


def read(body: str = BODY, *tables: str, facts: str = FACTS) -> Document:
    return read_document(article(body, *tables, facts=facts))


def faults_of(text: str) -> list[Fault]:
    try:
        read_document(text)
    except UnreadableText as error:
        return list(error.faults)
    return []
