"""Fetching a stranger's calendar: what comes, and everything that is refused, given up or cut off."""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import ip_address
from socket import SHUT_RDWR

import pytest

from booking.ical.busy import MOST_BYTES
from booking.ical.fetch import Fetched, Fetcher, NotFetched, Trouble, is_public
from tests.servers.calendars import Answer, Calendars
from tests.servers.smtp import Certificate

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
HERE = Fetcher(loopback=True, seconds=5)
PUBLIC = Fetcher(seconds=5)


def trouble(fetcher: Fetcher, url: str) -> Trouble:
    with pytest.raises(NotFetched) as refused:
        fetcher.fetch(url)
    return refused.value.trouble


def test_a_calendar_is_fetched_with_what_is_needed_to_ask_again(calendars: Calendars) -> None:
    url = calendars.serve(CALENDAR, 'ETag: "one"', "Last-Modified: Mon, 01 Mar 2027 08:00:00 GMT")
    assert HERE.fetch(url) == Fetched(CALENDAR, '"one"', "Mon, 01 Mar 2027 08:00:00 GMT")


@pytest.mark.parametrize("known", [{"etag": '"one"'}, {"last_modified": "Mon, 01 Mar 2027 08:00:00 GMT"}])
def test_what_has_not_changed_is_not_sent_again(calendars: Calendars, known: dict[str, str]) -> None:
    url = calendars.serve(CALENDAR, 'ETag: "one"', "Last-Modified: Mon, 01 Mar 2027 08:00:00 GMT")
    assert HERE.fetch(url, **known) is None


def test_an_address_with_odd_letters_is_asked_as_it_is_meant(calendars: Calendars) -> None:
    calendars.serve(CALENDAR, path="/k%C3%A5re%20dag.ics?key=a%2Fb")
    assert HERE.fetch(f"{calendars.url}/kåre dag.ics?key=a%2Fb") is not None
    assert f"\r\nHost: 127.0.0.1:{calendars.port}\r\n" in calendars.asked[0]


def test_over_tls_only_who_proves_her_name_is_believed(tls_calendars: Calendars, certificate: Certificate) -> None:
    url = tls_calendars.serve(CALENDAR)
    assert trouble(HERE, url) is Trouble.UNREACHABLE
    trusting = Fetcher(loopback=True, seconds=5, context=certificate.trust())
    assert trusting.fetch(url) is not None
    assert trusting.fetch(url.replace("https", "webcal")) is not None


def test_a_name_is_resolved_once_and_that_very_address_is_asked(calendars: Calendars) -> None:
    seen: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        seen.append(host)
        return ["127.0.0.1" if len(seen) == 1 else "10.0.0.1"]

    calendars.serve(CALENDAR)
    fetcher = Fetcher(loopback=True, seconds=5, resolve=resolve)
    assert fetcher.fetch(f"http://calendar.example:{calendars.port}/her.ics") is not None
    assert seen == ["calendar.example"]
    assert f"\r\nHost: calendar.example:{calendars.port}\r\n" in calendars.asked[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://calendar.example/her.ics",
        "ftp://calendar.example/her.ics",
        "file:///etc/passwd",
        "calendar.example/her.ics",
        "https://",
        "https://kari:secret@calendar.example/her.ics",
        "https://calendar.example:99999/her.ics",
        "https://a..b/her.ics",
        "https://calendar.example/" + "a" * 2000,
        "",
    ],
)
def test_what_is_no_address_over_https_is_not_asked(url: str) -> None:
    assert trouble(PUBLIC, url) is Trouble.ADDRESS


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "[fc00::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_no_address_of_somebody_s_own_network_is_asked(host: str) -> None:
    assert trouble(PUBLIC, f"https://{host}/her.ics") is Trouble.PRIVATE


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:400f::1"])
def test_addresses_that_everybody_can_reach_may_be_asked(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_name_with_one_private_address_is_not_asked_at_all(calendars: Calendars) -> None:
    fetcher = Fetcher(loopback=True, seconds=5, resolve=lambda host, port: ["127.0.0.1", "10.0.0.1"])
    assert trouble(fetcher, calendars.serve(CALENDAR)) is Trouble.PRIVATE
    assert calendars.asked == []


def test_a_wrapped_loopback_address_is_refused_even_where_loopback_may_be_asked(calendars: Calendars) -> None:
    calendars.serve(CALENDAR)
    assert trouble(HERE, f"https://[::ffff:127.0.0.1]:{calendars.port}/her.ics") is Trouble.PRIVATE
    assert calendars.asked == []


def test_three_redirects_are_followed_and_a_fourth_is_not(calendars: Calendars) -> None:
    url = calendars.serve(CALENDAR)
    for place, target in enumerate(["/her.ics", f"{calendars.url}/0", "1", "/2"]):
        calendars.pages[f"/{place}"] = Answer("302 Found", (f"Location: {target}",))
    assert HERE.fetch(f"{calendars.url}/2") is not None
    assert trouble(HERE, f"{calendars.url}/3") is Trouble.REDIRECTS
    assert HERE.fetch(url) is not None


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("https://10.0.0.1/her.ics", Trouble.PRIVATE),
        ("https://169.254.169.254/latest", Trouble.PRIVATE),
        ("http://10.0.0.1/her.ics", Trouble.PRIVATE),
        ("file:///etc/passwd", Trouble.ADDRESS),
    ],
)
def test_a_redirect_leads_nowhere_that_could_not_be_asked(calendars: Calendars, target: str, reason: Trouble) -> None:
    calendars.pages["/"] = Answer("301 Moved Permanently", (f"Location: {target}",))
    assert trouble(HERE, f"{calendars.url}/") is reason


@pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized", "500 Oops", "204 No Content", "302 Found"])
def test_an_answer_without_a_calendar_is_none(calendars: Calendars, status: str) -> None:
    calendars.pages["/"] = Answer(status)
    assert trouble(HERE, f"{calendars.url}/") is Trouble.ANSWER


def test_a_server_that_speaks_no_http_is_given_up(calendars: Calendars) -> None:
    calendars.pages["/"] = Answer("\x00" * 10)
    assert trouble(HERE, f"{calendars.url}/") is Trouble.UNREACHABLE


def test_a_server_that_is_not_there_is_given_up(calendars: Calendars) -> None:
    port = calendars.port
    calendars.listener.shutdown(SHUT_RDWR)  # who waits for the next to come is woken, and lets go of it
    calendars.listener.close()
    assert trouble(HERE, f"http://127.0.0.1:{port}/") is Trouble.UNREACHABLE


def test_a_calendar_that_says_it_is_huge_is_not_read(calendars: Calendars) -> None:
    calendars.pages["/"] = Answer(head=(f"Content-Length: {MOST_BYTES + 1}",))
    assert trouble(HERE, f"{calendars.url}/") is Trouble.LARGE


def test_a_calendar_without_end_is_cut_off(calendars: Calendars) -> None:
    calendars.pages["/"] = Answer(body=b"X" * 65536, endless=True)
    assert trouble(HERE, f"{calendars.url}/") is Trouble.LARGE


def test_a_calendar_of_just_the_limit_is_read(calendars: Calendars) -> None:
    fetched = HERE.fetch(calendars.serve(b"X" * MOST_BYTES))
    assert fetched is not None
    assert len(fetched.body) == MOST_BYTES


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_sends_a_byte_at_a_time_is_given_up_in_time(
    calendars: Calendars, tls_calendars: Calendars, certificate: Certificate, tls: bool
) -> None:
    server = tls_calendars if tls else calendars
    server.pages["/"] = Answer(body=CALENDAR * 100, drip=0.05)
    began = time.monotonic()
    assert trouble(Fetcher(loopback=True, seconds=0.5, context=certificate.trust()), f"{server.url}/") is Trouble.SLOW
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("head", "body"), [("Content-Length: 1000", CALENDAR), ("Transfer-Encoding: chunked", b"5\r\nBEGIN\r\n")]
)
def test_an_answer_that_stops_in_the_middle_is_no_calendar(calendars: Calendars, head: str, body: bytes) -> None:
    assert trouble(HERE, calendars.serve(body, head)) is Trouble.UNREACHABLE
