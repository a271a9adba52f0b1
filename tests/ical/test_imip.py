"""The mails that carry invitations, and those that are only read."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest
from hypothesis import given

from booking.ical.imip import invitation_mail, plain_mail
from booking.ical.itip import Method, Party, cancel, published, request
from booking.ical.text import one_line, plain
from tests.calendars import rules
from tests.ical.entries import KARI, LINK, ORGANIZER, entry, letter
from tests.ical.test_event import texts

REQUEST = request(entry(), ORGANIZER, KARI)


def test_an_invitation_carries_its_request() -> None:
    mail = invitation_mail(letter(), calendar=REQUEST, method=Method.REQUEST)
    assert rules.check_invitation_mail(mail).text("UID") == entry().uid


def test_a_cancellation_carries_its_cancel() -> None:
    data = cancel(entry(sequence=1), ORGANIZER, KARI)
    rules.check_invitation_mail(invitation_mail(letter(), calendar=data, method=Method.CANCEL))


@pytest.mark.parametrize("calendar", [published([entry()]), cancel(entry(sequence=1), ORGANIZER, KARI)])
def test_a_mail_refuses_a_calendar_of_another_method(calendar: bytes) -> None:
    with pytest.raises(ValueError):
        invitation_mail(letter(), calendar=calendar, method=Method.REQUEST)


def test_a_plain_mail_is_read_as_text_or_html() -> None:
    parsed = message_from_bytes(plain_mail(letter()), policy=policy.default)
    text, html = (parsed.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert LINK in text.get_content()
    assert f'href="{LINK}"' in html.get_content()


def test_a_file_goes_with_a_plain_mail_as_it_is() -> None:
    data = published([entry()])
    mail = rules.check_plain_mail(plain_mail(letter(), calendar=data))
    assert [part.get_payload(decode=True) for part in mail.walk()][-1] == data
    assert [part.get_filename() for part in mail.walk()][-1] == "appointments.ics"


@given(texts, texts)
def test_any_name_and_subject_come_back_whole(name: str, subject: str) -> None:
    mail = message_from_bytes(plain_mail(letter(to=Party(name, "kari@example.com"), subject=subject)))
    assert rules.decoded(mail["Subject"]) == one_line(subject)
    assert rules.mailbox(mail, "To") == (one_line(name), "kari@example.com")


@given(texts, texts)
def test_no_name_and_no_subject_adds_a_header(name: str, subject: str) -> None:
    mail = message_from_bytes(plain_mail(letter(to=Party(name, "kari@example.com"), subject=subject)))
    assert sorted(mail.keys()) == sorted(rules.HEADERS)
    assert all(len(line) <= 76 for line in mail.as_bytes().split(b"\n"))


@given(texts)
def test_any_text_comes_back_whole(text: str) -> None:
    mail = message_from_bytes(plain_mail(letter(text=text)))
    body = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    content = body.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().replace("\r\n", "\n").rstrip("\n") == plain(text).rstrip("\n")


def test_the_same_letter_is_the_same_bytes() -> None:
    assert plain_mail(letter()) == plain_mail(letter())


def test_another_message_has_another_boundary() -> None:
    other = letter(message_id="<another@klinikk.example>")
    assert message_from_bytes(plain_mail(letter())).get_boundary() != (
        message_from_bytes(plain_mail(other)).get_boundary()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"message_id": "no-brackets@klinikk.example"},
        {"message_id": "<a@b>\r\nBcc: siv@example.com"},
        {"message_id": "<a b@klinikk.example>"},
        {"language": "nb\r\nBcc: siv@example.com"},
        {"language": ""},
        {"date": letter().date.replace(tzinfo=None)},
    ],
)
def test_a_letter_refuses_what_could_not_stand_in_a_header(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        letter(**changes)


# -- ending by one click (RFC 8058) -----------------------------------------------------------------------------------

ENDING = "https://booking.clinic.example/nb/reminders/stop/abc"


def test_a_mail_that_nobody_needs_is_ended_by_one_click() -> None:
    mail = rules.check_plain_mail(plain_mail(letter(unsubscribe=ENDING)))
    assert mail["List-Unsubscribe"] == f"<{ENDING}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("address", ["mailto:x@y.example", "https://a.example/ b", "https://a.example>\r\nBcc: x", ""])
def test_mails_are_ended_at_an_address_only(address: str) -> None:
    with pytest.raises(ValueError):
        letter(unsubscribe=address)
