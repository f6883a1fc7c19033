"""Vends: what a vendor's server is asked for a device whose codes only the vendor can make.

A vend is an order that is stored before the vendor is asked, and keeps its handle for good. An
answer is a value, never an exception: `Done`, `Refusal`, `NotSent` (certainly not done) or
`Unknown` (may have been done). What may have been done is looked up, or asked again where the same
order twice is one vend, or decided by a person; it is never asked again blindly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from core.money import Money

# The token families of the catalogue that vendors serve.
VendorName = Literal[
    "calin",
    "calin_pos",
    "stron",
    "stron_old",
    "gomelong",
    "gomelong_sts",
    "sunking",
    "sparkmeter",
    "koios",
    "angaza",
    "paygops",
    "steama",
    "spark",
    "chint",
    "microstar",
    "daly",
]
VENDORS: tuple[VendorName, ...] = get_args(VendorName)
# Those that a catalogue may name, and that no driver speaks with: no settings set them up.
WITHOUT_DRIVER: frozenset[VendorName] = frozenset({"paygops", "spark", "microstar", "daly"})
DEFAULT_ACCOUNT = "main"

# What a vend does: adds tenths of a kWh or days, frees the device for good, stops it, or clears its
# credit or the trace of a tamper.
VendAction = Literal["energy", "days", "unlock", "lock", "clear_credit", "clear_tamper"]

# waiting: to be asked; asked: a worker asks; unknown: it may have been done; refused and withdrawn
# (not asked, or given up by a person): nothing was vended.
VendState = Literal["waiting", "asked", "unknown", "done", "refused", "withdrawn"]

# Why a vendor refuses.
# * unknown_device: it has no such device, or no customer for it;
# * not_possible: it cannot do this to that device now (locked, free already, of another kind);
# * amount: it takes no such amount;
# * other: what no word of it tells.
# Those of our account with it, which are no answer about the device: the vend waits.
# * credentials: it does not know us, or the login has ended;
# * account_empty: our account with it has no money.
RefusalReason = Literal[
    "unknown_device", "not_possible", "amount", "other", "credentials", "account_empty"
]
OF_ACCOUNT: tuple[RefusalReason, ...] = ("credentials", "account_empty")

# In the market's night, once what was asked for before midnight is settled.
LIST_COMPLETE_AFTER = timedelta(hours=2)

# What a vendor said of a serial number that an agent or an operator has: asking: it is asked;
# no_answer: it could not be asked in the time we wait.
SerialCheckState = Literal["asking", "found", "not_found", "no_answer"]

# A vendor's own words are stored with so many characters.
WORDS_MAX = 300


@dataclass(frozen=True, slots=True)
class VendOrder:
    """What is asked of a vendor. Nothing in it is secret.

    * `handle`: ours, made with the row and the same in every repetition; for vendors that take a
      number of ours (`external_id`) and do nothing twice under it.
    * `units`: tenths of a kWh for `energy`, days for `days`, 0 otherwise.
    * `money`: what was paid for these units, for vendors that are told money; 0 where nothing was.
    * `until`: the instant to which the device is paid, fixed before it is asked, for vendors that
      are told a date (Vendor.prepare); None for all others.
    * `until_before`: the `until` of the last vend of the device that was done; None without one.
    * `customer_reference`: the customer's account reference with us; None in stock.
    * `created_at`: when the row was made; `asked_at`: when it was last asked, None before.
    """

    handle: UUID
    serial: str
    action: VendAction
    units: int
    money: Money
    customer_reference: str | None
    created_at: datetime
    asked_at: datetime | None = None
    until: datetime | None = None
    until_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Vend:
    """A row of `vends`, with what must be known to ask for it.

    `owner_id` has the device now, `customer_id` had it when it was bought or ordered.
    `amount_minor` of `currency` was paid for the units. `vendor` and `account`: those that were
    asked, else those to ask. `payment_left_minor`: what was not taken back of its payment.
    `decided_by` typed `typed_codes`; `given_back`: its money became credit;
    `vendor_reference`: the vendor's name for what was done.
    """

    id: int
    handle: UUID
    device_id: int
    serial: str
    owner_id: int | None
    customer_id: int | None
    customer_account: str | None
    payment_id: int | None
    receipt: str | None
    payment_left_minor: int | None
    order_id: int | None
    kind: VendAction
    units: int
    amount_minor: int
    currency: str
    until_at: datetime | None
    until_before: datetime | None
    state: VendState
    vendor: str
    account: str
    created_at: datetime
    asked_at: datetime | None
    asks: int
    attempts: int
    next_attempt_at: datetime | None
    reason: RefusalReason | None
    words: str | None
    decided_by: str | None
    typed_codes: Sequence[str] | None
    given_back: bool
    vendor_reference: str | None

    def __repr__(self) -> str:
        return f"Vend({self.id}, {self.state})"

    @property
    def order(self) -> VendOrder:
        """What a vendor is asked."""
        return VendOrder(
            handle=self.handle,
            serial=self.serial,
            action=self.kind,
            units=self.units,
            money=Money(self.amount_minor, self.currency),
            customer_reference=self.customer_account,
            created_at=self.created_at,
            asked_at=self.asked_at,
            until=self.until_at,
            until_before=self.until_before,
        )

    @property
    def name(self) -> str:
        """What it is for, in words of operators: the receipt, or the order."""
        return self.receipt or f"order {self.order_id}"


@dataclass(frozen=True, slots=True)
class Done:
    """It was vended.

    `codes`: as they are typed one after the other, of digits and what else the keypad needs,
    without blanks or dashes; empty where the vendor pushes the credit. The last one gives the
    credit. `reference`: the vendor's own name for the vend. `units`: what the vendor says that it
    gave, in the order's units, where it says so: another number than asked for becomes a case.
    """

    codes: tuple[str, ...] = ()
    reference: str | None = None
    units: int | None = None

    def __repr__(self) -> str:
        return f"Done({len(self.codes)} codes, {self.reference})"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The vendor says no, so nothing was vended. `words` are its own, without codes or secrets."""

    reason: RefusalReason
    words: str = ""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not vended: no connection, or the vendor was too busy to look at it."""

    words: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been vended: time ran out after sending, the line closed, or nonsense came."""

    words: str


