"""The frame of every stand-in vendor: an HTTP blueprint that commits faults and records vends.

A stand-in calls `vend` for what has an effect and `read` for what has none; both commit the faults
that a test asked for (simulator/fault_injection.py; there the serial number is the `msisdn`).
Serial numbers that begin with 99 or NONE are of devices that no vendor knows.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, g, make_response, request

from simulator.fault_injection import (
    VENDOR_FAULTS,
    Faults,
    cut_connection,
    draw_faults,
    server_error,
)
from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift, Vend, record_vend

_UNKNOWN_SERIALS = ("99", "NONE")
# What the stand-ins sell energy for where they are told money: minor units for a kWh.
PRICE_MINOR = 25_00


class Refused(Exception):
    """The vendor says no; the text is the reason, a RefusalReason of core.vend."""


class LoginEnded(Exception):
    """The vendor says that the login has ended, and does nothing."""


class _NothingDone(Exception):
    """Answered with `response`, and nothing was done."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Wire:
    """One stand-in, served at `/vendors/<name>` and the `path` below that the vendor's API has.

    `refusal(reason)` answers in the vendor's own style. `login_ended()` likewise, where there are
    logins. `code_digits`: 20 or 15, or 0 where credit is pushed. `addresses`: settings of an
    account that are addresses, besides BASE_URL, with the path below it.
    """

    def __init__(
        self,
        name: str,
        path: str,
        refusal: Callable[[str], Any],
        login_ended: Callable[[], Any] | None = None,
        code_digits: int = 20,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._addresses = {"BASE_URL": "", **(addresses or {})}
        self._prefix = f"/vendors/{name}{path}"
        self.blueprint = Blueprint(name, __name__, url_prefix=self._prefix)
        self._code_digits = code_digits
        self.blueprint.register_error_handler(Refused, lambda error: refusal(str(error)))
        self.blueprint.register_error_handler(_NothingDone, lambda error: error.response)
        if login_ended:
            self.blueprint.register_error_handler(LoginEnded, lambda error: login_ended())
        self.blueprint.after_request(_commit_later_faults)

    def addresses(self, providers: str, account: str = "MAIN") -> dict[str, str]:
        """The settings of an account that are addresses, where the stand-ins are served at
        `providers`."""
        prefix, base_url = f"VENDOR_{self.name.upper()}_{account}_", providers + self._prefix
        return {prefix + name: base_url + path for name, path in self._addresses.items()}

    def is_account(self, **shown: object) -> bool:
        """Whether one of our accounts has these settings (their names without the prefix)."""
        known = current_runtime().settings.vendor_accounts(self.name)
        return any(
            all(account.get(name) == value for name, value in shown.items()) for account in known
        )

    def read(self, operation: str, serial: str = "") -> None:
        """Commit the faults of a request that has no effect. Raises what answers it."""
        g.vendor_faults = self._faults(operation, serial)

    def vend(
        self,
        serial: str,
        gift: Gift,
        handle: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Vend | None:
        """Vend, with the faults asked for. None where the vendor has the handle already. Raises
        what answers a request that had no effect."""
        g.vendor_faults = self._faults("vend", serial)
        self.check_serial(serial)
        if gift.action in ("energy", "days") and gift.units <= 0 and gift.money <= 0:
            raise Refused("amount")
        vend = record_vend(
            current_runtime(),
            self.name,
            serial,
            gift,
            code_digits=self._code_digits,
            handle=handle,
            details=details,
        )
        g.vended_code = vend.code if vend else ""
        return vend

    def check_serial(self, serial: str) -> None:
        """Raises Refused where the vendor knows no such device."""
        if not serial or serial.startswith(_UNKNOWN_SERIALS):
            raise Refused("unknown_device")

    def _faults(self, operation: str, serial: str) -> Faults:
        """Draw the faults of this request, and commit those that leave it without effect."""
        engine = current_runtime().engine
        faults = draw_faults(engine, VENDOR_FAULTS, self.name, operation, serial)
        time.sleep(float(faults.get("delay_reply", 0)))
        if "fail_before" in faults:
            raise _NothingDone(server_error())
        if "busy" in faults:
            raise _NothingDone(Response("too many requests", 429, {"Retry-After": faults["busy"]}))
        if "expire_login" in faults:
            raise LoginEnded
        if "refuse" in faults:
            raise Refused(faults["refuse"])
        return faults


def json_body() -> dict[str, Any]:
    """The JSON object of the request; {} where there is none."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def energy_for(money_minor: int) -> int:
    """The tenths of a kWh that the stand-in's own tariff gives for the money."""
    return money_minor * 10 // PRICE_MINOR


def _commit_later_faults(response: Response) -> Response:
    """Everything is done; now the answer may be changed, come late, or not at all."""
    faults: Faults = g.pop("vendor_faults", {})
    code: str = g.pop("vended_code", "")
    time.sleep(float(faults.get("slow_reply", 0)))
    if "lose_reply" in faults:
        cut_connection()
    if "fail_after" in faults:
        return server_error()
    if "html_reply" in faults:
        return Response("<html><body>Bad day</body></html>", content_type="text/html")
    if "body_reply" in faults:
        return make_response(faults["body_reply"], 200, {"Content-Type": "application/json"})
    return _rewritten(response, faults, code)


def _rewritten(response: Response, faults: Faults, code: str) -> Response:
    body = response.get_data(as_text=True)
    if "numbers_as_text" in faults and response.is_json:
        body = json.dumps(_with_numbers_as_text(json.loads(body)))
    if code and "missing_code" in faults:
        body = body.replace(code, "")
    if code and "code_as_number" in faults:
        body = body.replace(f'"{code}"', code.lstrip("0"))
    if code and "spaced_code" in faults:
        groups = (code[start : start + 4] for start in range(0, len(code), 4))
        body = body.replace(code, faults["spaced_code"].join(groups))
    response.set_data(body)
    return response


def _with_numbers_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_numbers_as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers_as_text(item) for item in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if is_number else value
