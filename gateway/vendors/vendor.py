"""What a worker can ask of a vendor, the same for every vendor: one account is one `Vendor`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from core.vend import (
    Answer,
    CheckAnswer,
    Done,
    ListAnswer,
    LookUpAnswer,
    NotSent,
    Refusal,
    Unknown,
    VendorAbilities,
    VendOrder,
    VendorName,
)

# A call, with all its connections and answers, ends within this; its claim lasts longer.
CALL_LIMIT_S = 75


class Vendor(Protocol):
    """An account with a vendor. A driver names it as its base. May be shared by threads.

    `token` is the vendor's name in the catalogue, `account` that of the account (`main`). Answers
    are values: no method raises for what a vendor or the network does. Each ends within
    CALL_LIMIT_S. Nothing secret is in an answer, a log or a repr.

    After a vendor says that it has had this handle before, `vend` answers as the first vend ended
    (Done), never Refusal.
    """

    token: VendorName
    account: str
    abilities: VendorAbilities

    def prepare(self, order: VendOrder) -> datetime | Refusal | NotSent | None:
        """The instant to which the device is to be paid, stored before the vendor is asked.

        Called only where `abilities.needs_date`. It may read from the vendor what is in force, and
        changes nothing there. None where this order needs no date (an unlock).
        """
        return None

    def vend(self, order: VendOrder) -> Answer:
        """Ask for the order; asked again only where that is safe or nothing was done."""
        ...

    def look_up(self, order: VendOrder) -> LookUpAnswer:
        """Say how an order ended that was asked for. Called only where `abilities.can_look_up`."""
        return Unknown("this vendor cannot be asked")

    def check(self, serial: str) -> CheckAnswer:
        """Say whether the vendor has a device. Called only where `abilities.can_check`."""
        return Unknown("this vendor cannot be asked")

    def deliver(self, order: VendOrder, done: Done) -> None:
        """Send the codes of a vend to its device over the air too, where the account can; called
        once the vend is stored. Nothing depends on it: a device takes no code twice."""
        return None

    def list_vends(self, since: datetime, until: datetime) -> ListAnswer:
        """Everything vended from `since` until before `until`, by whomever, with the money.

        Called only where `abilities.can_list`.
        """
        return Unknown("this vendor cannot be asked")

    def close(self) -> None:
        """Close the connections."""
        return None
