"""The first articles say what the trial found, all of it, and nothing that the law or the facts forbid.

Each check is also shown a copy of the text with a fault planted in it, and must find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from html import unescape

import pytest

from booking.domain.screening import EFFECTS
from booking.domain.trial import VAS_2016, Arm, Change
from booking.prose.document import Document, Html, Notice, Video
from booking.prose.markdown import read_document
from booking.services import wording
from booking.services.demonstration import CONTENT, LANGUAGES, demonstration_facts

FIBROMYALGIA = "acupuncture-can-relieve-fibromyalgia"
PLAIN = ("moving-on-bad-days", "your-first-visit")
SLUGS = (FIBROMYALGIA, *PLAIN)
TODAY = date(2027, 3, 1)

PARTS = (
    *("short", "what", "causes", "study", "cannot-tell", "guidelines", "how", "safety", "nine-weeks", "yourself"),
    *("who", "find", "questions", "references", "about"),
)
ENOUGH_TO_NOTICE = 32
"""Per cent less pain that one person usually needs to feel better: Mease and others, Arthritis Care & Research 2011."""

PER_CENT = {"nb": r"prosent\b", "en": r"per cent\b"}
POINTS = {"nb": r"prosentpoeng\b", "en": r"percentage points\b"}
TO = {"nb": "til", "en": "to"}
REAL = {"nb": "med ekte nåler", "en": "with real needles"}
SHAM = {"nb": "narrebehandling", "en": "pretend"}
YEAR = {"nb": r"tolv måneder|12 måneder|ett år|et år", "en": r"twelve months|12 months|(?:a|one) year"}
SINCE_START = {"nb": r"etter start|fra start|etter et år", "en": r"from the start|after a year"}
SIX_MONTHS = {"nb": r"seks måneder|6 måneder", "en": r"six months|6 months"}
NINE = {"nb": "ni behandlinger", "en": "nine sessions"}
OF_MINUTES = {"nb": "på {} minutter", "en": "of {} minutes"}
USUAL_MEDICINES = {"nb": "vanlige medisiner", "en": "usual medicines"}
NOT_TOLD = {"nb": "Deltakerne fikk ikke vite hvilken gruppe", "en": "Participants were not told which group"}

FORBIDDEN = {
    "nb": (
        r"British Medical Journal|publisert i BMJ|revmati|gikt|dobbeltblind|blindet|ikke (?:den )?kinesisk|"
        r"alternativ kinesisk|første store|overdriv|overrapporter|skadet vev|elektrisk aktivitet|nakkesleng|"
        r"whiplash|chiari|virus|mykoplasma|laser|mobilisering|\bbeste\b|\bunik|kompetanse|ekspert|ledende|"
        r"garanter|helbred|kurer|smertefri|dokumentert|\beffektiv|ufarlig|helt trygt|bivirkningsfri|"
        r"smertestillende|færre medisiner|(?:må|skal) (?:du )?ha ni|trenger ni|tok ni|rabatt|tilbud|nettbutikk|"
        r"etter (?:siste|endt|avsluttet) behandling|Casanueva|Botelho|kiropraktikk|%|!"
    ),
    "en": (
        r"British Medical Journal|published in the BMJ|rheumatic|rheumatism|double.blind|blinded|"
        r"not (?:the )?chinese|alternative chinese|first large|exaggerat|over-?report|injured tissue|"
        r"electrical activity|whiplash|chiari|virus|mycoplasma|laser|mobilisation|\bbest\b|\bunique|"
        r"competence|expert|leading|guarantee|\bcure|\bheals?\b|pain-free|well.documented|\beffective|"
        r"harmless|completely safe|no side effects|painkiller|fewer medicines|need nine|takes nine|took nine|"
        r"discount|\boffer\b|shop|after the end|after (?:treatment|the course) ended|Casanueva|Botelho|"
        r"chiropractic\b|%|!"
    ),
}
"""What others got wrong, what the law on marketing health care does not allow, and what nobody has verified."""


def source(slug: str, language: str) -> str:
    return (CONTENT / "articles" / f"{slug}.{language}.md").read_text("utf-8")


def article(language: str, slug: str = FIBROMYALGIA) -> Document:
    return read_document(source(slug, language))


# -- the words of a document, paragraph by paragraph


def paragraphs(html: str) -> Iterator[str]:
    """Paragraphs and items of lists, without marks of references; every space a plain one."""
    without_marks = re.sub(r"<sup\b.*?</sup>", "", html, flags=re.S)
    for block in re.split(r"</?(?:p|li|ul|ol|table|tr|h\d)\b[^>]*>", without_marks):
        if words := " ".join(unescape(re.sub(r"<[^>]+>", "", block)).split()):
            yield words


def body(document: Document, *anchors: str) -> Iterator[str]:
    """The paragraphs of the sections, without transcripts; of all sections if none is named."""
    for section in document.sections:
        if anchors and section.anchor not in anchors:
            continue
        for part in section.parts:
            if isinstance(part, Html | Notice):
                yield from paragraphs(part.html)


def everything(document: Document) -> Iterator[str]:
    """Every paragraph a reader sees, except the titles of other people's works."""
    yield document.title
    yield document.standfirst
    for section in document.sections:
        yield section.heading
        yield from (part.title for part in section.parts if isinstance(part, Notice | Video))
        for part in section.parts:
            if isinstance(part, Video):
                yield from paragraphs(part.transcript)
    yield from body(document)
    for question in document.questions:
        yield question.question
        yield from paragraphs(question.answer)


