"""What a worker can ask of a mobile-money provider, the same for every provider.

Callbacks are each provider's own. The networks that a channel serves and the times of its look-ups
are data (core/channel.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from core.errors import Temporary
from core.money import parse_minor
from core.prompt import Prompt
from gateway.payments.provider_api import ProviderApi


@dataclass(frozen=True, slots=True)
class Approved:
    """The payer approved; the receipt comes in a callback."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment was made: its receipt, and the amount in minor units of the prompt's currency."""

    receipt: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Pending:
    """The outcome is not known yet."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The prompt ended without a payment; `code` is the provider's."""

    code: str


Outcome = Approved | Paid | Pending | Ended


class PaymentChannel(Protocol):
    """An account with a provider. May be shared by threads."""

    api: ProviderApi

    def account_of(self, prompt: Prompt) -> str:
        """The provider account that receives the payment of this prompt: `daraja:600123`."""

    def push(self, prompt: Prompt) -> str:
        """Show the prompt on the payer's phone; returns the provider's reference of it.

        Raises Temporary and Permanent when it was certainly not sent, OutcomeUnknown when it may
        have been: such a prompt is looked up and never sent again. Accepted is not paid.
        """

    def look_up(self, prompt: Prompt) -> Outcome:
        """How a prompt ended, by its reference. Raises Temporary when the provider does not say."""

    def close(self) -> None:
        """Close the connections."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a provider account holds, in minor units."""

    provider_account: str
    amount_minor: int


@runtime_checkable
class BalanceChannel(PaymentChannel, Protocol):
    """A channel that answers with its balance at once (Daraja answers in a callback)."""

    def read_balance(self, currency: str) -> Balance:
        """The balance now. Raises Temporary when there is none to be had in that currency."""


# What a receipt can be: printable ASCII, so that its capitals are the same everywhere.
_RECEIPT = re.compile(r"[!-~]{1,64}")


def parse_receipt(provider: str, written: object) -> str:
    """The receipt as a provider's answer writes it. Raises Temporary where it can be none: it is
    looked up again, never stored as it is."""
    receipt = str(written)
    if not _RECEIPT.fullmatch(receipt):
        raise Temporary(provider, "unreadable")
    return receipt


def parse_balance(account: str, amount: object, stated: object, currency: str) -> Balance:
    """The balance of `account` (`mtn:mtnuganda`) as a provider writes it: `amount` as text or
    number, with or without thousands separators, in the currency `stated`. Raises Temporary when
    that is not `currency`."""
    try:
        if stated != currency:
            raise ValueError(f"not in {currency}")
        return Balance(account, parse_minor(str(amount).replace(",", ""), currency))
    except ValueError:
        raise Temporary(account.partition(":")[0], "unreadable") from None
