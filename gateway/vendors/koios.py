"""SparkMeter's Koios: the vendor pushes credit to the meter, and is told money, not energy.

A payment carries our handle (`external_id`), by which it is made only once and can be looked up.
The code of the customer there is the device's serial number, or where CUSTOMER_CODE is `account`
the customer's account reference with us. Wire: docs/devices.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from core.money import Money, parse_minor
from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    DeviceNotFound,
    Done,
    ListAnswer,
    ListedVend,
    LookUpAnswer,
    NotDone,
    Refusal,
    Unknown,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering, asking, checking
from gateway.vendors.pushed_credit import customer_code, was_asked_long_ago, written_money
from gateway.vendors.refusals import refusal, said_in

# States of a payment that moved no credit, or none that stayed.
_FAILED = ("error", "errored", "failed", "not-processed", "reversed")


class Koios(HttpDriver):
    """An account with Koios: a key that may write payments."""

    settings = AccountSettings(
        ("API_KEY", "API_SECRET"),
        optional={
            "CUSTOMER_CODE": "serial",
            "ORGANIZATION": "",
            "CURRENCY": "",
            "DATA_URL": "https://www.sparkmeter.cloud/api/v2",
        },
        addresses=("DATA_URL",),
        base_url="https://www.sparkmeter.cloud/api/v1",
    )
    every_s = 1.7  # about three requests in five seconds are answered, then 429
    abilities = VendorAbilities(
        actions=frozenset({"energy"}),
        pushes_credit=True,
        repeat_is_safe=True,
        can_look_up=True,
        can_check=True,
        list_complete_after=timedelta(hours=26),  # its data comes about a day late
        code_digits=(),
        at_once=2,
    )

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        super().__init__(account, wait)
        self.abilities = replace(
            type(self).abilities,
            can_check=account["CUSTOMER_CODE"] != "account",
            can_list=bool(account["ORGANIZATION"] and account["CURRENCY"]),
        )

    @answering
    def vend(self, order: VendOrder) -> Answer:
        payment = {
            "customer_code": customer_code(self._given, order),
            "amount": written_money(order),
            "external_id": str(order.handle),
            "memo": "Dialwatt",
        }
        reply = self._http.order("POST", "/payments", json=payment, headers=self._headers)
        if _is_known_already(reply):
            ended = self.look_up(order)
            return ended if isinstance(ended, Done) else Unknown("it knows the order already")
        made = self._data(reply)
        return self._ended(made, order) or Refusal("other", "the payment was not processed")

    @asking
    def look_up(self, order: VendOrder) -> LookUpAnswer:
        asked = {"external_id": str(order.handle)}
        reply = self._http.ask("GET", "/payments", params=asked, headers=self._headers)
        found = None if _is_absent(reply) else self._data(reply)
        made = found[0] if isinstance(found, list) and found else found
        if made:
            return self._ended(made, order) or NotDone("the payment was not processed")
        if made is None or made == []:
            return NotDone() if was_asked_long_ago(order) else Unknown("asked too recently to tell")
        return Unknown("an answer that cannot be read")

    @checking
    def check(self, serial: str) -> CheckAnswer:
        reply = self._http.ask("GET", "/customers", params={"code": serial}, headers=self._headers)
        found = [] if _is_absent(reply) else self._data(reply)
        if not isinstance(found, list):
            return Unknown("an answer that cannot be read")
        known = [customer for customer in found if customer["code"] == serial]
        return DeviceFound() if known else DeviceNotFound()

    @asking
    def list_vends(self, since: datetime, until: datetime) -> ListAnswer:
        listed: list[ListedVend] = []
        cursor: object = None
        while True:
            page = self._page(since, until, cursor)
            listed += [self._listed(row) for row in page["results"] if _moved_credit(row)]
            cursor = page.get("cursor")
            if not cursor or not page["results"]:
                return listed

    def _page(self, since: datetime, until: datetime, cursor: object) -> dict[str, Any]:
        path = f"{self._given['DATA_URL']}/organizations/{self._given['ORGANIZATION']}"
        dates = {"from": _written(since), "to": _written(until)}
        asked = {"filters": {"entity_types": ["transactions"], "date_range": dates}}
        reply = self._http.ask(
            "POST",
            f"{path}/data/historical",
            json=asked | {"cursor": cursor},
            headers=self._headers,
        )
        page = reply.document()
        if not reply.is_accepted:
            raise Settled(Unknown(self._http.words(said_in(page))))
        return dict(page)

    def _listed(self, row: dict[str, Any]) -> ListedVend:
        currency = self._given["CURRENCY"]
        customer = (row.get("to") or {}).get("customer") or {}
        is_serial = self._given["CUSTOMER_CODE"] != "account"
        return ListedVend(
            reference=str(row["transaction_id"]),
            handle=str(row["external_id"]) if row.get("external_id") else None,
            serial=customer.get("code") if is_serial else None,
            money=Money(parse_minor(str(row["amount"]), currency), currency),
            at=datetime.fromisoformat(str(row["created"])),
        )

    def _ended(self, made: dict[str, Any], order: VendOrder) -> Done | None:
        """The vend that a payment was; None where it failed. Raises Settled for another order's."""
        if str(made.get("external_id") or order.handle) != str(order.handle):
            raise Settled(Unknown("an answer about another order"))
        if str(made.get("status") or made.get("state")).lower() in _FAILED:
            return None
        return Done(reference=str(made["id"]))

    def _data(self, reply: Reply) -> Any:
        """What a reply is about. Raises Settled: an answer with `errors` says no, with any status,
        and one without either is unknown."""
        answer = reply.document()
        if not isinstance(answer, dict):
            raise reply.unsettled("an answer that cannot be read")
        if answer.get("errors") or not reply.is_accepted:
            raise Settled(refusal(self._http.words(said_in(answer))))
        if "data" not in answer:
            raise reply.unsettled("an answer without data")
        return answer["data"]

    @property
    def _headers(self) -> dict[str, str]:
        return {"X-API-KEY": self._given["API_KEY"], "X-API-SECRET": self._given["API_SECRET"]}


def _is_known_already(reply: Reply) -> bool:
    """Whether the vendor says that it has had this `external_id` before."""
    names_it = _has_errors(reply) and "external" in str(said_in(reply.json()))
    return reply.status == 409 or (names_it and reply.status != 429)


def _has_errors(reply: Reply) -> bool:
    answer = reply.json()
    return isinstance(answer, dict) and bool(answer.get("errors"))


def _is_absent(reply: Reply) -> bool:
    """Whether it has nothing of the kind, said in its own style."""
    return reply.status == 404 and reply.json() is not None


def _moved_credit(row: dict[str, Any]) -> bool:
    is_transaction = row.get("type", "transaction") == "transaction"
    return is_transaction and str(row.get("state")).lower() not in _FAILED


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
