"""Mail and calendars of the journey: what her calendar program shows is what the page of her course shows, always."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Any, cast
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from flask import Flask

from booking.app import create_app
from booking.config import Settings
from booking.store.database import db
from tests.calendars import rules
from tests.conftest import ALL
from tests.journeys.caller import Caller
from tests.journeys.client import CalendarProgram
from tests.servers.databases import Content, Databases
from tests.servers.smtp import Mailroom, receiving
from tests.servers.web import LiveServer, serving

PLAN = "/book/plan?clinic=lambertseter&day={day}&from={start}&new=1"
VISITS = 11


@dataclass(frozen=True)
class PostOffice:
    """A server, what it sends, and the worker's command over the same database and settings."""

    server: LiveServer
    mailroom: Mailroom
    app: Flask

    def deliver(self) -> list[bytes]:
        """What the worker sends now, in the order in which it arrives."""
        before = len(self.mailroom.deliveries)
        result = self.app.test_cli_runner().invoke(args=["worker", "--once"])
        assert result.exit_code == 0, result.output
        return [delivery.content for delivery in self.mailroom.deliveries[before:]]


@pytest.fixture(scope="module")
def post_office(databases: Databases) -> Iterator[PostOffice]:
    with contextmanager(receiving)() as mailroom:
        url = databases.new("sqlite", Content.DEMONSTRATION)
        with serving(url, BOOKING_MAIL=mailroom.url, BOOKING_HOLDS_PER_ADDRESS="100") as server:
            app = create_app(Settings.from_environ(server.environ, machine_now=datetime.now(UTC)))
            yield PostOffice(server, mailroom, app)
            with app.app_context():
                db.engine.dispose()
        databases.drop(url)


_numbers = count(1)


def booked(office: PostOffice, language: str = "en", day: str = "tue", gate: str = "no", **changes: Any) -> Caller:
    """Somebody on the page of her course, around a clock change and the closed days of spring."""
    number = next(_numbers)
    caller = Caller(office.server.url).open(f"/{language}" + PLAN.format(day=day, start="2027-03-15")).send("/choose")
    details = {"name": f"Kari Prøve {number}", "day": str(number), "month": "5", "year": "1979", "by_email": "y"}
    caller.send(gate=gate).send(**{**details, "email": address(number), "language": language, **changes})
    caller.send("/check")
    assert caller.path.endswith("/booked"), caller.text
    return caller.open(caller.path.removesuffix("/booked"))


def address(number: int) -> str:
    return f"kari{number}@example.com"


def local(starts: list[str]) -> list[datetime]:
    """Starts of a page as wall-clock times."""
    return [moment.replace(tzinfo=None) for moment in moments(starts)]


def moments(starts: list[str]) -> list[datetime]:
    return [datetime.fromisoformat(start) for start in starts]


def is_invitation(mail: bytes) -> bool:
    return b"method=" in mail


def readable(mails: list[bytes]) -> EmailMessage:
    """The one mail to read among them, after its check."""
    (mail,) = [mail for mail in mails if not is_invitation(mail)]
    rules.check_plain_mail(mail)
    return cast(EmailMessage, message_from_bytes(mail, policy=policy.default))


def words_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def feed_of(caller: Caller) -> str:
    """The address of the feed, where the page shows it."""
    return next((each.get("value") for each in caller.tree.iter("input") if each.get("id") == "feed-link"), "")


def fetched(url: str, **headers: str) -> tuple[int, bytes, str]:
    try:
        with urlopen(Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})) as got:
            return got.status, got.read(), got.headers["ETag"]
    except HTTPError as error:
        with error:
            return error.code, error.read(), error.headers.get("ETag", "")


@pytest.mark.parametrize("language", ["nb", *(["en"] if ALL else [])])
def test_invitations_put_into_her_calendar_what_the_page_shows(post_office: PostOffice, language: str) -> None:
    caller = booked(post_office, language)
    mails, program = post_office.deliver(), CalendarProgram()
    invitations = [mail for mail in mails if is_invitation(mail)]
    assert len(invitations) == VISITS
    for mail in invitations:
        program.receive(mail)
    assert program.shown == local(caller.starts)
    read = [event for mail in invitations for event in rules.second_reader(calendar_part(mail))]
    assert sorted(start for _uid, start, *_rest in read) == moments(caller.starts)
    assert all("Lambertseter" in place for *_rest, place in read)
    page = re.search(r"https?://\S+/course/[^\s/]+", words_of(readable(mails)))
    assert page
    assert Caller(post_office.server.url).open(page[0]).starts == caller.starts


def calendar_part(mail: bytes) -> bytes:
    part = next(part for part in message_from_bytes(mail).walk() if part.get_content_type() == "text/calendar")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def test_the_confirmation_names_every_date_and_why_some_moved(post_office: PostOffice) -> None:
    caller = booked(post_office, "en", "mon", channel="subscription")
    words = words_of(readable(post_office.deliver()))
    notes = [" ".join("".join(note.itertext()).split()) for note in caller.tree.iter("small")]
    moved = [note for note in notes if note.startswith("Moved")]
    for start in local(caller.starts):
        assert re.search(rf"\b{start.day} {start:%B}.*{start:%H:%M}", words), start
    assert moved
    assert all(note.partition(": ")[2].rstrip(".") in " ".join(words.split()) for note in moved), words


