"""A stranger's mail is taken apart in time, whatever its shape, and gives one calendar, one report, or nothing."""

from __future__ import annotations

import io
import time
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.mail.inbound import (
    MOST_BYTES,
    MOST_CALENDAR_BYTES,
    CalendarPart,
    Flaw,
    NothingForUs,
    Report,
    read_mail,
    take_in,
)

FILES = sorted((Path(__file__).parents[1] / "calendars" / "replies").glob("*.eml"))

SECONDS = 3.0

HEAD = b"From: kari@example.com\nMIME-Version: 1.0\n"


def calendar(body: bytes, *fields: str, kind: str = "text/calendar; method=REPLY; charset=utf-8") -> bytes:
    return HEAD + "\n".join([f"Content-Type: {kind}", *fields]).encode() + b"\n\n" + body


def parts(*each: bytes, boundary: str = "x", more: str = "") -> bytes:
    joined = b"".join(f"--{boundary}\n".encode() + part + b"\n" for part in each)
    head = f'Content-Type: multipart/mixed; boundary="{boundary}"{more}\n\n'.encode()
    return HEAD + head + joined + f"--{boundary}--\n".encode()


def flaw_of(raw: bytes) -> Flaw:
    with pytest.raises(NothingForUs) as raised:
        read_mail(raw)
    return raised.value.flaw


def text_of(raw: bytes) -> str:
    found = read_mail(raw)
    assert isinstance(found, CalendarPart)
    return found.text.strip()


PLAIN = b"Content-Type: text/plain\n\nHello"
CALENDAR = b"Content-Type: text/calendar\n\nBEGIN"


# -- the calendar in it -----------------------------------------------------------------------------------------------


def test_a_mail_may_be_a_calendar_and_nothing_else() -> None:
    assert read_mail(calendar(b"BEGIN")) == CalendarPart("BEGIN", "REPLY")


def test_a_calendar_is_found_between_other_parts() -> None:
    assert text_of(parts(PLAIN, parts(PLAIN, CALENDAR, boundary="y"), PLAIN)) == "BEGIN"


def test_the_ends_of_lines_make_no_difference() -> None:
    raw = parts(PLAIN, CALENDAR)
    assert text_of(raw) == text_of(raw.replace(b"\n", b"\r\n")) == text_of(raw.replace(b"\n", b"\r"))


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("7bit", "Prøve".encode()),
        ("BASE64", b64encode("Prøve".encode())),
        ("base64", b"UHLDuHZl\n"),
        ("Quoted-Printable", b"Pr=C3=B8ve"),
        ("x-unknown", "Prøve".encode()),
    ],
)
def test_each_transfer_encoding_is_read(encoding: str, body: bytes) -> None:
    assert text_of(calendar(body, f"Content-Transfer-Encoding: {encoding}")).startswith("Pr")


@pytest.mark.parametrize("body", [b"A", b"====", b"QkVHSU4", b"Qk\nVH SU4=", b"\xff\xfe", b"QkVHSU4=QkVHSU4="])
def test_broken_base64_breaks_nothing(body: bytes) -> None:
    read_mail(calendar(body, "Content-Transfer-Encoding: base64"))


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("utf-8", "Prøve".encode()),
        ("ISO-8859-1", "Prøve".encode("latin-1")),
        ("Windows-1252", "Prøve".encode("cp1252")),
        ("utf-16", "Prøve".encode("utf-16")),
        ("", "Prøve".encode()),
    ],
)
def test_each_usual_charset_is_read(charset: str, encoded: bytes) -> None:
    # UTF-16 holds bytes that look like the ends of lines; it always travels encoded.
    raw = calendar(b64encode(encoded), "Content-Transfer-Encoding: base64", kind=f'text/calendar; charset="{charset}"')
    assert text_of(raw) == "Prøve"


@pytest.mark.parametrize("charset", ["x-nothing", "zip", "rot13", "idna", "punycode", "unicode_escape", "\0", "utf-7"])
def test_a_charset_that_nobody_writes_is_read_as_far_as_it_goes(charset: str) -> None:
    assert text_of(calendar(b"BEGIN", kind=f'text/calendar; charset="{charset}"')) == "BEGIN"


def test_the_same_calendar_twice_is_one() -> None:
    assert text_of(parts(CALENDAR, CALENDAR + b"\n")) == "BEGIN"


def test_two_calendars_are_none() -> None:
    assert flaw_of(parts(CALENDAR, CALENDAR + b":VCALENDAR")) is Flaw.SEVERAL_CALENDARS


def test_a_mail_that_is_passed_on_inside_another_answers_nothing() -> None:
    assert flaw_of(parts(PLAIN, b"Content-Type: message/rfc822\n\n" + calendar(b"BEGIN"))) is Flaw.NOTHING


def test_the_first_of_two_fields_counts() -> None:
    assert flaw_of(b"Content-Type: text/plain\nContent-Type: text/calendar\n\nBEGIN") is Flaw.NOTHING


