from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest

from booking.config import ConfigError, Environment, ImapServer, MailServer, Settings, SmsGateway, on_loopback

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SECRET = "s" * 40
HEALTH_KEY = base64.urlsafe_b64encode(b"h" * 32).decode()
PRODUCTION = {
    "BOOKING_ENV": "production",
    "BOOKING_SECRET_KEY": SECRET,
    "BOOKING_HEALTH_KEYS": HEALTH_KEY,
    "BOOKING_MAIL": "smtps://mail.clinic.example",
    "BOOKING_MAIL_FROM": "post@clinic.example",
    "BOOKING_URL": "https://booking.clinic.example",
}


def read(**variables: str) -> Settings:
    return Settings.from_environ({f"BOOKING_{name}": value for name, value in variables.items()}, machine_now=NOW)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read() == Settings()


def test_an_empty_variable_counts_as_unset() -> None:
    assert read(ENV="", HOLD_MINUTES=" ") == Settings()


def test_development_on_this_machine_may_load_the_demonstration_data() -> None:
    assert read().demonstration_allowed


def test_production_starts_when_all_is_set() -> None:
    settings = Settings.from_environ(PRODUCTION, machine_now=NOW)
    assert settings.env is Environment.PRODUCTION
    assert not settings.demonstration_allowed


@pytest.mark.parametrize("missing", sorted(set(PRODUCTION) - {"BOOKING_ENV"}))
def test_production_refuses_each_default(missing: str) -> None:
    environ = {name: value for name, value in PRODUCTION.items() if name != missing}
    with pytest.raises(ConfigError, match=missing):
        Settings.from_environ(environ, machine_now=NOW)


def test_production_refuses_a_clock_that_was_set() -> None:
    environ = {**PRODUCTION, "BOOKING_NOW": "2027-03-01T09:00+01:00"}
    with pytest.raises(ConfigError, match="BOOKING_NOW"):
        Settings.from_environ(environ, machine_now=NOW)


def test_production_refuses_links_without_encryption() -> None:
    environ = {**PRODUCTION, "BOOKING_URL": "http://booking.clinic.example"}
    with pytest.raises(ConfigError, match="https"):
        Settings.from_environ(environ, machine_now=NOW)


@pytest.mark.parametrize("public", [{"HOST": "0.0.0.0"}, {"HOST": "::"}, {"URL": "http://clinic.example"}])
def test_an_address_off_loopback_refuses_known_secrets(public: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="BOOKING_SECRET_KEY"):
        read(**public)
    with pytest.raises(ConfigError, match="BOOKING_HEALTH_KEYS"):
        read(**public, SECRET_KEY=SECRET)


def test_an_address_off_loopback_refuses_the_demonstration_data() -> None:
    assert not read(HOST="0.0.0.0", SECRET_KEY=SECRET, HEALTH_KEYS=HEALTH_KEY).demonstration_allowed


def test_an_address_off_loopback_refuses_a_clock_that_was_set() -> None:
    with pytest.raises(ConfigError, match="BOOKING_NOW"):
        read(HOST="0.0.0.0", SECRET_KEY=SECRET, HEALTH_KEYS=HEALTH_KEY, NOW="2027-03-01T09:00+01:00")


def test_the_clock_starts_at_the_moment_that_was_set() -> None:
    offset = read(NOW="2027-03-01T09:00+01:00").clock_offset
    assert NOW + offset == datetime(2027, 3, 1, 8, 0, tzinfo=UTC)


def test_an_offset_that_is_handed_down_wins_over_the_moment() -> None:
    assert read(NOW="2027-03-01T09:00+01:00", CLOCK_OFFSET="60.5").clock_offset == timedelta(seconds=60.5)


@pytest.mark.parametrize("value", ["soon", "2027-03-01T09:00"])
@pytest.mark.parametrize(
    "name",
    ["ENV", "NOW", "CLOCK_OFFSET", "MAIL", "MAIL_FROM", "URL", "SECRET_KEY", "HEALTH_KEYS", "HOLD_MINUTES"],
)
def test_an_unusable_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"BOOKING_{name}"):
        read(**{name: value})


@pytest.mark.parametrize("value", ["0", "-1", "1.5"])
def test_a_hold_lasts_a_whole_minute_or_more(value: str) -> None:
    with pytest.raises(ConfigError, match="BOOKING_HOLD_MINUTES must be a whole number, 1 or more"):
        read(HOLD_MINUTES=value)


def test_secrets_are_lists_with_the_newest_first() -> None:
    settings = read(SECRET_KEY=f"{SECRET}, {SECRET}old", HEALTH_KEYS=f"{HEALTH_KEY},{HEALTH_KEY}")
    assert settings.secret_keys == (SECRET, f"{SECRET}old")
    assert len(settings.health_keys) == 2


