"""Steama (Steamaco): the vendor pushes credit to the meter, and is told money, not energy.

Payments are made to a customer there, whom we find by the meter's `reference`, our serial number.
It takes no number of ours. What may have been done is looked for among the customer's payments: one
by this interface, of that money, in the quarter of an hour from when it was asked for. None, and it
was not vended; one, and that is it; more, and a person decides. Wire: docs/devices.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from core.money import Money, parse_minor
from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    Done,
    ListAnswer,
    ListedVend,
    LookUpAnswer,
    NotDone,
    NotSent,
    Refusal,
    Unknown,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering, asking, checking
from gateway.vendors.login import Login
from gateway.vendors.meters import is_another_meter
from gateway.vendors.pushed_credit import was_asked_long_ago, written_money
from gateway.vendors.refusals import refusal, said_in

_PAYMENT = "PAY"
# Who recorded a payment: no agent, so a program by this interface. Those of agents are not ours.
_BY_INTERFACE = (None, "", "AP")
# Between the vendor's clock and ours, and as long as a request can be under way.
_CLOCKS, _UNDER_WAY = timedelta(minutes=2), timedelta(minutes=15)
_LOGIN_S = 3600.0
_PAGE, _PAGES_MAX = 100, 50

Row = dict[str, Any]


class Steama(HttpDriver):
    """An account with Steama. CURRENCY: that of the payments there; without it, no list is read."""

    settings = AccountSettings(
        ("USERNAME", "PASSWORD"), {"CURRENCY": ""}, base_url="https://api.steama.co"
    )
    every_s = 0.1  # ten requests a second are answered
    abilities = VendorAbilities(
        actions=frozenset({"energy"}),
        pushes_credit=True,
        can_look_up=True,
        can_check=True,
        code_digits=(),
        at_once=2,
    )

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        super().__init__(account, wait)
        self.abilities = replace(type(self).abilities, can_list=bool(account["CURRENCY"]))
        self._login = Login(self._log_in)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        payment = {"amount": written_money(order), "category": _PAYMENT}
        customer = self._customer(order.serial)
        path = f"/customers/{customer}/transactions/"
        reply = self._login.call(
            lambda shown: self._http.order("POST", path, json=payment, headers=_signed(shown))
        )
        made = self._accepted(reply)
        is_of_customer = made["category"] == _PAYMENT and int(made["customer_id"]) == customer
        if not is_of_customer or _money(made, order.money.currency) != order.money:
            return Unknown("an answer about another payment")
        return Done(reference=str(int(made["id"])))

    @asking
    def look_up(self, order: VendOrder) -> LookUpAnswer:
        asked_at = order.asked_at or order.created_at
        since, until = asked_at - _CLOCKS, asked_at + _UNDER_WAY
        path = f"/customers/{self._customer(order.serial)}/transactions/"
        asked = {"ordering": "timestamp", "created_after": _written(since)}
        made = [
            row
            for row in self._rows(path, asked)
            if _is_by_interface(row)
            and since <= _instant(row) < until
            and _money(row, order.money.currency) == order.money
        ]
        if len(made) == 1:
            return Done(reference=str(int(made[0]["id"])))
        if made:
            named = ", ".join(str(row["id"]) for row in made)
            return Unknown(self._http.words(f"{len(made)} payments of that money: {named}"))
        return NotDone() if was_asked_long_ago(order) else Unknown("asked too recently to tell")

    @checking
    def check(self, serial: str) -> CheckAnswer:
        self._customer(serial)
        return DeviceFound()

    @asking
    def list_vends(self, since: datetime, until: datetime) -> ListAnswer:
        currency = self._given["CURRENCY"]
        asked = {"created_after": _written(since), "created_before": _written(until)}
        return [
            ListedVend(
                reference=str(int(row["id"])),
                handle=None,
                serial=None,
                money=_money(row, currency),
                at=_instant(row),
            )
            for row in self._rows("/transactions/", asked | {"ordering": "timestamp"})
            if row["category"] == _PAYMENT and row.get("reversed_by_id") is None
        ]

    def _customer(self, serial: str) -> int:
        """Who has the meter now. Raises Settled: Refusal where no customer has."""
        for meter in self._rows("/meters/", {"reference": serial}):
            # Servers that do not know the filter answer with every meter.
            if meter.get("reference") and not is_another_meter(meter["reference"], serial):
                if meter.get("customer") is None:
                    raise Settled(Refusal("not_possible", "the meter has no customer"))
                return int(meter["customer"])
        raise Settled(Refusal("unknown_device", "the vendor has no such meter"))

    def _rows(self, path: str, asked: Mapping[str, str]) -> Iterator[Row]:
        """The rows of a list, page by page. Raises Settled."""
        for number in range(1, _PAGES_MAX + 1):
            of_page = {**asked, "page": str(number), "page_size": str(_PAGE)}
            reply = self._login.call(partial(self._ask, path, of_page))
            page = self._accepted(reply)
            if not isinstance(page.get("results"), list):
                raise reply.unsettled("an answer without results")
            yield from page["results"]
            if not page.get("next"):
                return
        raise Settled(NotSent(f"a list of more than {_PAGES_MAX} pages"))

    def _ask(self, path: str, asked: Mapping[str, str], login: str) -> Reply:
        return self._http.ask("GET", path, params=asked, headers=_signed(login))

    def _accepted(self, reply: Reply) -> Row:
        """The object of an answer that says yes. Raises Settled."""
        answer = reply.document()
        if not isinstance(answer, dict):
            raise reply.unsettled("an answer that cannot be read")
        if reply.status == 404:
            raise Settled(Refusal("unknown_device", reply.words(said_in(answer))))
        if not reply.is_accepted:
            raise Settled(refusal(reply.words(said_in(answer))))
        return answer

    def _log_in(self) -> tuple[str, float]:
        account = self._given
        asked = {"username": account["USERNAME"], "password": account["PASSWORD"]}
        reply = self._http.ask("POST", "/get-token/", json=asked)
        given = reply.document()
        if not reply.is_accepted:
            raise Settled(Refusal("credentials", reply.words(said_in(given))))
        return str(given["token"]), _LOGIN_S


def _signed(login: str) -> dict[str, str]:
    return {"Authorization": f"Token {login}"}


def _is_by_interface(row: Row) -> bool:
    is_payment = row["category"] == _PAYMENT and row.get("reversed_by_id") is None
    return is_payment and row.get("provider") in _BY_INTERFACE


def _money(row: Row, currency: str) -> Money:
    return Money(parse_minor(str(row["amount"]), currency), currency)


def _instant(row: Row) -> datetime:
    at = datetime.fromisoformat(str(row["timestamp"]))
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
