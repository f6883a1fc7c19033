"""Callback routes: parse a body, handle it, answer the provider.

A route parses a body into a typed value and handles it; what all of them share is here and in
gate.py. No input gives a 500. No body is ever logged: it holds numbers, names and tokens.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import Flask, Response, abort, jsonify, make_response, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.errors import BadCallback, Refused
from core.logs import log_context, log_fields
from gateway.gate import CallbackRefused, Gate, check_method, read_body
from gateway.serving.after_answer import after_answer
from gateway.serving.patience import MET_A_LOCK, met_a_lock

log = logging.getLogger(__name__)

_RETRY_AFTER_S = "10"
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class CallbackResult:
    """The outcome under which a callback is counted, the body of the answer (status 200), and the
    payment it was about, for the log."""

    outcome: str
    body: Mapping[str, object] | str = ""
    payment_id: int | None = None


@dataclass(frozen=True, slots=True)
class CallbackRoute(Generic[Parsed]):
    """One callback address.

    * `rule`: the URL rule; its first two segments are the endpoint, the third is `<key>`.
    * `parse`: reads the body. Raises BadCallback.
    * `handle`: is given what was parsed, and the other parts of the address by name.
    * `verify`: is given headers and body first, where the provider signs them. Raises
      UnverifiedSignature.
    """

    rule: str
    name: str
    parse: Callable[[bytes], Parsed]
    handle: Callable[..., CallbackResult]
    methods: tuple[str, ...] = ("POST",)
    verify: Callable[[Mapping[str, str], bytes], None] | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint that this address belongs to: the first two segments of its rule."""
        return "/".join(self.rule.split("/")[1:3])


def mount(app: Flask, route: CallbackRoute[Any], gate: Gate) -> None:
    """Serve a route on `app`, behind the gate."""

    def view(key: str, **address: object) -> Response:
        with log_context(request=_request_id(), endpoint=route.name):
            try:
                with gate.screening(request.environ, route.name):
                    gate.admit(request.environ, route.endpoint, key)
                    check_method(request.environ, *route.methods)
                    response, outcome = _respond(route, address)
            except CallbackRefused as refusal:
                return _refusal(refusal)
            after_answer(lambda: gate.counters.count(route.name, outcome))
            log.info("%s: %s", route.name, outcome, extra=log_fields(outcome=outcome))
            return response

    # Every method comes to the gate: who has no key is not told which addresses there are.
    app.add_url_rule(
        route.rule, route.name, view, methods=_METHODS, provide_automatic_options=False
    )


def _respond(route: CallbackRoute[Any], address: dict[str, object]) -> tuple[Response, str]:
    """The response and its outcome. Raises CallbackRefused, BadCallback."""
    try:
        body = read_body(request.environ)
        if route.verify:
            route.verify(dict(request.headers), body)
        result = route.handle(route.parse(body), **address)
    except (BadCallback, CallbackRefused):
        raise
    except (OperationalError, PoolTimeout, Refused) as trouble:
        # The database is away or has no market yet: the provider shall ask again.
        request.environ[MET_A_LOCK] = met_a_lock(trouble)
        log.error("%s: %s", route.name, type(trouble).__name__)
        return _try_later(503, "not booked, try again"), "unavailable"
    except Exception:
        log.exception("%s failed", route.name)
        return _try_later(503, "not booked, try again"), "failed"
    if result.payment_id is not None:
        log.info("payment %s", result.outcome, extra=log_fields(payment=result.payment_id))
    body_out = result.body if isinstance(result.body, str) else jsonify(result.body)
    return make_response(body_out), result.outcome


def _refusal(refusal: CallbackRefused) -> Response:
    make = _try_later if refusal.status == 429 else _line
    return make(refusal.status, refusal.line)


def _line(status: int, line: str) -> Response:
    return Response(line.splitlines()[0][:200] + "\n", status, content_type="text/plain")


def _try_later(status: int, line: str) -> Response:
    response = _line(status, line)
    response.headers["Retry-After"] = _RETRY_AFTER_S
    return response


def _request_id() -> str:
    """The request's id in the log: the proxy's where it is a plain one, else one of our own."""
    given = request.headers.get("X-Request-Id", "")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given):
        given = request.environ.setdefault("dialwatt.request_id", secrets.token_hex(4))
    return given


def refuse_empty_segments(app: Flask) -> None:
    """Answer 404 to an address with two slashes, where Flask would serve it or redirect to the
    address with one: a proxy that goes by addresses has seen another one."""

    def refuse() -> None:
        if "//" in request.environ["PATH_INFO"]:
            abort(404)

    app.before_request(refuse)


def plain_errors(app: Flask) -> None:
    """One line of text for every 4xx, instead of pages of HTML."""

    def plain(error: HTTPException) -> Response:
        return _line(error.code or 500, error.name.lower())

    app.register_error_handler(HTTPException, plain)
