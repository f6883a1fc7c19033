"""Payments: what a provider said (notice), what was booked, and where the money went."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from core.prompt import Prompt

# What the payer wants paid: the device that was named, or only the customer's loans.
PaymentPurpose = Literal["device", "loan"]
# What a notice tells of the payer: a phone number, a masked or hashed one, or nothing.
PayerKind = Literal["msisdn", "masked", "sha256", "none"]
# The kind of case about a payment on hold, because what the customer owes was changed after it was
# made.
CHANGED = "changed_since_payment"
# Kinds of cases about payments that may not have been made: not on the list of the provider, or not
# believed when they were announced.
UNLISTED, UNVERIFIED = "not_on_statement", "unverified_payment"
# The kind of case about money that went back, as a message says that proves nothing.
TOLD_BACK = "reversal_told"
# How a payment was announced. proved: by the provider's own answer, by a signed message, by one
# that brought back what only the provider was given, or by ourselves. unverified: at an endpoint
# that proves nothing. forged: by a message whose proof is not ours.
Evidence = Literal["proved", "unverified", "forged"]
# Why a payment is not believed yet: more than its channel moves at once; paid more than a day from
# our clock; its proof is not ours; for a prompt that has no such name; a large sum without proof; a
# sum without proof, after a forged one was seen.
DoubtReason = Literal[
    "over_limit", "wrong_clock", "forged", "unknown_prompt", "large_sum", "after_forgery"
]
# What became of asking the provider. no_answer: it never said; released: a person said that it is
# to be used, or given back.
WordState = Literal["waiting", "confirmed", "denied", "no_answer", "released"]
# A provider's word still counts, and nothing is bought, while it is one of these.
NO_WORD: tuple[WordState, ...] = ("waiting", "denied", "no_answer")
PaymentState = Literal["received", "applied", "suspense", "refunding", "refunded", "reversed"]
# Where a part of a payment went.
LineKind = Literal[
    "clawback",
    "down_payment",
    "instalment",
    "access_rate",
    "energy",
    "days",
    "recovery",
    "credit",
    "suspense",
]
# The lines that a device gets its energy, its days or its freedom for.
SERVED: tuple[LineKind, ...] = ("down_payment", "instalment", "energy", "days", "recovery")


def normalise_receipt(text: str) -> str:
    """Return a receipt as it is stored and compared: in capitals, without blanks around it.

    People, portals and spreadsheets write the same receipt in either case.
    """
    return text.strip().upper()


# How long the number of a receipt may be, and of one that an SMS repeats (core/wording/slots.py).
RECEIPT_MAX, SHORT_RECEIPT_MAX = 20, 12
_OWN_RECEIPT = re.compile(r"[A-Z0-9][A-Z0-9/.-]*")


def parse_own_receipt(typed: str, most: int) -> str:
    """Return the number of a receipt, a slip or a transfer that an operator typed, as it is stored.
    Raises ValueError for more than `most` characters, or others than letters, digits and dashes."""
    number = normalise_receipt(typed).replace(" ", "")
    if not _OWN_RECEIPT.fullmatch(number) or len(number) > most:
        raise ValueError(f"at most {most} letters, digits and dashes")
    return number


@dataclass(frozen=True, slots=True)
class ReceivedPayment:
    """A payment claimed for applying; its row is locked.

    `device_id` is None where the customer's account reference was paid to. `paid_on`: the day whose
    prices, due instalments and fees count for it (`Unit.paid_on`). `quoted_at`: when the payer was
    told what it does. `decided_at`: when a person last decided that it is to be applied.
    """

    id: int
    receipt: str
    amount_minor: int
    purpose: PaymentPurpose
    device_id: int | None
    customer_id: int
    paid_at: datetime
    paid_on: date
    quoted_at: datetime
    decided_at: datetime | None

    @property
    def as_of(self) -> datetime:
        """What was sold or changed after this instant does not count for it."""
        return self.decided_at or self.quoted_at


@dataclass(frozen=True, slots=True)
class BookedPayment:
    """A payment's row. `customer_id` is None where it was never matched, `device_id` also where the
    customer's account reference was paid to. `returned_minor` of it went back to the payer."""

    id: int
    provider_account: str
    receipt: str
    amount_minor: int
    currency: str
    account_raw: str
    purpose: PaymentPurpose
    device_id: int | None
    customer_id: int | None
    payer_kind: PayerKind
    payer: str | None
    paid_at: datetime

    state: PaymentState
    credit_used_minor: int
    returned_minor: int
    applied_at: datetime | None

    @property
    def left_minor(self) -> int:
        """What did not go back."""
        return self.amount_minor - self.returned_minor

    @property
    def agent_id(self) -> int | None:
        """The agent who collected it in cash; None where a provider received it."""
        kind, _, agent_id = self.provider_account.partition(":")
        return int(agent_id) if kind == "agent" else None

    @property
    def is_at_provider(self) -> bool:
        """Whether a provider received it: neither an agent nor we ourselves."""
        return ":" in self.provider_account and self.agent_id is None


@dataclass(frozen=True, slots=True)
class BookedLine:
    """Where a part of an applied payment went: what is left of it after earlier returns.

    `sale_id`: the written-off sale of a `recovery`.

    `is_owed_again`: taking the part back can reopen the instalment, charge or clawback; not when
    its sale has ended or another plan runs on the device.
    """

    number: int
    kind: LineKind
    amount_minor: int
    instalment_id: int | None
    access_charge_id: int | None
    clawback_id: int | None
    sale_id: int | None
    device_id: int | None
    is_owed_again: bool


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """What a provider said: this receipt moved this money to that account.

    `provider_account` is the receiving account (`daraja:600123`), unique together with `receipt`,
    which is normalised; `account` is what the payer typed; `payer_kind` says what `payer` holds (a
    masked or hashed number cannot be texted). `quoted_at`: when the payer was told what the money
    does, where that was before it was paid. `prompt`: the one that was approved, where known.
    `evidence`: how it was announced; `proof`: what it brought back, which counts for one payment.
    """

    provider_account: str
    receipt: str
    source: str
    amount_minor: int
    currency: str
    account: str
    payer_kind: PayerKind
    payer: str | None
    paid_at: datetime
    quoted_at: datetime | None = None
    prompt: Prompt | None = None
    evidence: Evidence = "proved"
    proof: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "receipt", normalise_receipt(self.receipt))

    @classmethod
    def of_prompt(
        cls,
        prompt: Prompt,
        *,
        provider_account: str,
        receipt: str,
        source: str,
        amount_minor: int,
        paid_at: datetime | None = None,
        evidence: Evidence = "proved",
    ) -> PaymentNotice:
        """The notice of a payment that was made by approving `prompt`. `paid_at` None: the provider
        does not say when; it is taken to be when the prompt was sent."""
        return cls(
            provider_account=provider_account,
            receipt=receipt,
            source=source,
            amount_minor=amount_minor,
            currency=prompt.currency,
            account=prompt.account_reference,
            payer_kind="msisdn",
            payer=prompt.msisdn,
            paid_at=paid_at or prompt.sent_at or prompt.created_at,
            quoted_at=prompt.created_at,
            prompt=prompt,
            evidence=evidence,
        )


@dataclass(frozen=True, slots=True)
class ProviderWord:
    """A payment whose provider is asked. `attempts`: how often it was asked."""

    payment_id: int
    receipt: str
    provider_account: str
    amount_minor: int
    reason: DoubtReason
    state: WordState
    attempts: int
    asked_for_at: datetime
