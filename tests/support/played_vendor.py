"""A vendor of the tests: it counts what it vends, and its answers can be lost on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from core.usecases.vends.accounts import store_vendor_accounts
from core.usecases.vends.claim import VendTask, claim_vends
from core.vend import (
    Answer,
    Done,
    ListAnswer,
    ListedVend,
    LookUpAnswer,
    NotDone,
    Refusal,
    Unknown,
    VendAction,
    VendorAbilities,
    VendOrder,
    VendorName,
)
from gateway.vendors.vendor import Vendor
from tests.support.scenario import Scenario
from workers import vends

ALL: frozenset[VendAction] = frozenset({"energy", "days", "unlock", "lock"})
# What kinds of vendors there are, by what can be done when an answer is lost.
ABILITIES: Mapping[str, VendorAbilities] = {
    "person": VendorAbilities(ALL),
    "look-up": VendorAbilities(ALL, can_look_up=True),
    "repeat": VendorAbilities(ALL, repeat_is_safe=True),
    "both": VendorAbilities(ALL, repeat_is_safe=True, can_look_up=True),
    "date": VendorAbilities(ALL, repeat_is_safe=True, needs_date=True),
    "pushed": VendorAbilities(
        ALL, pushes_credit=True, repeat_is_safe=True, can_list=True, code_digits=()
    ),
}

Trouble = Callable[[Answer], Answer]


def lost(answer: Answer) -> Answer:
    """The vendor has done it, and its answer does not arrive."""
    return Unknown("time ran out")


@dataclass
class PlayedVendor(Vendor):
    """A vendor in this process. `vended` has what it did, one order after the other.

    `troubles` are used up by the next calls: an answer that comes without anything being done, or a
    function of the answer that is lost or changed on its way.
    """

    abilities: VendorAbilities
    token: VendorName = "stron"
    account: str = "main"
    vended: list[VendOrder] = field(default_factory=list)
    asked: int = 0
    troubles: deque[Answer | Trouble] = field(default_factory=deque)
    codes_each: int = 1

    def vend(self, order: VendOrder) -> Answer:
        self.asked += 1
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble is not None and not callable(trouble):
            return trouble
        if not self.abilities.repeat_is_safe or self._times(order) == 0:
            self.vended.append(order)
        answer = self._done(order)
        return trouble(answer) if callable(trouble) else answer

    def look_up(self, order: VendOrder) -> LookUpAnswer:
        return self._done(order) if self._times(order) else NotDone()

    def prepare(self, order: VendOrder) -> datetime | Refusal | None:
        if order.action != "days":
            return None
        return max(order.created_at, order.until_before or order.created_at) + timedelta(
            days=order.units
        )

    def list_vends(self, since: datetime, until: datetime) -> ListAnswer:
        return [
            ListedVend(f"R{number}", str(order.handle), order.serial, order.money, at)
            for number, order in enumerate(self.vended, start=1)
            if since <= (at := order.asked_at or order.created_at) < until
        ]

    def times(self) -> dict[UUID, int]:
        """How often each order was vended."""
        handles = [order.handle for order in self.vended]
        return {handle: handles.count(handle) for handle in handles}

    def _times(self, order: VendOrder) -> int:
        return self.times().get(order.handle, 0)

    def _done(self, order: VendOrder) -> Done:
        handles = [each.handle for each in self.vended]
        number = len(handles) - handles[::-1].index(order.handle)
        if self.abilities.pushes_credit:
            return Done(reference=f"R{number}")
        codes = tuple(f"{number:018}{part:02}" for part in range(1, self.codes_each + 1))
        return Done(codes, reference=f"R{number}")


class Office:
    """The scenario with a vendor for the meters of `umeme`, step by step as a worker takes it."""

    def __init__(self, scenario: Scenario, vendor: PlayedVendor) -> None:
        self.scenario, self.vendor = scenario, vendor
        scenario.run(
            "UPDATE manufacturers SET token_family = :token, sts = NULL WHERE code = 'umeme'",
            token=vendor.token,
        )
        self.set_up()

    def set_up(self) -> None:
        """Store what the account can do, as a worker does when it starts."""
        key = (self.vendor.token, self.vendor.account)
        with self.scenario.open_unit() as unit:
            store_vendor_accounts(unit, {key: self.vendor.abilities})

    def claim(self, limit: int = 10) -> list[VendTask]:
        """Claim what is due, in a transaction that is committed."""
        key = (self.vendor.token, self.vendor.account)
        with self.scenario.open_unit() as unit:
            return claim_vends(unit, key, self.vendor.abilities, limit)

    def work(self) -> None:
        """What a worker does until nothing is due."""
        while tasks := self.claim():
            for task in tasks:
                record = vends.call_vendor(self.vendor, task)
                with self.scenario.open_unit() as unit:
                    record(unit)

    def later(self, **time: int) -> None:
        """Time passes, and a worker works."""
        self.scenario.ahead += timedelta(**time)
        self.work()

    def states(self) -> list[object]:
        return [row[0] for row in self.scenario.rows("SELECT state FROM vends ORDER BY id")]

    def cases(self) -> list[object]:
        """The kinds of the open cases."""
        return [
            row[0]
            for row in self.scenario.rows(
                "SELECT kind FROM cases WHERE closed_at IS NULL ORDER BY id"
            )
        ]

    def texts(self) -> list[str]:
        """What texts about vends and codes say, in order."""
        return [
            row[0]
            for row in self.scenario.rows(
                "SELECT body FROM sms WHERE dedupe_key LIKE 'vend%' ORDER BY id"
            )
        ]