def test_the_file_holds_what_the_page_shows(post_office: PostOffice) -> None:
    caller, program = booked(post_office, channel="file"), CalendarProgram()
    (mail,) = post_office.deliver()
    rules.check_plain_mail(mail)
    attached = calendar_part(mail)
    program.open_file(attached)
    assert program.shown == local(caller.starts)
    link = next(each.get("href") for each in caller.tree.iter("a") if (each.get("href") or "").endswith(".ics"))
    status, downloaded, _etag = fetched(post_office.server.url + link)
    assert (status, rules.second_reader(downloaded)) == (200, rules.second_reader(attached))
    program.open_file(downloaded)
    assert program.shown == local(caller.starts)


def test_the_feed_holds_what_the_page_shows_and_is_sent_once(post_office: PostOffice) -> None:
    caller, program = booked(post_office, "nb", channel="subscription"), CalendarProgram()
    assert len(post_office.deliver()) == 1
    status, body, etag = fetched(feed_of(caller))
    program.fetch(body)
    assert (status, program.shown) == (200, local(caller.starts))
    assert [start for _uid, start, *_rest in rules.second_reader(body)] == moments(caller.starts)
    assert fetched(feed_of(caller), If_None_Match=etag)[:2] == (304, b"")
    assert fetched(feed_of(caller))[1] == body


def test_no_visit_is_shown_twice_whichever_channel_she_chooses(post_office: PostOffice) -> None:
    caller, program, invitations = booked(post_office, "en", "wed"), CalendarProgram(), list[bytes]()
    feed = ""
    for channel in ("invitations", "subscription", "invitations", "subscription", "file", "invitations"):
        caller.send("/calendar", channel=channel)
        feed = feed_of(caller) or feed
        for mail in post_office.deliver():
            if is_invitation(mail):
                program.receive(mail)
                invitations.append(mail)
            elif channel == "file":
                program.open_file(calendar_part(mail))
        if feed:
            program.fetch(fetched(feed)[1])
        assert program.shown == local(caller.starts), channel
    late = CalendarProgram()
    for mail in [*reversed(invitations), *invitations]:
        late.receive(mail)
    assert late.shown == local(caller.starts)


def test_a_corrected_address_takes_the_invitations_along(post_office: PostOffice) -> None:
    caller = booked(post_office, "en", "fri")
    programs: dict[str, CalendarProgram] = {}

    def receive() -> None:
        seen = len(post_office.mailroom.deliveries)
        post_office.deliver()
        for delivery in post_office.mailroom.deliveries[seen:]:
            (owner,) = delivery.recipients
            if is_invitation(delivery.content):
                programs.setdefault(owner, CalendarProgram()).receive(delivery.content)

    receive()
    (old,) = programs
    caller.open(f"{caller.path}/contact").send("/contact", email="new@example.com")
    receive()
    assert programs[old].shown == []
    assert programs["new@example.com"].shown == local(caller.starts)


def change(caller: Caller, page: str, ending: str, which: int = 0) -> None:
    """Opens a page of the course, and takes one of the times that are offered there, or the only button."""
    course = caller.path
    caller.open(f"{course}{page}")
    offered = [each.get("value") for each in caller.tree.iter("button") if each.get("name") == "to"]
    caller.send(ending, **({"to": offered[which]} if offered else {}))
    assert (caller.status, caller.path) == (200, course), caller.text


def visits(caller: Caller) -> list[str]:
    """The pages of the visits that can be changed, below the course's, in order of time."""
    links = [each.get("href") or "" for each in caller.tree.iter("a")]
    found = [link.removeprefix(caller.path) for link in links if "/visits/" in link]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("channel", ["invitations", *(["subscription"] if ALL else [])])
def test_whatever_she_changes_her_calendar_ends_with_what_the_page_shows(post_office: PostOffice, channel: str) -> None:
    caller, program = booked(post_office, "en", "thu", channel=channel), CalendarProgram()
    feed = feed_of(caller)

    def follow() -> list[bytes]:
        mails = post_office.deliver()
        for mail in filter(is_invitation, mails):
            program.receive(mail)
        if feed:
            program.fetch(fetched(feed)[1])
        assert program.shown == local(caller.starts)
        return [mail for mail in mails if not is_invitation(mail)]

    follow()
    third, fifth = visits(caller)[3], visits(caller)[5]
    change(caller, third, "/move")
    change(caller, third, "/move", which=-1)
    change(caller, f"{fifth}/cancel", "/cancel")
    assert len(caller.starts) == VISITS - 1
    change(caller, "/extend", "/extend")
    assert len(caller.starts) == VISITS
    caller.send("/send-now")
    (mail,) = follow()
    assert "moved from" in " ".join(words_of(readable([mail])).split()).lower()
    change(caller, third, "/move")
    caller.send("/undo")
    assert follow() == []
    change(caller, "/cancel-rest", "/cancel-rest")
    caller.send("/send-now")
    assert len(follow()) == 1
    assert program.shown == []


def test_who_is_rung_first_gets_one_mail_and_no_invitation(post_office: PostOffice) -> None:
    booked(post_office, "en", "tue", gate="unsure", by_mobile="y", mobile="+46 70 174 06 05")
    (mail,) = post_office.deliver()
    words = words_of(readable([mail]))
    assert "We will ring you by the end of Wednesday 3 March" in words
    assert "booked" not in words
    assert "call_first" in post_office.app.test_cli_runner().invoke(args=["tasks", "--json"]).output