def count(document: Document) -> int:
    """Words of the sections, without transcripts and without questions and answers."""
    headings = [section.heading for section in document.sections]
    return sum(any(map(str.isalnum, word)) for text in (*headings, *body(document)) for word in text.split())


# -- the checks: what they return is wrong


Check = Callable[[Document, str], list[str]]


def rounded(percent: Decimal) -> int:
    return int(abs(percent).quantize(Decimal(1), ROUND_HALF_UP))


def measured() -> Iterator[tuple[Change, Change]]:
    """Of the real and the sham arm: 10 weeks, then 12 months from the start."""
    real, sham = VAS_2016.real, VAS_2016.sham
    for one, other in ((real.weeks_10, sham.weeks_10), (real.months_12, sham.months_12)):
        assert one is not None
        assert other is not None
        yield one, other


PAIRS = tuple((rounded(real.percent), rounded(sham.percent)) for real, sham in measured())
APART = {rounded(real.percent - sham.percent) for real, sham in measured()}


def percentages(text: str, language: str) -> set[int]:
    """Numbers in per cent, the first of “from 41 to 20 per cent” too."""
    unit = PER_CENT[language]
    found = re.findall(rf"(\d+(?:[.,]\d+)?)(?= {unit}| {TO[language]} \d+ {unit})", text)
    return {int(number) if number.isdigit() else -1 for number in found}


def unknown_percentages(document: Document, language: str) -> list[str]:
    known = {number for pair in PAIRS for number in pair} | {ENOUGH_TO_NOTICE}
    return [text for text in everything(document) if percentages(text, language) - known]


def figures_of_one_arm(document: Document, language: str) -> list[str]:
    texts = ((text, percentages(text, language)) for text in everything(document))
    return [text for text, found in texts for real, sham in PAIRS if (real in found) != (sham in found)]


def words_of_one_arm(document: Document, language: str) -> list[str]:
    return [text for text in everything(document) if REAL[language] in text and SHAM[language] not in text]


def another_difference(document: Document, language: str) -> list[str]:
    """Percentage points between the arms that are not those of both measurements."""
    told = [(text, re.findall(rf"(\d+) {POINTS[language]}", text)) for text in everything(document)]
    wrong = [text for text, found in told if found and {*map(int, found)} != APART]
    return wrong if any(found for _, found in told) else ["no difference is told"]