@dataclass(frozen=True, slots=True)
class NotDone:
    """A look-up says that the order was not vended, and that no call under way can vend it yet."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFound:
    """The vendor knows a device. `words`: what it says of it, such as its model."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class DeviceNotFound:
    """The vendor has no such device."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class ListedVend:
    """A vend on a vendor's own list. `handle` is what it was given as ours, as it writes it; None
    where it was given none."""

    reference: str
    handle: str | None
    serial: str | None
    money: Money
    at: datetime


Answer = Done | Refusal | NotSent | Unknown
LookUpAnswer = Done | NotDone | NotSent | Unknown
CheckAnswer = DeviceFound | DeviceNotFound | NotSent | Unknown
ListAnswer = Sequence[ListedVend] | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class VendorAbilities:
    """What an account with a vendor can do; workers store it, so that every process knows.

    * `actions`: what can be vended.
    * `pushes_credit`: there are no codes, the device gets the credit over the air.
    * `repeat_is_safe`: the same order asked twice is one vend: by its handle or its `until`.
    * `can_look_up`: the vendor says whether an order was vended; `can_check`: whether it has a
      device; `can_list`: what it vended in a time (for the audit of pushed credit).
    * `can_deliver`: it can send a code to its device over the air too (`Vendor.deliver`).
    * `list_complete_after`: how long after its end its list of a day is complete.
    * `needs_date`: orders are for an `until`, which `Vendor.prepare` fixes.
    * `code_digits`: how many digits a code may have, to check what a person types; empty where
      none comes.
    * `at_once`: so many calls of this account at the same time.
    """

    actions: frozenset[VendAction]
    pushes_credit: bool = False
    repeat_is_safe: bool = False
    can_look_up: bool = False
    can_check: bool = False
    can_list: bool = False
    list_complete_after: timedelta = LIST_COMPLETE_AFTER
    can_deliver: bool = False
    needs_date: bool = False
    code_digits: tuple[int, ...] = (20,)
    at_once: int = 4


_MARKS = re.compile(r"[\s\-\u2010-\u2015]+")


def clean_code(typed: str) -> str:
    """Return a code as it is stored: without blanks and dashes."""
    return _MARKS.sub("", typed)


def is_code(code: str, digits: Sequence[int]) -> bool:
    """Return whether a clean code has one of these numbers of digits. `*` and `#`, which some
    keypads begin and end with, do not count."""
    bare = code.removeprefix("*").removesuffix("#")
    return bare.isascii() and bare.isdecimal() and len(bare) in digits
