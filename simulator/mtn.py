"""A stand-in for MTN MoMo's Collections product: token, request to pay, its status, the balance.

Requests are accepted with an empty 202; a reference that was used before is a 409. The result comes
by callback to the address the request named. Error bodies follow the MoMo Open API documentation.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy.exc import IntegrityError

from core.money import major, parse_minor
from simulator.faults import EARLY_CALLBACK, ON_A_LOOK_UP, faulty, strike
from simulator.notices import mtn_status
from simulator.safaricom.checks import DarajaError, check_token, issue_token
from simulator.safaricom.prompts import PromptRequest, answer_at_once, find_prompt, open_prompt
from simulator.safaricom.wallets import balance_of
from simulator.world import World, this_world

mtn = Blueprint("mtn", __name__)
_PROVIDER = "mtn"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# The sandbox pays in euros.
_CURRENCY = {"mtnuganda": "UGX", "mtnghana": "GHS", "mtnrwanda": "RWF", "mtnzambia": "ZMW"}
_STATUS = {
    "ACCESS_DENIED": 401,
    "INVALID": 400,
    "RESOURCE_NOT_FOUND": 404,
    "RESOURCE_ALREADY_EXIST": 409,
    "TOO_MANY_REQUESTS": 429,
    "SERVICE_UNAVAILABLE": 503,
}


class MtnError(Exception):
    """A refusal by its code."""


def error_body(code: str) -> tuple[Any, int]:
    """MTN's error; what it does not list as a 4xx is a 500, refusals of the business included."""
    return jsonify(code=code, message=code.replace("_", " ").capitalize()), _STATUS.get(code, 500)


@mtn.errorhandler(MtnError)
def _refused(error: MtnError) -> tuple[Any, int]:
    return error_body(str(error))


@mtn.post("/collection/token/")
@faulty(_PROVIDER, "token", error_body)
def token() -> Any:
    """An access token for Basic API user and key."""
    world, given = this_world(), request.authorization
    _check_subscription(world)
    known = (world.settings.mtn_api_user, world.settings.mtn_api_key)
    if given is None or (given.username, given.password) != known:
        raise MtnError("ACCESS_DENIED")
    fresh = issue_token(world.settings, world.now().timestamp())
    lasts_s = int(world.settings.token_seconds)
    return jsonify(access_token=fresh, token_type="bearer", expires_in=lasts_s)  # noqa: S106


def _check_subscription(world: World) -> None:
    given = request.headers.get("Ocp-Apim-Subscription-Key", "")
    expected = world.settings.mtn_subscription_key
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise MtnError("ACCESS_DENIED")


def _check_caller(world: World) -> None:
    _check_subscription(world)
    if request.headers.get("X-Target-Environment") != world.settings.mtn_target_environment:
        raise MtnError("NOT_ALLOWED_TARGET_ENVIRONMENT")
    try:
        header = request.headers.get("Authorization", "")
        check_token(world.settings, header, world.now().timestamp())
    except DarajaError:
        raise MtnError("ACCESS_DENIED") from None


@mtn.post("/collection/v1_0/requesttopay")
@faulty(_PROVIDER, "requesttopay", error_body)
def request_to_pay() -> Any:
    """Show a request on the payer's phone: 202 and nothing else."""
    world = this_world()
    _check_caller(world)
    wanted = _wanted(request.get_json(silent=True) or {})
    try:
        open_prompt(world, wanted)
    except IntegrityError:
        raise MtnError("RESOURCE_ALREADY_EXIST") from None
    if strike(world.engine, EARLY_CALLBACK, _PROVIDER, "requesttopay", wanted.msisdn):
        answer_at_once(world, wanted.msisdn)
    return "", 202


def _wanted(body: dict[str, Any]) -> PromptRequest:
    reference, payer = request.headers.get("X-Reference-Id", ""), body.get("payer") or {}
    if not _UUID4.fullmatch(reference) or payer.get("partyIdType") != "MSISDN":
        raise MtnError("INVALID")
    if not re.fullmatch(r"[1-9][0-9]{7,14}", str(payer.get("partyId"))):
        raise MtnError("PAYER_NOT_FOUND")
    try:
        amount_minor = parse_minor(body["amount"], body["currency"])
    except (KeyError, ValueError, AttributeError):
        raise MtnError("INVALID") from None
    return PromptRequest(
        shortcode=_PROVIDER,
        msisdn=f"+{payer['partyId']}",
        account=str(body.get("payeeNote") or body.get("externalId")),
        amount_minor=amount_minor,
        callback_url=request.headers.get("X-Callback-Url", ""),
        provider=_PROVIDER,
        currency=body["currency"],
        reference=reference,
    )


@mtn.get("/collection/v1_0/account/balance")
@faulty(_PROVIDER, "balance", error_body)
def balance() -> Any:
    """What the Collections account holds, in the currency of its country."""
    world = this_world()
    _check_caller(world)
    currency = _CURRENCY.get(world.settings.mtn_target_environment, "EUR")
    with world.engine.connect() as connection:
        held = major(balance_of(connection, _PROVIDER), currency)
    return jsonify(availableBalance=held, currency=currency)


@mtn.get("/collection/v1_0/requesttopay/<reference>")
@faulty(_PROVIDER, "status", error_body)
def status(reference: str) -> Any:
    """How a request stands: 200 also for one that failed."""
    world = this_world()
    _check_caller(world)
    with world.engine.connect() as connection:
        prompt = find_prompt(connection, reference)
    if prompt is None or prompt.provider != _PROVIDER:
        raise MtnError("RESOURCE_NOT_FOUND")
    silent = strike(world.engine, ON_A_LOOK_UP, _PROVIDER, "status", prompt.msisdn)
    return jsonify(mtn_status(prompt, None if silent else prompt.result_code, prompt.receipt))