def another_clock(document: Document, language: str) -> list[str]:
    """A year that is not counted from the start, or that nobody mentions."""
    told = [text for text in body(document) if re.search(YEAR[language], text, re.IGNORECASE)]
    wrong = [text for text in told if not re.search(SINCE_START[language], text)]
    return wrong if told else ["no year is told"]


def six_month_figures(document: Document, language: str) -> list[str]:
    named = (text for text in everything(document) if re.search(SIX_MONTHS[language], text))
    return [text for text in named if percentages(text, language)]


def forbidden(document: Document, language: str) -> list[str]:
    texts = ((text, re.search(FORBIDDEN[language], text, re.IGNORECASE)) for text in everything(document))
    return [f"{found[0]}: {text}" for text, found in texts if found]


def missing_facts(document: Document, language: str) -> list[str]:
    study = " ".join(body(document, "study"))
    facts = (
        *(str(VAS_2016.enrolled), str(VAS_2016.completed), NINE[language]),
        OF_MINUTES[language].format(VAS_2016.minutes),
        *(USUAL_MEDICINES[language], NOT_TOLD[language]),
    )
    return [fact for fact in facts if fact not in study]


def links_out(document: Document, _language: str) -> list[str]:
    """Links of the text to other sites: an advertisement is one. References lead out, and nothing else."""
    held = [part.html for section in document.sections for part in section.parts if isinstance(part, Html | Notice)]
    texts = (*held, *(question.answer for question in document.questions))
    return [link for html in texts for link in re.findall(r'href="([^"]*)"', html) if not link.startswith("#")]


def of_the_main_trial(document: Document, _language: str) -> list[str]:
    """Links of the main trial other than to its volume and page: its DOI is not verified."""
    (trial,) = (reference for reference in document.references if "Vas J, Santos-Rey" in reference.text)
    doubtful = [r.url for r in document.references if "acupmed" in r.url + r.text]
    return doubtful + ([trial.url] if trial.url != "https://aim.bmj.com/content/34/4/257" else [])


