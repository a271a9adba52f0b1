"""The development mailbox keeps each message once, whole, and shows the newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from booking.ical.imip import plain_mail
from booking.ical.itip import published
from booking.mail.mailbox import Mailbox
from booking.mail.post import PostError
from tests.ical.entries import entry, letter


def mail(number: int = 1, *, calendar: bytes | None = None, **changes: object) -> bytes:
    changes = {"message_id": f"<{number}@klinikk.example>", **changes}
    return plain_mail(letter(**changes), calendar=calendar)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox")


def deliver(mailbox: Mailbox, *bodies: bytes) -> None:
    for body in bodies:
        mailbox.send(body, "time@klinikk.example", "kari@example.com")


def test_a_new_mailbox_is_empty(mailbox: Mailbox) -> None:
    assert mailbox.all() == []


def test_a_mail_is_kept_byte_for_byte(mailbox: Mailbox) -> None:
    deliver(mailbox, mail())
    (stored,) = mailbox.all()
    assert stored.raw == mail()
    assert mailbox.letter(stored.key) == stored


def test_a_mail_is_read_as_people_see_it(mailbox: Mailbox) -> None:
    deliver(mailbox, mail(subject="Time på tirsdag", text="Hei Kåre\n", html="<p>Hei Kåre</p>"))
    (stored,) = mailbox.all()
    assert stored.subject == "Time på tirsdag"
    assert "Kari" in stored.to
    assert stored.text.strip() == "Hei Kåre"
    assert "<p>Hei Kåre</p>" in stored.html
    assert not stored.has_calendar


def test_a_calendar_is_noticed(mailbox: Mailbox) -> None:
    deliver(mailbox, mail(calendar=published([entry()])))
    assert mailbox.all()[0].has_calendar


def test_a_message_delivered_twice_is_there_once(mailbox: Mailbox) -> None:
    deliver(mailbox, mail(), mail())
    assert len(mailbox.all()) == 1


def test_the_newest_mail_stands_first(mailbox: Mailbox) -> None:
    days = [datetime(2027, 3, day, tzinfo=UTC) for day in (2, 9, 1)]
    deliver(mailbox, *(mail(number, date=day) for number, day in enumerate(days)))
    assert [stored.date for stored in mailbox.all()] == sorted(days, reverse=True)


def test_half_a_mail_is_never_seen(mailbox: Mailbox, tmp_path: Path) -> None:
    deliver(mailbox, mail())
    name = next((tmp_path / "mailbox").iterdir()).stem
    (tmp_path / "mailbox" / f".{name}.4711").write_bytes(mail(2)[:100])
    assert len(mailbox.all()) == 1


@pytest.mark.parametrize("key", ["../secret", "", "0" * 32, "A" * 32, "0" * 31 + "/"])
def test_another_key_opens_nothing(mailbox: Mailbox, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret.eml").write_bytes(mail())
    deliver(mailbox, mail())
    assert mailbox.letter(key) is None


def test_a_folder_that_cannot_be_written_is_worth_another_try(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PostError) as caught:
        deliver(Mailbox(tmp_path / "file"), mail())
    assert not caught.value.permanent
