"""Sun King: solar kits whose codes its server makes.

OAuth2 client credentials at an address of their own. Whole days are asked for. There is no number
of ours in a vend and no look-up of one, so what may have been done is decided by a person. Wire:
docs/devices.md.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    DeviceNotFound,
    Refusal,
    Unknown,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Settled, answering, checking
from gateway.vendors.login import Login
from gateway.vendors.refusals import refusal, said_in


class SunKing(HttpDriver):
    """An account with Sun King."""

    settings = AccountSettings(("CLIENT_ID", "CLIENT_SECRET", "AUTH_URL"), addresses=("AUTH_URL",))
    abilities = VendorAbilities(
        actions=frozenset({"days", "unlock"}), can_check=True, code_digits=tuple(range(9, 22))
    )

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        super().__init__(account, wait)
        self._login = Login(self._log_in)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        asked: dict[str, object] = {"device": order.serial, "command": "unlock"}
        if order.action == "days":
            asked |= {"command": "add_credit", "payload": order.units, "time_unit": "day"}
        reply = self._login.call(
            lambda shown: self._http.order("POST", "/token", headers=_bearer(shown), json=asked)
        )
        answer = reply.document()
        if reply.status == 404:
            return Refusal("unknown_device", self._http.words(said_in(answer)))
        if not reply.is_accepted:
            return refusal(self._http.words(said_in(answer)))
        return done_with(self.abilities, answer["token"])

    @checking
    def check(self, serial: str) -> CheckAnswer:
        path = f"/device_details/{quote(serial, safe='')}"
        reply = self._login.call(lambda shown: self._http.ask("GET", path, headers=_bearer(shown)))
        if reply.status == 404:
            return DeviceNotFound()
        details = reply.document()
        if not reply.is_accepted or not isinstance(details, dict) or serial not in reply.text:
            return Unknown(self._http.words(said_in(details)))
        return DeviceFound(self._http.words(details.get("product") or ""))

    def _log_in(self) -> tuple[str, float]:
        account = self._given
        form = {
            "grant_type": "client_credentials",
            "client_id": account["CLIENT_ID"],
            "client_secret": account["CLIENT_SECRET"],
            "scope": "roles",
        }
        reply = self._http.ask("POST", account["AUTH_URL"], data=form)
        given = reply.document()
        if not reply.is_accepted:
            raise Settled(Refusal("credentials", self._http.words(said_in(given))))
        return str(given["access_token"]), float(given["expires_in"])


def _bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}