CHECKS: tuple[Check, ...] = (
    *(unknown_percentages, figures_of_one_arm, words_of_one_arm, another_difference, another_clock),
    *(six_month_figures, forbidden, missing_facts, links_out, of_the_main_trial),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("check", CHECKS)
def test_the_article_says_nothing_wrong(check: Check, language: str) -> None:
    assert check(article(language), language) == []


FAULTS: tuple[tuple[Check, str, str, str], ...] = (
    (unknown_percentages, "nb", "20\u00a0prosent lavere", "22\u00a0prosent lavere"),
    (unknown_percentages, "en", "41\u00a0per cent", "41.5\u00a0per cent"),
    (figures_of_one_arm, "nb", " og 27\u00a0prosent lavere med narrebehandling", ""),
    (figures_of_one_arm, "en", ", and 27\u00a0per cent lower with pretend treatment", ""),
    (figures_of_one_arm, "nb", ", og fra 27 til 6\u00a0prosent med narrebehandling", ""),
    (figures_of_one_arm, "en", " and 6\u00a0per cent lower with pretend treatment", ""),
    (words_of_one_arm, "nb", " enn med narrebehandling", ""),
    (words_of_one_arm, "en", " than with pretend ones", ""),
    (another_difference, "nb", "14\u00a0prosentpoeng", "16\u00a0prosentpoeng"),
    (another_difference, "en", "about 14\u00a0percentage points apart", "apart"),
    (another_clock, "nb", "Tolv måneder etter start", "Tolv måneder etter behandlingen"),
    (another_clock, "en", "Twelve months from the start", "Twelve months after the last session"),
    (six_month_figures, "nb", "etter seks måneder.", "etter seks måneder: 41\u00a0prosent og 27\u00a0prosent."),
    (six_month_figures, "en", "at six months too", "at six months too, 20\u00a0per cent"),
    (forbidden, "nb", "langvarige smertetilstandene", "revmatiske sykdommene"),
    (forbidden, "en", "long-lasting pain conditions", "rheumatic diseases"),
    (forbidden, "nb", "Vannet bærer deg.", "Laser hjelper også."),
    (forbidden, "en", "The water carries you.", "Laser helps too."),
    (missing_facts, "nb", "153 fullførte", "alle fullførte"),
    (missing_facts, "en", " and went on with their usual medicines", ""),
    (links_out, "nb", "akupressurmatte**", "akupressurmatte** fra [butikken](https://butikk.example/matte)"),
    (links_out, "en", "acupressure mat**", "acupressure mat** from [the store](https://store.example/mat)"),
    (of_the_main_trial, "nb", "https://aim.bmj.com/content/34/4/257", "https://doi.org/10.1136/acupmed-2015-010950"),
    (of_the_main_trial, "en", "https://aim.bmj.com/content/34/4/257", "https://doi.org/10.1136/acupmed-2015-010950"),
)


@pytest.mark.parametrize(("check", "language", "right", "wrong"), FAULTS)
def test_a_planted_fault_is_found(check: Check, language: str, right: str, wrong: str) -> None:
    text = source(FIBROMYALGIA, language)
    assert right in text
    assert check(read_document(text.replace(right, wrong)), language)


CLAIMS = {
    "nb": (
        "Studien er publisert i BMJ, British Medical Journal.",
        "Dette er den første store studien med så god virkning.",
        "Nålene er ikke den kinesiske formen.",
        "Fibromyalgi er en revmatisk sykdom.",
        "Hjernen overrapporterer smerten.",
        "Nålene bryter ned skadet vev.",
        "Nakkesleng er en kjent årsak.",
        "Behandlingen er ufarlig.",
        "Du må ha ni behandlinger.",
        "Tolv måneder etter siste behandling var smertene fortsatt lavere.",
        "Vi har landets beste behandlere.",
        "Vi har unik kompetanse på plagene dine.",
        "Flere klarer seg med færre medisiner.",
        "Nåler har en dokumentert virkning.",
    ),
    "en": (
        "The study was published in the BMJ.",
        "It is the first large study with so good an effect.",
        "This is not the Chinese form of acupuncture.",
        "Fibromyalgia is a rheumatic disease.",
        "The brain over-reports pain.",
        "Needles break down injured tissue.",
        "Whiplash is a known cause.",
        "The treatment is harmless.",
        "You need nine sessions.",
        "A year after the end of treatment pain was still lower.",
        "We have the best clinicians.",
        "Our competence is high.",
        "People get by on fewer medicines.",
        "Needles are effective.",
    ),
}
"""Claims that must never stand in the article, the first ten of them from the page that it answers."""


@pytest.mark.parametrize(("language", "claim"), [(code, claim) for code, claims in CLAIMS.items() for claim in claims])
def test_a_forbidden_claim_is_found(language: str, claim: str) -> None:
    text = source(FIBROMYALGIA, language).replace("\n\n::: finder\n", f"\n\n{claim}\n\n::: finder\n")
    assert [found.partition(": ")[2] for found in forbidden(read_document(text), language)] == [claim]


def test_every_check_is_shown_a_fault_in_both_languages() -> None:
    assert {(check, language) for check, language, *_ in FAULTS} == {
        (check, language) for check in CHECKS for language in LANGUAGES
    }


def test_nobody_knows_a_figure_at_six_months() -> None:
    arms: tuple[Arm, ...] = (VAS_2016.real, VAS_2016.sham)
    assert [arm.months_6 for arm in arms] == [None, None]


# -- what stands where, and how much of it


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_article_has_all_its_parts(language: str) -> None:
    assert tuple(section.anchor for section in article(language).sections) == PARTS


@pytest.mark.parametrize("language", LANGUAGES)
def test_sixteen_questions_are_answered_shortly(language: str) -> None:
    questions = article(language).questions
    assert len(questions) == 16
    assert all(question.question.endswith("?") for question in questions)
    assert all(len(question.answer_text.split()) <= 90 for question in questions)


@pytest.mark.parametrize("slug", SLUGS)
def test_anchors_and_sources_are_alike_in_both_languages(slug: str) -> None:
    nb, en = (article(language, slug) for language in LANGUAGES)
    assert [section.anchor for section in nb.sections] == [section.anchor for section in en.sections]
    assert [question.anchor for question in nb.questions] == [question.anchor for question in en.questions]
    assert [(r.number, r.key, r.url) for r in nb.references] == [(r.number, r.key, r.url) for r in en.references]
    assert [[type(part) for part in s.parts] for s in nb.sections] == [[type(p) for p in s.parts] for s in en.sections]
    assert (nb.updated, nb.reviewed, nb.next_review) == (en.updated, en.reviewed, en.next_review)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_article_has_twelve_to_eighteen_hundred_words(language: str) -> None:
    assert 1200 <= count(article(language)) <= 1800


@pytest.mark.parametrize("slug", PLAIN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_articles_have_four_to_six_hundred_words(language: str, slug: str) -> None:
    assert 400 <= count(article(language, slug)) <= 600


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_figure_stands_in_the_study_and_the_film_with_its_words_in_what_you_can_do(language: str) -> None:
    sections = {section.anchor: section for section in article(language).sections}
    assert [type(part).__name__ for part in sections["study"].parts] == ["Html", "Figure", "Html"]
    (film,) = (part for part in sections["yourself"].parts if isinstance(part, Video))
    assert len(re.findall(r"<strong>\d\. ", film.transcript)) == 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_the_health_check_asks_is_told_of_under_safety(language: str) -> None:
    (safety,) = (section for section in article(language).sections if section.anchor == "safety")
    lists = [items for part in safety.parts if isinstance(part, Html) for items in part.html.split("<ul>")[1:]]
    assert [items.count("<li>") for items in lists] == [3, 3, 8]
    assert sum(items.count("<li>") for items in lists[1:]) == len(EFFECTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_prices_are_those_of_the_clinics(language: str) -> None:
    price = {own["slug"]: own["price"] for own in demonstration_facts()["treatments"]}
    known = VAS_2016.sessions * price["needle_session"] + price["review10"]
    sums = (known + price["first_visit"], known, price["first_visit"], price["needle_session"])
    told = " ".join(everything(article(language)))
    assert [each for each in sums if _plain(wording.price(each, language)) not in told] == []
    assert _plain(wording.price(price["first_visit"], language)) in " ".join(body(article(language, PLAIN[1])))


def _plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_we_say_that_we_sell_what_we_write_of(language: str) -> None:
    (first, *_) = body(article(language), "about")
    assert first.startswith({"nb": "Vi selger denne behandlingen.", "en": "We sell this treatment."}[language])


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_article_is_reviewed_and_not_overdue(language: str, slug: str) -> None:
    document = article(language, slug)
    assert document.published <= document.updated <= document.reviewed <= TODAY < document.next_review


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_article_on_an_illness_claims_something_about_one(language: str) -> None:
    illness = re.compile(r"fibromyalgi|migrene|migraine|artrose|arthritis|ekte nåler|real needles", re.IGNORECASE)
    assert article(language).claims_condition
    for slug in PLAIN:
        document = article(language, slug)
        assert not document.claims_condition
        assert [text for text in everything(document) if illness.search(text)] == []
        assert forbidden(document, language) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_norwegian_numbers_are_written_as_in_print(slug: str) -> None:
    lines = [line for line in source(slug, "nb").splitlines() if not line.startswith("url = ")]
    breakable = r"\d \d{3}\b|\d (?:prosent|kr)\b"
    assert [line for line in lines if re.search(rf"{breakable}|\d[.,]\d{{3}}\b", line)] == []
