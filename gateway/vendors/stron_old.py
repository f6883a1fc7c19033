"""Stron (Stronpower), the older of its two interfaces: a login, and vends in money.

The vendor divides the money by the price that we send, so energy is asked for as the money that
yields it at the account's PRICE: a tenth of a kilowatt-hour costs a whole number of minor units, or
the account does not open. It takes no number of ours and lists nothing: what may have been done is
decided by a person.

An ended login is answered with an empty body, and so may a vend be whose answer was lost. We log in
for every vend: an empty body is then no ended login, and nothing is asked for twice. Wire:
docs/devices.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from core.errors import BadInput
from core.money import minor_digits
from core.vend import Answer, Refusal, Unknown, VendorAbilities, VendOrder
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering
from gateway.vendors.refusals import refusal

_SHORTEST_LOGIN = 10  # shorter answers are words: false, error
_LOGIN = re.compile(r"[\w.+/=-]{10,1000}")


class StronOld(HttpDriver):
    """An account with Stron's older interface. PRICE: of a kilowatt-hour, in CURRENCY."""

    settings = AccountSettings(
        ("COMPANY", "USERNAME", "PASSWORD", "PRICE", "CURRENCY"),
        base_url="http://www.saitecapi.stronpower.com/api",
    )
    # One at a time: a second login of the same user may end the first.
    abilities = VendorAbilities(actions=frozenset({"energy"}), at_once=1)

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        """Raises BadInput where a tenth of a kilowatt-hour has no exact price."""
        super().__init__(account, wait)
        self._tenth = _price_of_tenth(account)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        login = self._log_in()
        asked = {
            "CustomerId": order.customer_reference or order.serial,
            "MeterId": order.serial,
            "Price": self._given["PRICE"],
            "Rate": "1",
            "Amount": float(order.units * self._tenth),  # JSON writes it with the digits it has
            "AmountTmp": self._given["CURRENCY"],
            "Company": self._given["COMPANY"],
            "Employee": self._given["USERNAME"],
            "ApiToken": login,
        }
        return self._read_vend(self._http.order("POST", "/vending/", json=asked))

    def _read_vend(self, reply: Reply) -> Answer:
        """The answer is text with commas, bare or as JSON; its first field is the code."""
        reply.settle()
        answer = reply.json()
        if isinstance(answer, dict) and answer.get("Message"):
            return refusal(reply.words(answer["Message"]))
        if answer is False or answer == "false":
            return Refusal("other", "false, which says no and not why")
        text = answer if isinstance(answer, str) else reply.text
        if not text.strip():
            return Unknown("an empty answer right after a login")
        return done_with(self.abilities, text.partition(",")[0])

    def _log_in(self) -> str:
        """The answer is the login itself, as JSON text or bare. Raises Settled."""
        asked = {
            "Username": self._given["USERNAME"],
            "Password": self._given["PASSWORD"],
            "Companyname": self._given["COMPANY"],
        }
        reply = self._http.ask("POST", "/login/", json=asked)
        reply.settle()
        answer = reply.json()
        login = answer if isinstance(answer, str) else reply.text.strip()
        if isinstance(answer, dict) or len(login) < _SHORTEST_LOGIN:
            raise Settled(Refusal("credentials", reply.words(answer or "an empty answer")))
        if not _LOGIN.fullmatch(login):
            raise reply.unsettled("a login that cannot be read")
        return login


def _price_of_tenth(account: Account) -> Decimal:
    """What a tenth of a kilowatt-hour costs, in major units. Raises BadInput."""
    name = f"VENDOR_STRON_OLD_{account.name.upper()}_PRICE"
    try:
        price = Decimal(account["PRICE"])
    except InvalidOperation:
        raise BadInput(f"{name} is no price: write it like 25.00") from None
    tenth = price / 10
    is_price = price.is_finite() and price > 0
    if not is_price or round(tenth, minor_digits(account["CURRENCY"])) != tenth:
        raise BadInput(
            f"{name}: a tenth of a kilowatt-hour must cost a whole number of the smallest units"
            " of CURRENCY, since energy is sold by tenths"
        )
    return tenth