def test_a_line_of_a_mailbox_before_the_fields_is_passed_over() -> None:
    assert text_of(b"From kari@example.com Tue Mar  2 13:00:01 2027\n" + calendar(b"BEGIN")) == "BEGIN"


# -- reports ----------------------------------------------------------------------------------------------------------


def report(*groups: str, returned: bytes = b"", more: str = "") -> bytes:
    body = b"Content-Type: message/delivery-status\n\n" + "\n\n".join(["Reporting-MTA: dns; x", *groups]).encode()
    return parts(PLAIN, body, *([returned] if returned else []), more=f"{more}; report-type=delivery-status")


RETURNED = b"Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID:\n <1@klinikk.example>\n"


@pytest.mark.parametrize("returned", [RETURNED, RETURNED.replace(b"text/rfc822-headers", b"message/rfc822")])
def test_a_report_names_the_mail_that_failed(returned: bytes) -> None:
    found = read_mail(
        report("Final-Recipient: rfc822; k@example.com\nAction: failed\nStatus: 5.1.1", returned=returned)
    )
    assert found == Report(True, "5.1.1", ("<1@klinikk.example>",))


def test_one_recipient_that_failed_is_enough() -> None:
    found = read_mail(report("Action: delivered\nStatus: 2.0.0", "Action: Failed (5)\nStatus: 4.4.7 (expired)"))
    assert found == Report(True, "4.4.7", ())


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_every_other_report_tells_of_no_failure(action: str) -> None:
    found = read_mail(report(f"Action: {action}\nStatus: 4.4.1", returned=RETURNED))
    assert found == Report(False, "", ("<1@klinikk.example>",))


def test_a_status_that_is_none_is_left_out() -> None:
    assert read_mail(report("Action: failed\nStatus: Kari is away")) == Report(True, "", ())


# -- limits -----------------------------------------------------------------------------------------------------------


class Endless(io.RawIOBase):
    """Ten megabytes, and how much of them was read."""

    def __init__(self) -> None:
        self.left = 10 * 1024 * 1024

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left)
        self.left -= given
        return b"x" * given


def test_of_a_large_mail_no_more_is_kept_than_shows_it_and_all_of_it_is_read() -> None:
    stream = Endless()
    raw = take_in(stream)
    assert (len(raw), stream.left) == (MOST_BYTES + 1, 0)
    assert flaw_of(raw) is Flaw.TOO_LARGE


def test_a_large_calendar_is_refused() -> None:
    assert flaw_of(calendar(b"x" * (MOST_CALENDAR_BYTES + 1))) is Flaw.CALENDAR_TOO_LARGE
    encoded = b64encode(b"x" * (MOST_CALENDAR_BYTES + 1))
    assert flaw_of(calendar(encoded, "Content-Transfer-Encoding: base64")) is Flaw.CALENDAR_TOO_LARGE


def test_too_many_parts_are_refused() -> None:
    assert flaw_of(parts(*[PLAIN] * 300)) is Flaw.TOO_MANY_PARTS


HARD = {
    "quotes in a field": b"Content-Type: text/calendar" + b';"a' * (MOST_BYTES // 4) + b"\n\n",
    "escapes in a field": b"Content-Type: text/calendar" + b';a="\\' * (MOST_BYTES // 6) + b"\n\n",
    "one long name": b"a" * (MOST_BYTES - 1),
    "one folded field": b"Content-Type: text/calendar;" + b"\n a=b;" * (MOST_BYTES // 8) + b"\n\n",
    "empty lines": b"Content-Type: message/delivery-status\n\n" + b"\n" * (MOST_BYTES - 50),
    "spaces in a report": b"Content-Type: message/delivery-status\n\nAction" + b" " * (MOST_BYTES - 60),
    "boundaries": b'Content-Type: multipart/x; boundary="-"\n\n' + b"---\n" * (MOST_BYTES // 5),
    "parts in parts": b"".join(b"Content-Type: multipart/x; boundary=%d\n\n--%d\n" % (n, n) for n in range(30_000)),
    "message ids": RETURNED.replace(b"text/rfc822-headers", b"message/delivery-status") + b"<" * 1_000_000,
    "one line of base64": b"Content-Type: text/calendar\nContent-Transfer-Encoding: base64\n\n" + b"A" * 500_000,
}


@pytest.mark.parametrize("name", HARD)
def test_no_mail_takes_long(name: str) -> None:
    began = time.process_time()
    with suppress(NothingForUs):
        read_mail(HARD[name][:MOST_BYTES])
    assert time.process_time() - began < SECONDS


# -- whatever comes ---------------------------------------------------------------------------------------------------


@given(st.binary(max_size=2000))
def test_no_bytes_break_it(raw: bytes) -> None:
    with suppress(NothingForUs):
        read_mail(raw)


@given(st.data())
def test_no_damage_to_a_real_mail_breaks_it(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(FILES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    with suppress(NothingForUs):
        read_mail(bytes(raw))
