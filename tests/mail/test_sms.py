"""SMS: what a gateway is told, and what its answers mean."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from booking.mail.post import PostError
from booking.mail.sms import HttpSms
from tests.servers.ports import free_port
from tests.servers.sms import Gateway

TEXT = 'Klinikk: time tirsdag 9. mars kl. 14.30, "Råholt" {to} & æøå'


def failure(gateway: Gateway, *answers: int) -> PostError:
    gateway.answers = list(answers)
    with pytest.raises(PostError) as raised:
        gateway.client().send(TEXT, "+4799999999", "one")
    return raised.value


def test_a_text_arrives_as_it_was_written(sms_gateway: Gateway) -> None:
    sms_gateway.client().send(TEXT, "+4799999999", "one")
    (asked,) = sms_gateway.asked
    assert json.loads(asked.body) == {"to": "+4799999999", "from": "Klinikk", "text": TEXT, "reference": "one"}
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Authorization"] == "Bearer gateway-key"


def test_a_text_that_is_sent_again_has_the_same_reference(sms_gateway: Gateway) -> None:
    for _ in range(2):
        sms_gateway.client().send(TEXT, "+4799999999", "one")
    assert [asked.headers["Idempotency-Key"] for asked in sms_gateway.asked] == ["one", "one"]


def test_a_gateway_may_want_a_form_with_the_key_in_it(sms_gateway: Gateway) -> None:
    sms_gateway.client("api={key}&number={to}&message={text}&from={sender}").send(TEXT, "+4799999999", "one")
    (asked,) = sms_gateway.asked
    assert parse_qs(asked.body.decode()) == {
        "api": ["gateway-key"],
        "number": ["+4799999999"],
        "message": [TEXT],
        "from": ["Klinikk"],
    }
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in asked.headers


def test_a_template_may_nest(sms_gateway: Gateway) -> None:
    sms_gateway.client('{"messages": [{"to": ["{to}"], "body": "{text}", "flash": false}]}').send("Hei", "+47", "one")
    assert sms_gateway.texts == [{"messages": [{"to": ["+47"], "body": "Hei", "flash": False}]}]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_is_wrong_with_the_text_is_not_tried_again(sms_gateway: Gateway, status: int) -> None:
    assert failure(sms_gateway, status).permanent


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 503])
def test_what_may_pass_is_tried_again(sms_gateway: Gateway, status: int) -> None:
    assert not failure(sms_gateway, status).permanent


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_text_is_led_nowhere_else(sms_gateway: Gateway, status: int) -> None:
    assert not failure(sms_gateway, status).permanent
    assert len(sms_gateway.asked) == 1


def test_a_gateway_that_does_not_answer_is_asked_again_later() -> None:
    client = HttpSms(url=f"http://127.0.0.1:{free_port()}/send", key="key", sender="Klinikk", timeout=5)
    with pytest.raises(PostError) as raised:
        client.send("Hei", "+4799999999", "one")
    assert not raised.value.permanent


def test_what_went_wrong_names_no_number(sms_gateway: Gateway) -> None:
    assert failure(sms_gateway, 400).reason == "sms refused: 400"
