"""Readers below an article: their votes and comments are taken once, shown harmlessly, and told to nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from booking.config import ROOT
from booking.services.comments import LONGEST_TEXT, approve, refuse
from booking.store.articles import Comment, Rating
from booking.store.database import db
from booking.web.forms.readers import OLDEST, QUICKEST, made_at
from tests.builders import NOW
from tests.servers.databases import only_sqlite
from tests.services.outbox import messages
from tests.services.readers import SLUG
from tests.web.walker import Walker

pytestmark = only_sqlite

PAGE = f"/en/articles/{SLUG}"
RATING, COMMENTS = "/rating", "/comments"
EMAIL = "kari@example.com"


class Reader(Walker):
    """Somebody who has had the page open for a while before she sends a form of it."""

    def rate(self, stars: int | None = 4, **values: Any) -> Reader:
        self.send(RATING, **({"made": self.made()} | ({} if stars is None else {"stars": str(stars)}) | values))
        return self

    def write(self, text: str = "I read this twice.", **values: Any) -> Reader:
        said = {"made": self.made(), "text": text, "name": "Kari", "email": EMAIL}
        self.send(COMMENTS, **(said | values))
        return self

    def made(self, *, ago: timedelta = timedelta(minutes=1)) -> str:
        with self.client.application.app_context():
            return made_at(datetime.now(UTC) - ago)

    def said(self) -> list[str]:
        """The texts of the comments on the page."""
        found = [e for e in self.main.iter("article") if e.get("class") == "said"]
        return [" ".join(" ".join(e.find("div").itertext()).split()) for e in found]

    def typed(self) -> dict[str, str]:
        """What stands in the form for comments."""
        form = self.forms(COMMENTS)[0]
        text = next(form.iter("textarea")).text or ""
        return {e.get("name"): e.get("value") or "" for e in form.iter("input")} | {"text": text.strip()}


def reader(app: Flask, address: str = "192.0.2.1") -> Reader:
    opened = Reader(app, address=address)
    opened.open(PAGE)
    return opened


def count(app: Flask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def newest(app: Flask) -> Comment:
    with app.app_context():
        return db.session.scalars(select(Comment).order_by(Comment.id.desc()).limit(1)).one()


def shown(app: Flask, text: str = "I read this twice.", **values: Any) -> int:
    """A comment that everybody can read; its number."""
    assert reader(app, "192.0.2.99").write(text, **values).status == 200
    id = newest(app).id
    with app.app_context():
        approve(id, now=NOW)
    return id


# -- votes ------------------------------------------------------------------------------------------------------------


def test_a_page_that_nobody_has_sent_a_form_from_sets_no_cookie(demo_app: Flask) -> None:
    page = reader(demo_app)
    assert "Set-Cookie" not in page.response.headers
    assert "4.7" in page.text
    assert "(3)" in page.text


def test_a_vote_counts_and_says_thanks(demo_app: Flask) -> None:
    page = reader(demo_app).rate(2)
    assert (page.status, page.path) == (200, PAGE)
    assert "You gave 2 stars" in page.text
    assert "4.0" in page.text
    assert "(4)" in page.text
    assert page.checked("stars") == ["2"]


def test_a_vote_leads_back_to_where_it_was_given(demo_app: Flask) -> None:
    page = reader(demo_app)
    answer = page.client.post(f"{PAGE}/rating", data={"made": page.made(), "stars": "5"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PAGE}#rating")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]


def test_a_vote_can_be_changed(demo_app: Flask) -> None:
    page = reader(demo_app).rate(1).rate(5)
    assert "You gave 5 stars" in page.text
    assert count(demo_app, Rating) == 4


def test_two_tabs_are_one_vote(demo_app: Flask) -> None:
    first, second = reader(demo_app), reader(demo_app)
    second.client = first.client
    first.rate(1)
    second.rate(5)
    assert count(demo_app, Rating) == 4
    assert "You gave 5 stars" in first.open(PAGE).text


def test_a_double_click_is_one_vote_even_before_there_is_a_cookie(demo_app: Flask) -> None:
    sent = {"made": reader(demo_app).made(), "stars": "3"}
    for _ in range(2):
        click = demo_app.test_client()
        assert click.post(f"{PAGE}/rating", data=sent).status_code == 303
    assert count(demo_app, Rating) == 4


def test_no_stars_are_no_vote(demo_app: Flask) -> None:
    for stars in (None, 0, 6):
        page = reader(demo_app).rate(stars)
        assert page.status == 422
        assert page.title.startswith("Error: ")
        assert "Choose how useful the article is." in page.text
    assert count(demo_app, Rating) == 3


def test_what_was_chosen_stays_when_a_vote_comes_too_late(demo_app: Flask) -> None:
    page = reader(demo_app)
    page.rate(2, made=page.made(ago=OLDEST + timedelta(minutes=1)))
    assert (page.status, page.checked("stars")) == (422, ["2"])
    assert count(demo_app, Rating) == 3


# -- comments ---------------------------------------------------------------------------------------------------------


def test_a_comment_waits_and_its_writer_sees_it(demo_app: Flask) -> None:
    page = reader(demo_app).write("I read this twice.")
    assert page.path.startswith("/en/comments/own/")
    assert "I read this twice." in page.text
    assert "before others can see it" in page.text
    assert page.value("own-link").endswith(page.path)
    assert reader(demo_app).said() == []


def test_the_page_of_a_comment_is_kept_and_found_by_nobody(demo_app: Flask) -> None:
    headers = reader(demo_app).write().response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_comment_outlives_the_key_of_its_link(demo_app: Flask) -> None:
    page = reader(demo_app).write()
    demo_app.extensions["office"] = replace(
        demo_app.extensions["office"], secret_keys=("another key of 32 letters, or more",)
    )
    assert page.open(page.path).status == 200
    assert page.value("own-link").endswith(page.path)


def test_replies_are_counted(demo_app: Flask) -> None:
    assert "0 replies" in reader(demo_app).text
    shown(demo_app)
    page = reader(demo_app)
    assert "1 reply" in page.text
    assert page.said() == ["I read this twice."]
    shown(demo_app, "And again.")
    assert "2 replies" in reader(demo_app).text


def test_comments_stand_below_the_article_in_both_languages(demo_app: Flask) -> None:
    id = shown(demo_app, "Read in English")
    page = reader(demo_app).open(f"/nb/articles/{SLUG}")
    said = next(e for e in page.main.iter("article") if e.get("id") == f"comment-{id}")
    assert said.find("div").get("lang") == "en"


def test_a_script_is_text(demo_app: Flask) -> None:
    text = "<script>alert(1)</script> <img src=x onerror=alert(1)> {{ 7 * 7 }}"
    shown(demo_app, text, name="<b>Kari</b>")
    page = reader(demo_app)
    assert page.said() == [text]
    assert b"<script>alert" not in page.response.data
    assert b"<img src=x" not in page.response.data
    assert "<b>Kari</b>" in page.text


def test_a_link_is_text_that_nobody_can_click(demo_app: Flask) -> None:
    text = "https://pills.example and <a href='https://pills.example'>here</a> javascript:alert(1)"
    shown(demo_app, text)
    page = reader(demo_app)
    assert page.said() == [text]
    assert not [a for a in page.tree.iter("a") if "pills" in (a.get("href") or "")]


def test_lines_and_letters_stay_as_they_were_typed(demo_app: Flask) -> None:
    text = "Blåbær og smør 🌱\r\nfamilien 👩‍👩‍👧 kom på ettermiddagen\r\n\r\n\r\n\r\nÆrlig talt ❤️"
    shown(demo_app, text, name="Åse Øvergård 🌻")
    page = reader(demo_app)
    assert page.said() == ["Blåbær og smør 🌱 familien 👩‍👩‍👧 kom på ettermiddagen Ærlig talt ❤️"]
    said = next(e for e in page.main.iter("article") if e.get("class") == "said").find("div")
    assert [len(list(each.iter("br"))) for each in said.iter("p")] == [1, 0]
    assert "Åse Øvergård 🌻" in page.text


def test_what_cannot_be_seen_is_left_out(demo_app: Flask) -> None:
    shown(demo_app, "be\x00fore\x1b[31m \u202eafter\u200b\ufeff", name="Ka\x07ri\u202e")
    comment = newest(demo_app)
    assert (comment.text, comment.name) == ("before[31m after", "Ka ri")


def test_ten_thousand_characters_are_too_many_and_none_is_lost(demo_app: Flask) -> None:
    long = "æ" * 10_000
    page = reader(demo_app).write(long)
    assert page.status == 422
    assert "Your comment has 10,000 characters. 5,000 is the most we can take." in page.text
    assert page.typed()["text"] == long
    assert (page.typed()["name"], page.typed()["email"]) == ("Kari", EMAIL)
    assert page.write("æ" * LONGEST_TEXT).status == 200


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text": " \n\t\u200b "}, "Write your comment."),
        ({"name": "  "}, "Write the name that shall stand above your comment."),
        ({"name": "K" * 101}, "Write the name with 100 letters at most."),
        ({"email": "kari"}, "Write the e-mail address like this"),
        ({"email": "kari@example.com\nBcc: siv@example.com"}, "Write the e-mail address like this"),
    ],
)
def test_what_is_missing_is_told_at_its_field(demo_app: Flask, values: dict[str, str], words: str) -> None:
    page = reader(demo_app).write(**values)
    assert page.status == 422
    assert page.text.count(words) == 2, "in the summary and at the field"
    assert count(demo_app, Comment) == 0


def test_a_double_click_is_one_comment(demo_app: Flask) -> None:
    page = reader(demo_app)
    sent = {"made": page.made(), "text": "Once.", "name": "Kari", "email": EMAIL}
    first, again = (page.client.post(f"{PAGE}/comments", data=sent) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert count(demo_app, Comment) == 1
    assert "Set-Cookie" not in again.headers


def test_an_answer_stands_below_what_it_answers(demo_app: Flask) -> None:
    first = shown(demo_app, "First.", name="Siv")
    page = reader(demo_app).open(f"{PAGE}?answer={first}")
    assert "Answer to Siv" in page.text
    page.write("Second.")
    with demo_app.app_context():
        approve(newest(demo_app).id, now=NOW)
    page.open(PAGE)
    threads = next(e for e in page.main.iter("ol") if "threads" in (e.get("class") or ""))
    (answers,) = threads.findall("./li/ol")
    assert "Second." in " ".join(answers.itertext())
    assert "First." not in " ".join(answers.itertext())


@pytest.mark.parametrize("answer", ["0", "4711", "-1", "x", "9" * 40, "٣"])
def test_an_answer_to_nothing_is_a_comment(demo_app: Flask, answer: str) -> None:
    page = reader(demo_app).open(f"{PAGE}?answer={answer}")
    assert "Answer to" not in page.text
    assert page.typed()["answers"] == ""


def test_an_answer_to_what_was_deleted_meanwhile_is_not_lost(demo_app: Flask) -> None:
    page = reader(demo_app).write("Second.", answers="4711")
    assert page.status == 422
    assert "is no longer here" in page.text
    assert page.typed()["text"] == "Second."
    assert page.write("Second.", answers=page.typed()["answers"]).path.startswith("/en/comments/own/")


def test_the_answers_to_a_deleted_comment_keep_their_place(demo_app: Flask) -> None:
    writer = reader(demo_app).write("First.")
    first = newest(demo_app).id
    with demo_app.app_context():
        approve(first, now=NOW)
    shown(demo_app, "Second.", answers=str(first))
    writer.send(writer.path)
    page = reader(demo_app)
    assert page.said() == ["Second."]
    assert "The comment that was here is deleted." in page.text


# -- deleted ----------------------------------------------------------------------------------------------------------


def test_its_writer_deletes_a_comment_and_nothing_is_left(demo_app: Flask) -> None:
    page = reader(demo_app).write("I regret this.")
    id, own = newest(demo_app).id, page.path
    with demo_app.app_context():
        approve(id, now=NOW)
    assert "I regret this." in reader(demo_app).text
    assert page.send(own).status == 410
    assert "Your comment is deleted" in page.text
    assert page.open(own).status == 410
    assert page.open(f"/en/comments/{id}").status == 410
    assert reader(demo_app).said() == []
    assert page.open(PAGE).text.count("I regret this.") == 0


def test_who_wrote_or_deleted_a_comment_finds_back_to_the_article(demo_app: Flask) -> None:
    page = reader(demo_app).write()
    assert page.link("Can acupuncture relieve fibromyalgia?") == PAGE
    assert page.send(page.path).link("Can acupuncture relieve fibromyalgia?") == PAGE


def test_a_form_that_is_sent_from_behind_a_secret_link_needs_no_referrer(demo_app: Flask) -> None:
    page = reader(demo_app).write()
    answer = page.client.post(page.path, headers={"Origin": "null"})
    assert answer.status_code == 303
    assert page.open(page.path).status == 410


def test_a_refused_comment_says_so_to_its_writer_alone(demo_app: Flask) -> None:
    page = reader(demo_app).write("Buy pills.")
    id = newest(demo_app).id
    with demo_app.app_context():
        refuse(id, now=NOW)
    assert page.open(page.path).status == 410
    assert "did not publish" in page.text
    assert page.open(f"/en/comments/{id}").status == 410


def test_the_link_of_a_comment_leads_to_it_once_it_is_shown(demo_app: Flask) -> None:
    page = reader(demo_app).write()
    id = newest(demo_app).id
    assert page.client.get(f"/nb/comments/{id}").status_code == 404
    with demo_app.app_context():
        approve(id, now=NOW)
    answer = page.client.get(f"/nb/comments/{id}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/nb/articles/{SLUG}#comment-{id}")


@pytest.mark.parametrize("address", ["comments/4711", "comments/0", "comments/" + "9" * 30, "comments/own/" + "a" * 32])
def test_no_comment_is_no_page(demo_app: Flask, address: str) -> None:
    assert demo_app.test_client().get(f"/en/{address}").status_code == 404


def test_the_address_of_a_form_leads_to_the_form(demo_app: Flask) -> None:
    client = demo_app.test_client()
    assert client.get(f"{PAGE}/comments").headers["Location"] == f"{PAGE}#write"
    assert client.get(f"{PAGE}/rating").headers["Location"] == f"{PAGE}#rating"


def test_there_is_nothing_to_say_below_no_article(demo_app: Flask) -> None:
    page = reader(demo_app)
    sent = {"made": page.made(), "stars": "5", "text": "Once.", "name": "Kari", "email": EMAIL}
    for form in ("rating", "comments"):
        assert page.client.post(f"/en/articles/no-such-article/{form}", data=sent).status_code == 404


# -- the address of who writes ----------------------------------------------------------------------------------------


def test_the_address_of_who_writes_is_told_to_nobody(
    demo_app: Flask, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    own = reader(demo_app).write(name="Kari")
    assert EMAIL not in own.response.text
    with demo_app.app_context():
        approve(newest(demo_app).id, now=NOW)
        token = own.path.rpartition("/")[2]
        assert [message.recipient for message in messages()] == [EMAIL]
    client = demo_app.test_client()
    for address in (PAGE, f"/nb/articles/{SLUG}", "/en/articles.atom", "/nb/articles.atom", "/en/articles"):
        text = client.get(address).text
        assert "example.com" not in text.replace("name@example.com", "")
        assert token not in text
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "site.comment" in logged
    for secret in (EMAIL, token, "192.0.2.1", "I read this"):
        assert secret not in logged


# -- programs ---------------------------------------------------------------------------------------------------------


def test_the_field_that_nobody_sees_catches_who_fills_it_in(demo_app: Flask) -> None:
    page = reader(demo_app).write(website="https://pills.example")
    assert page.status == 422
    assert "A field that nobody sees was filled in." in page.text
    assert page.typed()["website"] == ""
    assert page.typed()["text"] == "I read this twice."
    assert count(demo_app, Comment) == 0
    assert reader(demo_app).rate(5, website="x").status == 422
    assert count(demo_app, Rating) == 3


def test_the_field_that_nobody_sees_is_out_of_the_way(demo_app: Flask) -> None:
    page = reader(demo_app)
    traps = [e for e in page.main.iter("label") if e.get("class") == "trap"]
    fields = [next(trap.iter("input")) for trap in traps]
    assert [(e.get("tabindex"), e.get("autocomplete")) for e in fields] == [("-1", "off")] * 2
    assert ".trap { display: none; }" in (ROOT / "static" / "css" / "site.css").read_text()


def test_who_sends_too_fast_loses_nothing_and_can_send_again(demo_app: Flask) -> None:
    page = reader(demo_app)
    made = page.made(ago=timedelta(0))
    page.write(made=made)
    assert page.status == 422
    assert "That went very fast." in page.text
    assert [page.typed()[field] for field in ("text", "name", "email")] == ["I read this twice.", "Kari", EMAIL]
    assert page.write(made=page.made(ago=QUICKEST + timedelta(seconds=1))).path.startswith("/en/comments/own/")


def test_an_old_form_comes_back_fresh_with_what_was_typed(demo_app: Flask) -> None:
    page = reader(demo_app)
    old = page.made(ago=OLDEST + timedelta(minutes=1))
    page.write(made=old)
    assert page.status == 422
    assert "open for a long time" in page.text
    assert page.typed()["text"] == "I read this twice."
    assert page.typed()["made"] != old


@pytest.mark.parametrize("made", ["", "x", "WyJ4IiwxXQ.forged", "a.b.c"])
def test_a_form_of_somebodys_own_making_is_not_taken(demo_app: Flask, made: str) -> None:
    assert reader(demo_app).write(made=made).status == 422
    assert count(demo_app, Comment) == 0


def test_forms_from_other_sites_are_refused(demo_app: Flask) -> None:
    page = reader(demo_app)
    sent = {"made": page.made(), "stars": "1", "text": "Once.", "name": "Kari", "email": EMAIL}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        for form in ("rating", "comments"):
            assert page.client.post(f"{PAGE}/{form}", data=sent, headers=headers).status_code == 403
    assert (count(demo_app, Comment), count(demo_app, Rating)) == (0, 3)


# -- limits -----------------------------------------------------------------------------------------------------------


def test_after_five_comments_a_household_waits_and_nothing_is_lost(demo_app: Flask) -> None:
    for number in range(5):
        assert reader(demo_app).write(f"Comment {number}").status == 200
    page = reader(demo_app).write("The sixth")
    assert page.status == 429
    assert "Many comments came from your network" in page.text
    assert page.typed()["text"] == "The sixth"
    assert count(demo_app, Comment) == 5
    assert reader(demo_app, "192.0.2.2").write("From next door").status == 200


def test_a_household_is_its_network(demo_app: Flask) -> None:
    for number in range(5):
        reader(demo_app, f"2001:db8::{number}").write(f"Comment {number}")
    assert reader(demo_app, "2001:db8::ffff").write("The sixth").status == 429
    assert reader(demo_app, "2001:db8:0:1::1").write("From next door").status == 200


def test_mistakes_count_for_nothing(demo_app: Flask) -> None:
    page = reader(demo_app)
    for _ in range(6):
        assert page.write("").status == 422
    assert page.write("At last").status == 200


def test_votes_calls_and_calendars_are_limited_too(demo_app: Flask) -> None:
    client, page = demo_app.test_client(), reader(demo_app)
    made = page.made()
    forms = [
        (30, f"{PAGE}/rating", {"made": made, "stars": "4"}),
        (10, "/en/call-me", {"phone": "22 22 22 22"}),
        (20, "/en/book/plan/calendar", {"query": ""}),
    ]
    for most, address, data in forms:
        answers = [client.post(address, data=data) for _ in range(most + 1)]
        assert {answer.status_code for answer in answers[:-1]} <= {303, 422}
        assert answers[-1].status_code == 429
        assert "That was too often" in answers[-1].text
        assert "00 00 00 00" in answers[-1].text
        assert not [name for name, _ in answers[-1].headers if "ratelimit" in name.casefold()]
