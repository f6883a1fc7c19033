"""What a worker can ask of a mobile-money provider, the same whoever it is.

What a provider tells us of its own accord is the business of its callbacks. The networks a channel
serves and when it may be asked are data (core/channel.py); here is only the asking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.errors import Temporary
from core.money import parse_minor
from core.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Approved:
    """The payer approved; the receipt comes in another callback."""


@dataclass(frozen=True, slots=True)
class Paid:
    """Money moved: the provider's receipt, and how much in minor units of the prompt's currency."""

    receipt: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Pending:
    """Nobody knows yet."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Not paid, and it will not be; `code` is the provider's."""

    code: str


Outcome = Approved | Paid | Pending | Ended


class PaymentChannel(Protocol):
    """An account with a provider. May be shared by threads."""

    def account_of(self, prompt: Prompt) -> str:
        """The account that receives this prompt's money, as the books call it."""

    def push(self, prompt: Prompt) -> str:
        """Show the prompt on the payer's phone; returns the provider's reference of it.

        Raises Temporary and Permanent when it certainly did not go out, OutcomeUnknown when it may
        have: that one is looked up and never sent again. Accepted is not paid.
        """

    def look_up(self, prompt: Prompt) -> Outcome:
        """How a prompt ended, by its reference. Raises Temporary when nobody says."""

    def close(self) -> None:
        """Give the connections back."""


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds, in minor units; the account as the books call it."""

    provider_account: str
    amount_minor: int


@runtime_checkable
class TellsBalance(PaymentChannel, Protocol):
    """A channel that says at once what its account holds (Daraja does so in a callback)."""

    def read_balance(self, currency: str) -> Held:
        """What it holds now. Raises Temporary when nobody says, or not in that currency."""


def held(provider: str, account: str, amount: object, stated: object, currency: str) -> Held:
    """A balance as a provider wrote it (text or number, thousands apart or not). Raises
    Temporary."""
    try:
        if stated != currency:
            raise ValueError(f"not in {currency}")
        return Held(account, parse_minor(str(amount).replace(",", ""), currency))
    except ValueError:
        raise Temporary(provider, "unreadable") from None
