"""Daraja's access tokens: the endpoint that issues them, and the check of every other endpoint."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import jsonify, request

from simulator.access_tokens import InvalidAccessToken, check_access_token, issue_access_token
from simulator.fault_injection import with_reply_faults
from simulator.runtime import SimulatorRuntime, current_runtime
from simulator.safaricom.errors import DarajaError, error_response, invalid_field


@with_reply_faults("safaricom", "oauth", error_response)
def generate_token() -> Any:
    """An access token in return for consumer key and secret (Basic authentication)."""
    runtime = current_runtime()
    given, settings = request.authorization, runtime.settings
    if request.args.get("grant_type") != "client_credentials":
        raise DarajaError("400.008.02", "Invalid grant type passed")
    known = (settings.consumer_key, settings.consumer_secret)
    if given is None or (given.username, given.password) != known:
        raise DarajaError("400.008.01", "Invalid Authentication passed")
    token = issue_access_token(settings, runtime.now().timestamp())
    return jsonify(access_token=token, expires_in=str(int(settings.token_seconds)))


def authorised(view: Callable[[SimulatorRuntime, dict[str, Any]], Any]) -> Callable[[], Any]:
    """A decorator: check the access token and the JSON body, then call `view(runtime, body)`."""

    @wraps(view)
    def checked_view() -> Any:
        runtime = current_runtime()
        header = request.headers.get("Authorization", "")
        try:
            check_access_token(runtime.settings, header, runtime.now().timestamp())
        except InvalidAccessToken:
            raise DarajaError("404.001.03", "Invalid Access Token") from None
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise invalid_field("payload")
        return view(runtime, body)

    return checked_view
