"""Angaza: kits whose codes its server makes from an absolute date.

The vendor is told until when a kit is paid, so the same order twice is one vend: the date is fixed
in the row before it is asked. It is added to the date in force at the vendor, never to now, unless
that has passed. HTTP Basic credentials. Wire: docs/devices.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    DeviceNotFound,
    NotSent,
    Refusal,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering, checking, preparing
from gateway.vendors.refusals import refusal, said_in

_UNLOCKED = "UNLOCKED"


class Angaza(HttpDriver):
    """An account with Angaza's Nexus service."""

    settings = AccountSettings(
        ("CLIENT_ID", "CLIENT_SECRET"), base_url="https://payg.angazadesign.com/nexus/v1"
    )
    abilities = VendorAbilities(
        actions=frozenset({"days", "unlock", "lock"}),
        repeat_is_safe=True,
        can_check=True,
        needs_date=True,
        code_digits=tuple(range(9, 22)),
    )

    @preparing
    def prepare(self, order: VendOrder) -> datetime | Refusal | NotSent | None:
        if order.action == "unlock":
            return None
        now = order.created_at.astimezone(UTC).replace(microsecond=0)
        if order.action == "lock":
            return now
        unit = self._unit(order.serial)
        if unit is None:
            return Refusal("unknown_device", "the vendor has no such unit")
        in_force = _date_in(unit) or order.until_before or now
        return max(now, in_force) + timedelta(days=order.units)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        until = _UNLOCKED if order.action == "unlock" else _written(order.until)
        desired = {"unit_number": order.serial, "state": {"desired": {"credit_until_dt": until}}}
        reply = self._http.order("PUT", "/unit_credit", json=desired, auth=self._auth)
        answer = self._accepted(reply)
        code = answer["_embedded"]["latest_keycode"]["keycode"]
        return done_with(self.abilities, code)

    @checking
    def check(self, serial: str) -> CheckAnswer:
        return DeviceNotFound() if self._unit(serial) is None else DeviceFound()

    def _unit(self, serial: str) -> dict[str, Any] | None:
        """What is in force for a unit; None where the vendor has none. Raises Settled."""
        path = f"/unit_credit/{quote(serial, safe='')}"
        reply = self._http.ask("GET", path, auth=self._auth)
        if reply.status == 404 and reply.json() is not None:
            return None
        unit = self._accepted(reply)
        if "state" not in unit:
            raise Settled(NotSent("an answer without the date in force"))
        return unit

    def _accepted(self, reply: Reply) -> dict[str, Any]:
        """The object of an answer that says yes. Raises Settled: an error has a `context`."""
        answer = reply.document()
        if not isinstance(answer, dict):
            raise reply.unsettled("an answer that cannot be read")
        if reply.status == 404:
            raise Settled(Refusal("unknown_device", self._http.words(said_in(answer))))
        if "context" in answer or not reply.is_accepted:
            raise Settled(refusal(self._http.words(said_in(answer))))
        return answer

    @property
    def _auth(self) -> tuple[str, str]:
        return self._given["CLIENT_ID"], self._given["CLIENT_SECRET"]


def _date_in(unit: dict[str, Any]) -> datetime | None:
    """Until when a unit is paid; None where nothing is in force. Raises Settled where it is
    unlocked.

    What is desired counts before what the unit has reported: a code may not have been typed yet.
    """
    state = unit["state"]
    desired = (state.get("desired") or {}).get("credit_until_dt")
    written = desired or (state.get("reported") or {}).get("credit_until_dt")
    if written == _UNLOCKED:
        raise Settled(Refusal("not_possible", "it is unlocked already"))
    if written is None:
        return None
    found = datetime.fromisoformat(str(written))
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _written(until: datetime | None) -> str:
    if until is None:
        raise Settled(NotSent("no date was fixed"))
    return until.astimezone(UTC).isoformat(timespec="seconds")
