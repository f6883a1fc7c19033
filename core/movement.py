"""A movement of money on a provider's statement, and what a statement is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from core.payment import PayerKind, normalise_receipt

# payment: a customer's. reversal: of a customer's payment. settlement: between the account and our
# bank. fee: the provider's charge. other: a person must say what it was.
MovementKind = Literal["payment", "reversal", "settlement", "fee", "other"]
MOVEMENT_KINDS: tuple[MovementKind, ...] = get_args(MovementKind)
# Into the provider account, or out of it.
Direction = Literal["in", "out"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
# What a person says a held movement was. `unclassified`: none of our business with customers, the
# accountant books it on; `nothing`: it is in the books already, or does not belong there.
BookedAs = Literal["settlement", "fee", "unclassified", "nothing"]
BOOKED_AS: tuple[BookedAs, ...] = get_args(BookedAs)


@dataclass(frozen=True, slots=True)
class Movement:
    """A row of a statement. (`receipt`, `kind`, `direction`) name it: a payment and its charge may
    share a receipt.

    `amount_minor` is positive. `account`, `payer_kind` and `payer` are those of a payment, `undoes`
    is the receipt that a reversal takes back, `written` the provider's word for the type, `place`
    where the row stands, such as `line 7`.
    """

    receipt: str
    kind: MovementKind
    direction: Direction
    amount_minor: int
    happened_at: datetime
    account: str = ""
    payer_kind: PayerKind = "none"
    payer: str | None = None
    undoes: str | None = None
    written: str = ""
    place: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "receipt", normalise_receipt(self.receipt))
        if self.undoes is not None:
            object.__setattr__(self, "undoes", normalise_receipt(self.undoes))

    @property
    def signed_minor(self) -> int:
        """What the provider account gained."""
        return self.amount_minor if self.direction == "in" else -self.amount_minor


def parse_movement_kind(text: str) -> MovementKind:
    """Return the kind with that name. Raises ValueError for any other text."""
    for kind in MOVEMENT_KINDS:
        if kind == text:
            return kind
    raise ValueError(f"kind is one of {', '.join(MOVEMENT_KINDS)}, not {text!r}")


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row that cannot be understood. `place`: such as `line 7`; `content`: the row as it was
    written, cut; `why`: what is wrong with it."""

    place: str
    content: str
    why: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Movements of one account in one currency, and the closing balance if the file states it.

    `settled_until`: later rows may still be added to the list; None: the list is final. `unread`:
    rows that could not be understood. `covers`: the first and the last instant that it is of, where
    it says so; else it is of the time from its first row to its last.
    """

    provider_account: str
    currency: str
    movements: Sequence[Movement]
    closing_minor: int | None = None
    settled_until: datetime | None = None
    unread: Sequence[UnreadRow] = ()
    covers: tuple[datetime, datetime] | None = None

    @property
    def period(self) -> tuple[datetime, datetime] | None:
        """The instants between which every movement is on it; None where that is not known."""
        times = [row.happened_at for row in self.movements]
        stated = self.covers or ((min(times), max(times)) if times else None)
        if stated is None or self.settled_until is None:
            return stated
        return stated[0], self.settled_until if self.covers else min(stated[1], self.settled_until)

    @property
    def ends_at(self) -> datetime | None:
        """When the last movement happened; None where there is none."""
        return max((row.happened_at for row in self.movements), default=None)
