"""SMS about payments: receipts with their tokens, and what went wrong."""

from typing import Annotated, get_args

from core.channel import Reason
from core.wording.message import sms_message
from core.wording.messages.allocation import Allocations, TokenContent
from core.wording.slots import ChoiceSlot, FreeText, Money, Name, Reference, Serial, TokenText

Why = Annotated[str, ChoiceSlot("why", *get_args(Reason))]


@sms_message(max_segments=2)
def receipt_token(
    token: TokenText,
    serial: Serial,
    amount: Money,
    allocations: Allocations,
    due: Money,
    receipt: Reference,
) -> None:
    """What a payment bought, with the token to type. One SMS unless the amounts are very large."""


@sms_message(max_segments=2)
def receipt(
    serial: Serial, amount: Money, allocations: Allocations, due: Money, receipt: Reference
) -> None:
    """What a payment did when it gave no token."""


@sms_message(max_segments=1)
def token(token: TokenText, serial: Serial, content: TokenContent) -> None:
    """A further token of the same payment: for another device, or the next part."""


@sms_message(max_segments=2)
def no_token(serial: Serial, operator: Name) -> None:
    """To the owner and the payer when no token can be made; the receipt shows the money that became
    credit."""


@sms_message(max_segments=1)
def paid_for(serial: Serial, owner: Name, amount: Money, receipt: Reference) -> None:
    """To a payer who is not the owner: the owner has the receipt."""


@sms_message(max_segments=2)
def suspense(amount: Money, account: FreeText, receipt: Reference, operator: Name) -> None:
    """To a payer whose money is in suspense: for no device that we know, for one in stock, or for
    one that has changed hands since."""


@sms_message(max_segments=2)
def held(amount: Money, serial: Serial, receipt: Reference, operator: Name) -> None:
    """To a payer whose money a person must look at, because what the owner of the device owes was
    changed after it was paid."""


@sms_message(max_segments=2)
def code_follows(amount: Money, serial: Serial, receipt: Reference, operator: Name) -> None:
    """To a payer whose payment nothing proves yet: the code comes once its provider has said so."""


@sms_message(max_segments=2)
def reference_expired(amount: Money, account: FreeText, receipt: Reference, operator: Name) -> None:
    """To a payer who typed the reference of an earlier payment request, which no longer counts."""


@sms_message(max_segments=1)
def not_paid(amount: Money, serial: Serial) -> None:
    """To a caller who asked to pay from the menu when the payment did not happen."""


@sms_message(max_segments=1)
def not_paid_because(amount: Money, serial: Serial, why: Why) -> None:
    """To a caller who asked to pay from the menu when the payment did not happen, and the provider
    gave a reason."""
