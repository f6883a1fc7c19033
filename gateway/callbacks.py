"""What all callback routes share: the key, the limits, strict parsing, and how a failure is
answered.

A route parses a body into a typed value and handles it; everything else is here, once. Nothing a
stranger sends gives a 500. No body is ever logged: it holds numbers, names and tokens.
"""

from __future__ import annotations

import hmac
import json
import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from flask import Flask, Response, jsonify, make_response, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from core.errors import BadCallback, Refused, UnverifiedSignature
from core.logs import log_context, log_fields
from gateway.counters import EventCounters
from gateway.guard import Guard

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
_DEEPEST_JSON = 8
_MOST_FIELDS = 64
_RETRY_AFTER_S = "10"
# NUL, and halves of surrogate pairs.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")

Json = dict[str, Any]
Form = dict[str, str]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """What the provider is told (status 200), the word under which this is counted, and the payment
    it was about, for the log."""

    outcome: str
    body: Mapping[str, object] | str = ""
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class CallbackRoute(Generic[Read]):
    """One callback address: `read` a body (raises BadCallback), `handle` what was read.

    `handle` also gets whatever the address carries besides the key. `verify` is given headers and
    body first, where the provider signs them; it raises UnverifiedSignature.
    """

    rule: str
    name: str
    read: Callable[[bytes], Read]
    handle: Callable[..., CallbackResult]
    methods: tuple[str, ...] = ("POST",)
    verify: Callable[[Mapping[str, str], bytes], None] | None = None

    @property
    def provider(self) -> str:
        """Who speaks here: the second segment of the address."""
        return self.rule.split("/")[2]


def mount(
    app: Flask, route: CallbackRoute[Any], key: str, counters: EventCounters, guard: Guard
) -> None:
    """Serve a route on `app` to callers that know the key and whose address is allowed."""

    def view(key: str, **carried: object) -> Response:
        with log_context(request=_request_id(), endpoint=route.name):
            return respond(key, carried)

    def respond(key: str, carried: dict[str, object]) -> Response:
        source = guard.source(request.environ)
        if not guard.admits(route.provider, source):
            response, outcome = _line(403, "forbidden"), "not_admitted"
        elif not hmac.compare_digest(key.encode(), expected):
            response, outcome = _line(404, "not found"), "wrong_key"
        else:
            response, outcome = _answer(route, carried)
        counters.count(route.name, outcome)
        if response.status_code < 400 or response.status_code >= 500:
            log.info("%s: %s", route.name, outcome, extra=log_fields(outcome=outcome))
        elif guard.refused(source, route.name, outcome):
            return _try_later(429, "too many")
        return response

    expected = key.encode()
    app.add_url_rule(
        route.rule, route.name, view, methods=route.methods, provide_automatic_options=False
    )


def _body() -> bytes:
    """The whole body, or 413. One byte more is let in than allowed: where the length is not told
    beforehand, werkzeug cuts at its limit without a word."""
    request.max_content_length = LARGEST_BODY + 1
    body = request.get_data(parse_form_data=False)
    if len(body) > LARGEST_BODY:
        raise RequestEntityTooLarge
    return body


def _answer(route: CallbackRoute[Any], carried: dict[str, object]) -> tuple[Response, str]:
    try:
        body = _body()
        if route.verify:
            route.verify(dict(request.headers), body)
        answered = route.handle(route.read(body), **carried)
    except RequestEntityTooLarge as large:
        return _line(413, large.name.lower()), "too_large"
    except UnverifiedSignature as bad:
        return _line(400, str(bad)), "unverified"
    except BadCallback as bad:
        return _line(400, str(bad)), "malformed"
    except (OperationalError, PoolTimeout, Refused) as trouble:
        # The database is away, or its books are not set up: they shall ask again.
        log.error("%s: %s", route.name, type(trouble).__name__)
        return _try_later(), "unavailable"
    except Exception:
        log.exception("%s failed", route.name)
        return _try_later(), "failed"
    if answered.payment_id is not None:
        log.info("payment %s", answered.outcome, extra=log_fields(payment=answered.payment_id))
    told = answered.body
    return make_response(told if isinstance(told, str) else jsonify(told)), answered.outcome


def _line(status: int, line: str) -> Response:
    return Response(line.splitlines()[0][:200] + "\n", status, content_type="text/plain")


def _try_later(status: int = 503, line: str = "not booked, try again") -> Response:
    response = _line(status, line)
    response.headers["Retry-After"] = _RETRY_AFTER_S
    return response


def _request_id() -> str:
    """Names this request in the log: the proxy's id where it is a plain one, else ours."""
    given = request.headers.get("X-Request-Id", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given):
        given = request.environ.setdefault("dialwatt.request_id", secrets.token_hex(4))
    return given


def plain_errors(app: Flask) -> None:
    """One line of text for every 4xx, instead of pages of HTML."""

    def plain(error: HTTPException) -> Response:
        return _line(error.code or 500, error.name.lower())

    app.register_error_handler(HTTPException, plain)


def read_json(body: bytes) -> Json:
    """The JSON object in a body, every number as the text it was written as (money is no float).

    Raises BadCallback for anything else, for NUL, for nesting past 8.
    """
    try:
        document = json.loads(
            body.decode("utf-8"), parse_float=str, parse_int=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        raise BadCallback("the body is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise BadCallback("the body is not a JSON object")
    _check_json(document, _DEEPEST_JSON)
    return document


def not_text(value: str) -> bool:
    """Whether PostgreSQL could not store it as text."""
    return _NOT_TEXT.search(value) is not None


def _check_json(value: object, depth: int) -> None:
    if depth == 0:
        raise BadCallback("the body is nested too deep")
    if isinstance(value, str) and not_text(value):
        raise BadCallback("the body holds characters that are no text")
    if isinstance(value, dict):
        for name, part in value.items():
            _check_json(name, depth)
            _check_json(part, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check_json(part, depth - 1)


def read_form(body: bytes) -> Form:
    """The fields of a form body. Raises BadCallback when it is none, or has a field twice."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise BadCallback("the body is not a form in UTF-8") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadCallback("a field is there twice")
    if any(map(not_text, form.values())):
        raise BadCallback("the body holds characters that are no text")
    return form


def text_field(
    fields: Mapping[str, Any], name: str, shape: str = r".{1,160}", default: str | None = None
) -> str:
    """A field as text. Raises BadCallback when it is missing (unless there is a default) or does
    not have that shape (a regular expression for the whole value)."""
    value = fields.get(name)
    if value is None or value == "":
        if default is not None:
            return default
        raise BadCallback(f"{name} is missing")
    if not isinstance(value, str) or not re.fullmatch(shape, value, re.DOTALL):
        raise BadCallback(f"{name} is not understood")
    return value
