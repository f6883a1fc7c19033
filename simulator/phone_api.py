"""The JSON API of the simulated phones: everything a person can do with a handset.

Any well-formed number is a phone. The API reaches the gateway only as a provider would: over HTTP,
through the simulated providers. Amounts are text in major units ("500.00"). Invalid input is a 400
with one line, an unknown number or serial number a 404.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from werkzeug.exceptions import BadRequest, HTTPException, NotFound, ServiceUnavailable

from core.db.tariffs import find_market
from core.money import major, parse_minor
from gateway.parsing import not_text
from simulator.africastalking import NETWORK_CODE, count_received_sms, received_sms, send_sms
from simulator.devices.store import (
    DeviceSource,
    UnknownDevice,
    enter_device_token,
    read_device,
)
from simulator.mobile_money.prompts import PaymentResult, answer_prompt, waiting_prompts
from simulator.runtime import current_runtime
from simulator.safaricom.c2b_payment import pay_by_paybill

api = Blueprint("phone_api", __name__, url_prefix="/phone/api")
Cast = Callable[[], list[dict[str, Any]]]
_MSISDN = re.compile(r"\+?([1-9][0-9]{7,14})")
_SLOT_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class PhoneServices:
    """What the phones need besides the runtime: the demo's people and devices, and free slots.

    A slot is held while a request waits for the gateway. The same web server serves the gateway,
    so without this limit all of its threads could wait and none would answer.
    """

    cast: Cast
    device_source: DeviceSource
    slots: threading.BoundedSemaphore


def _current_services() -> PhoneServices:
    services: PhoneServices = current_app.extensions["phone"]
    return services


@contextmanager
def _hold_slot() -> Iterator[None]:
    slots = _current_services().slots
    if not slots.acquire(timeout=_SLOT_WAIT_SECONDS):
        raise ServiceUnavailable("too many phones are waiting for the network, try again")
    try:
        yield
    finally:
        slots.release()


@api.errorhandler(HTTPException)
def _error_response(error: HTTPException) -> Any:
    return jsonify(error=error.description), error.code or 500


def _parse_msisdn(text: str) -> str:
    match = _MSISDN.fullmatch(text.strip())
    if match is None:
        raise NotFound(f"no such phone number: {text}")
    return "+" + match.group(1)


def _json_object() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _text_field(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not_text(value):
        raise BadRequest(f"{name} must be a text of 1 to {longest} characters")
    return value


@api.get("/cast")
def cast() -> Any:
    """The people of the demo and their devices."""
    return jsonify(_current_services().cast())


@api.get("/network")
def network() -> Any:
    """What a page needs to behave like the aggregator: the USSD callback paths and the codes.

    Until an operator is loaded, operator and service code come from the settings.
    """
    settings = current_runtime().settings
    with current_runtime().engine.connect() as connection:
        market = find_market(connection)
    ussd = settings.callback_url("ussd/africastalking").removeprefix(settings.public_url)
    return jsonify(
        operator=market.operator if market else settings.operator,
        currency=market.currency if market else "KES",
        service_code=market.service_code if market else settings.service_code,
        network_code=NETWORK_CODE,
        paybill=settings.shortcode,
        sms_shortcode=settings.sms_shortcode,
        ussd_url=ussd,
        events_url=f"{ussd}/events",
    )


@api.get("/inboxes")
def inboxes() -> Any:
    """How many messages each phone has received so far: `{"+254711000001": 3}`."""
    with current_runtime().engine.connect() as connection:
        return jsonify(count_received_sms(connection))


@api.get("/<msisdn>/messages")
def messages(msisdn: str) -> Any:
    """The messages that this number received, oldest first."""
    with current_runtime().engine.connect() as connection:
        return jsonify(received_sms(connection, _parse_msisdn(msisdn)))


@api.get("/<msisdn>/prompts")
def prompts(msisdn: str) -> Any:
    """The mobile-money prompts that are open on that phone."""
    with current_runtime().engine.connect() as connection:
        waiting = waiting_prompts(connection, _parse_msisdn(msisdn))
    return jsonify(
        [
            {
                "id": prompt.id,
                "amount": major(prompt.amount_minor, prompt.currency),
                "account": prompt.account,
            }
            for prompt in waiting
        ]
    )


@api.post("/<msisdn>/prompts/<int:prompt_id>")
def post_prompt_answer(msisdn: str, prompt_id: int) -> Any:
    """`{"pin"}` or `{"cancel": true}`. Replies as paybill does, with the code of the STK result."""
    body, msisdn = _json_object(), _parse_msisdn(msisdn)
    pin = None if body.get("cancel") is True else _text_field(body, "pin", 12)
    try:
        with _hold_slot():
            return jsonify(_result_json(answer_prompt(current_runtime(), msisdn, prompt_id, pin)))
    except LookupError:
        raise NotFound(f"no open prompt {prompt_id} on {msisdn}") from None


@api.post("/<msisdn>/paybill")
def paybill(msisdn: str) -> Any:
    """Pay `{"account", "amount"}` by paybill. When validation refused, the code is the gateway's.

    With `"validated": false` the provider does not ask the gateway before the money moves.
    """
    body, msisdn = _json_object(), _parse_msisdn(msisdn)
    account, amount = _text_field(body, "account", 20), _text_field(body, "amount", 16)
    try:
        amount_minor = parse_minor(amount, "KES")
    except ValueError as error:
        raise BadRequest(str(error)) from None
    validated = body.get("validated") is not False
    runtime = current_runtime()
    with _hold_slot():
        result = pay_by_paybill(runtime, msisdn, account, amount_minor, validated=validated)
    return jsonify(_result_json(result))


def _result_json(result: PaymentResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"accepted": result.accepted, "code": result.code}
    return answer | ({"receipt": result.receipt} if result.receipt else {})


@api.post("/<msisdn>/sms")
def sms(msisdn: str) -> Any:
    """`{"text"}`: send an SMS from that phone to the gateway's short code."""
    body, msisdn = _json_object(), _parse_msisdn(msisdn)
    text = _text_field(body, "text", 918)
    with _hold_slot():
        return jsonify(id=send_sms(current_runtime(), msisdn, text))


@api.get("/devices/<serial>")
def device(serial: str) -> Any:
    """What the virtual device displays."""
    try:
        return jsonify(read_device(current_runtime(), _current_services().device_source, serial))
    except UnknownDevice as error:
        raise NotFound(str(error)) from None


@api.post("/devices/<serial>/keypad")
def keypad(serial: str) -> Any:
    """Type `{"code"}` on the device: whether it was accepted, if not why, and the new display."""
    code = _text_field(_json_object(), "code", 64)
    device_source = _current_services().device_source
    try:
        return jsonify(enter_device_token(current_runtime(), device_source, serial, code))
    except UnknownDevice as error:
        raise NotFound(str(error)) from None