def test_the_mailbox_stands_for_no_mail_server() -> None:
    assert read(MAIL="mailbox").mail is None


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtp://127.0.0.1:1025", MailServer(host="127.0.0.1", port=1025, tls=False)),
        ("smtp://mail.example", MailServer(host="mail.example", port=25, tls=False)),
        (
            "smtps://post%40x:p%3Aw@mail.example",
            MailServer(host="mail.example", port=465, tls=True, username="post@x", password="p:w"),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(text: str, server: MailServer) -> None:
    assert read(MAIL=text).mail == server


def test_mail_may_be_plain_on_this_machine_only() -> None:
    assert MailServer(host="127.0.0.1", port=25, tls=False).plain_allowed
    assert not MailServer(host="mail.example", port=25, tls=False).plain_allowed


@pytest.mark.parametrize(
    ("text", "server"),
    [
        (
            "imaps://post%40x:p%3Aw@mail.example",
            ImapServer(host="mail.example", port=993, tls=True, username="post@x", password="p:w"),
        ),
        (
            "imap://a:b@127.0.0.1/Answers?done=Answers/Done",
            ImapServer(
                host="127.0.0.1", port=143, tls=False, username="a", password="b", folder="Answers", done="Answers/Done"
            ),
        ),
    ],
)
def test_a_mailbox_to_read_is_read_from_its_address(text: str, server: ImapServer) -> None:
    assert read(IMAP=text).imap == server


@pytest.mark.parametrize(
    "text",
    [
        "imaps://mail.example",
        "imaps://a@mail.example",
        "pop3://a:b@mail.example",
        "imaps://a:b@mail.example:99999",
        "imaps://a:b@mail.example/Søppel",
        "imaps://a:b@mail.example?done=%0D%0A",
    ],
)
def test_a_mailbox_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="BOOKING_IMAP"):
        read(IMAP=text)


def test_a_mailbox_is_read_unencrypted_on_this_machine_only() -> None:
    with pytest.raises(ConfigError, match="must begin with imaps://"):
        read(IMAP="imap://a:b@mail.example")


def test_links_have_no_slash_at_the_end_of_their_beginning() -> None:
    assert read(URL="http://127.0.0.1:5001/").url == "http://127.0.0.1:5001"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "::1", "[::1]"])
def test_only_this_machine_reaches_a_loopback_address(host: str) -> None:
    assert on_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "clinic.example", ""])
def test_other_machines_reach_every_other_address(host: str) -> None:
    assert not on_loopback(host)


# -- SMS --------------------------------------------------------------------------------------------------------------

SMS = {"SMS_URL": "https://sms.example/send", "SMS_KEY": "key", "SMS_SENDER": "Klinikk"}


def test_sms_is_off_unless_a_gateway_is_named() -> None:
    assert read(SMS_KEY="key", SMS_SENDER="Klinikk").sms is None


def test_a_gateway_has_a_url_a_key_and_a_sender() -> None:
    assert read(**SMS).sms == SmsGateway(url="https://sms.example/send", key="key", sender="Klinikk")


@pytest.mark.parametrize("missing", ["SMS_KEY", "SMS_SENDER"])
def test_a_gateway_without_key_or_sender_is_refused(missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        read(**{name: value for name, value in SMS.items() if name != missing})


@pytest.mark.parametrize("url", ["http://sms.example/send", "ftp://sms.example", "https://", "sms.example"])
def test_a_gateway_is_reached_encrypted(url: str) -> None:
    with pytest.raises(ConfigError, match="SMS_URL"):
        read(**SMS | {"SMS_URL": url})


def test_a_gateway_on_this_machine_may_be_plain() -> None:
    assert read(**SMS | {"SMS_URL": "http://127.0.0.1:8080/send"}).sms is not None


@pytest.mark.parametrize("template", ['{"to": "{to}", "text": "{text}"}', "number={to}&message={text}"])
def test_a_gateways_body_is_an_object_or_a_form(template: str) -> None:
    gateway = read(**SMS, SMS_TEMPLATE=template).sms
    assert gateway is not None
    assert gateway.template == template


@pytest.mark.parametrize("template", ['{"to": "{to}"}', '{"to": {to}, "text": "{text}"', "{to} {text}"])
def test_a_body_that_can_carry_no_text_is_refused(template: str) -> None:
    with pytest.raises(ConfigError, match="SMS_TEMPLATE"):
        read(**SMS, SMS_TEMPLATE=template)


def test_how_long_people_are_remembered_is_read() -> None:
    settings = read(PATIENTS_KEPT_MONTHS="24", CHECKS_KEPT_DAYS="10", FEES_KEPT_YEARS="3", LOG_KEPT_YEARS="2")
    kept = (settings.patients_kept, settings.checks_kept, settings.fees_kept, settings.log_kept)
    assert kept == (timedelta(days=730), timedelta(days=10), timedelta(days=1096), timedelta(days=730))


def test_a_year_of_months_is_365_days() -> None:
    assert {read().patients_kept, read().outcomes_kept, read().comment_addresses_kept} == {timedelta(days=365)}
