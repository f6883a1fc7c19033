"""The simulated phones' JSON API (contract.md, section 2): what a person can do with a handset.

Any well-formed number is a phone. It talks to the gateway only as a provider would: over HTTP,
through the stand-ins. Amounts are text in major units. Bad input is 400 with one line, an unknown
number or serial 404.
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
from gateway.callbacks import not_text
from simulator.africastalking import NETWORK_CODE, count_texts, received_texts, send_text
from simulator.devices.store import DeviceSource, UnknownDevice, enter_device_token, read_device
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.runtime import current_runtime
from simulator.safaricom.c2b_payment import PaymentAnswer, pay_by_paybill

api = Blueprint("phone_api", __name__, url_prefix="/phone/api")
Cast = Callable[[], list[dict[str, Any]]]
_MSISDN = re.compile(r"\+?([1-9][0-9]{7,14})")


@dataclass(frozen=True, slots=True)
class Phones:
    """What the handsets need besides the runtime. `slots` bounds the requests that wait for the
    gateway, which is served by the same threads: were all of them waiting, nobody would answer.
    """

    cast: Cast
    device_source: DeviceSource
    slots: threading.BoundedSemaphore


def _phones() -> Phones:
    phones: Phones = current_app.extensions["phone"]
    return phones


@contextmanager
def _slot() -> Iterator[None]:
    slots = _phones().slots
    if not slots.acquire(timeout=0.5):
        raise ServiceUnavailable("too many phones are waiting for the network, try again")
    try:
        yield
    finally:
        slots.release()


@api.errorhandler(HTTPException)
def _error(error: HTTPException) -> Any:
    return jsonify(error=error.description), error.code or 500


def _phone(text: str) -> str:
    match = _MSISDN.fullmatch(text.strip())
    if match is None:
        raise NotFound(f"no such phone number: {text}")
    return "+" + match.group(1)


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def _text(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not_text(value):
        raise BadRequest(f"{name} must be a text of 1 to {longest} characters")
    return value


@api.get("/cast")
def cast() -> Any:
    """The people of the demo and their devices."""
    return jsonify(_phones().cast())


@api.get("/network")
def network() -> Any:
    """What the page needs to behave like the aggregator: doors on the same origin and codes. On an
    empty book the operator and the service code are the settings' own."""
    settings = current_runtime().settings
    with current_runtime().engine.connect() as connection:
        market = find_market(connection)
    ussd = f"/ussd/africastalking/{settings.callback_key}"
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
    """How many texts each phone has received so far: `{"+254711000001": 3}`."""
    with current_runtime().engine.connect() as connection:
        return jsonify(count_texts(connection))


@api.get("/<msisdn>/messages")
def messages(msisdn: str) -> Any:
    """Texts received by that number, oldest first."""
    with current_runtime().engine.connect() as connection:
        return jsonify(received_texts(connection, _phone(msisdn)))


@api.get("/<msisdn>/prompts")
def prompts(msisdn: str) -> Any:
    """Mobile-money prompts open on that phone."""
    with current_runtime().engine.connect() as connection:
        waiting = waiting_prompts(connection, _phone(msisdn))
    return jsonify(
        [
            {"id": row.id, "amount": major(row.amount_minor, row.currency), "account": row.account}
            for row in waiting
        ]
    )


@api.post("/<msisdn>/prompts/<int:prompt_id>")
def settle_prompt(msisdn: str, prompt_id: int) -> Any:
    """`{"pin"}` or `{"cancel": true}`; answers as paybill does, code as in the STK result."""
    body, phone = _body(), _phone(msisdn)
    pin = None if body.get("cancel") is True else _text(body, "pin", 12)
    try:
        with _slot():
            return jsonify(_shown(answer_prompt(current_runtime(), phone, prompt_id, pin)))
    except LookupError:
        raise NotFound(f"no open prompt {prompt_id} on {phone}") from None


@api.post("/<msisdn>/paybill")
def paybill(msisdn: str) -> Any:
    """`{"account", "amount"}`; the code is the gateway's own when its validation refused. With
    `"unasked": true` it is not asked before the money moves."""
    body, phone = _body(), _phone(msisdn)
    account, amount = _text(body, "account", 20), _text(body, "amount", 16)
    try:
        amount_minor = parse_minor(amount, "KES")
    except ValueError as error:
        raise BadRequest(str(error)) from None
    unasked = body.get("unasked") is True
    with _slot():
        answer = pay_by_paybill(current_runtime(), phone, account, amount_minor, unasked=unasked)
    return jsonify(_shown(answer))


def _shown(answer: PaymentAnswer) -> dict[str, Any]:
    shown: dict[str, Any] = {"accepted": answer.accepted, "code": answer.code}
    return shown | ({"receipt": answer.receipt} if answer.receipt else {})


@api.post("/<msisdn>/sms")
def sms(msisdn: str) -> Any:
    """`{"text"}`: a text from that phone to the gateway's short code."""
    body, phone = _body(), _phone(msisdn)
    text = _text(body, "text", 918)
    with _slot():
        return jsonify(id=send_text(current_runtime(), phone, text))


@api.get("/devices/<serial>")
def device(serial: str) -> Any:
    """The virtual device as it stands."""
    try:
        return jsonify(read_device(current_runtime(), _phones().device_source, serial))
    except UnknownDevice as error:
        raise NotFound(str(error)) from None


@api.post("/devices/<serial>/keypad")
def keypad(serial: str) -> Any:
    """`{"code"}` typed on the device: whether it took it, why not, and how it stands now."""
    code = _text(_body(), "code", 64)
    try:
        return jsonify(enter_device_token(current_runtime(), _phones().device_source, serial, code))
    except UnknownDevice as error:
        raise NotFound(str(error)) from None
