"""Daraja's error codes and error bodies.

Codes of the published documentation: 400.002.02 invalid field, 404.001.03 invalid access token,
500.001.1001 wrong credentials, 500.003.1001 URLs registered already.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify

_MESSAGES = {
    "500.001.1001": "Unable to lock subscriber, a transaction is already in process",
    "500.003.02": "Error Occurred: Spike Arrest Violation",
    "500.003.03": "Error Occurred: Quota Violation",
    "500.003.1001": "Internal Server Error",
}


class DarajaError(Exception):
    """A rejected request. The HTTP status is the first part of `code`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def invalid_field(name: str) -> DarajaError:
    """The error for a request field that is missing or not valid."""
    return DarajaError("400.002.02", f"Bad Request - Invalid {name}")


def error_response(code: str, message: str = "") -> tuple[Any, int]:
    """Daraja's error body and the HTTP status."""
    body = {
        "requestId": f"{secrets.randbelow(10**5)}-{secrets.randbelow(10**8)}-1",
        "errorCode": code,
        "errorMessage": message or _MESSAGES.get(code, "Error Occurred"),
    }
    return jsonify(body), int(code[:3])
