"""The client of pawaPay, an aggregator: one account for the mobile money of many networks.

We give a deposit its id (a version 4 UUID), and store it before the call; pawaPay ignores the same
id when it comes again. A deposit has one shape in look-ups and callbacks (callbacks.py). Only
networks whose payers approve on a prompt are served. Source: pawaPay's Merchant API, version 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadCallback, OutcomeUnknown, Permanent, ProviderFailure, Temporary
from core.money import major, parse_minor
from core.prompt import Prompt
from gateway.parsing import text_field
from gateway.payments.channel import Ended, Outcome, Paid, Pending
from gateway.payments.pawapay.settings import PawaPaySettings
from gateway.payments.provider_api import ProviderApi, Reply, refusal

PROVIDER = "pawapay"
_DEPOSITS = "/v2/deposits"
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WORD = r"[A-Z_]{1,60}"
_MESSAGE_MAX = 22
_REFERENCE_MAX = 36
# Refusals that are about us or the moment, and not about this payment.
_NOT_NOW = {
    "NO_AUTHENTICATION",
    "AUTHENTICATION_ERROR",
    "AUTHORISATION_ERROR",
    "HTTP_SIGNATURE_ERROR",
    "PROVIDER_TEMPORARILY_UNAVAILABLE",
}


class PawaPayChannel:
    """A pawaPay account. May be shared by threads."""

    def __init__(self, settings: PawaPaySettings) -> None:
        self.api = ProviderApi(PROVIDER, settings.base_url, settings.api_token)

    def account_of(self, prompt: Prompt) -> str:
        return account(prompt)

    def close(self) -> None:
        self.api.close()

    def push(self, prompt: Prompt) -> str:
        """Ask for a deposit under the prompt's reference; returns that reference."""
        reply = self.api.execute("POST", _DEPOSITS, json=_request(prompt))
        if reply.status == 200 and reply.body.get("status") in ("ACCEPTED", "DUPLICATE_IGNORED"):
            return str(prompt.checkout_reference)
        raise failure(reply)

    def look_up(self, prompt: Prompt) -> Outcome:
        """The deposit's status; of a payment the receipt is the network's own id."""
        reply = self.api.query("GET", f"{_DEPOSITS}/{prompt.checkout_reference}")
        found = reply.body.get("status") if reply.status == 200 else None
        if found == "NOT_FOUND":
            return Ended(found)
        if found != "FOUND":
            raise Temporary(PROVIDER, code_of(reply.body) or f"http_{reply.status}")
        try:
            return outcome_of(read_deposit(reply.body.get("data")), prompt)
        except BadCallback:
            raise Temporary(PROVIDER, "unreadable") from None


def account(prompt: Prompt) -> str:
    """The provider account of a prompt's payment: one for each network (`pawapay:MPESA_KEN`), since
    two networks may give out the same receipt."""
    return f"{PROVIDER}:{prompt.network}"


def _request(prompt: Prompt) -> dict[str, object]:
    details = {"phoneNumber": prompt.msisdn.removeprefix("+"), "provider": prompt.network}
    # At least four characters: letters, digits and spaces.
    message = re.sub(r"[^A-Za-z0-9 ]", "", f"Energy {prompt.account_reference}")
    return {
        "depositId": prompt.checkout_reference,
        "payer": {"type": "MMO", "accountDetails": details},
        "amount": _amount(prompt),
        "currency": prompt.currency,
        "clientReferenceId": prompt.account_reference[:_REFERENCE_MAX],
        "customerMessage": message[:_MESSAGE_MAX].strip(),
    }


def _amount(prompt: Prompt) -> str:
    """The amount without `.00`: many networks refuse decimals, even zeros."""
    return re.sub(r"\.00$", "", major(prompt.amount_minor, prompt.currency))


def code_of(document: Mapping[str, Any]) -> str:
    """The code of a refusal or failure; "" where there is none."""
    reason = document.get("failureReason")
    return str(reason.get("failureCode") or "") if isinstance(reason, dict) else ""


def failure(reply: Reply) -> ProviderFailure:
    """What a reply that is no acceptance means for the call."""
    code = code_of(reply.body)
    if code in _NOT_NOW:
        return Temporary(PROVIDER, code)
    if reply.status != 200:
        return refusal(PROVIDER, reply.status, code)
    if code and reply.body.get("status") == "REJECTED":
        return Permanent(PROVIDER, code)
    return OutcomeUnknown(PROVIDER, "unreadable")


@dataclass(frozen=True, slots=True)
class Deposit:
    """The state of a deposit. `amount` is in major units, as pawaPay writes it; `receipt` is the
    network's id of the payment, "" where pawaPay leaves it out."""

    reference: str
    status: str
    amount: str
    currency: str
    receipt: str
    code: str


def read_deposit(document: object) -> Deposit:
    """Read a deposit from a callback or a look-up. Raises BadCallback."""
    if not isinstance(document, dict):
        raise BadCallback("there is no deposit")
    return Deposit(
        text_field(document, "depositId", _UUID),
        text_field(document, "status", _WORD),
        text_field(document, "amount", r"[0-9.]{1,23}"),
        text_field(document, "currency", r"[A-Z]{3}"),
        text_field(document, "providerTransactionId", r"[ -~]{1,100}", default=""),
        code_of(document),
    )


def outcome_of(deposit: Deposit, prompt: Prompt) -> Outcome:
    """How the prompt ended. Raises BadCallback for another deposit, or an amount that is none."""
    if deposit.status == "FAILED":
        return Ended(deposit.code or "FAILED")
    if deposit.status != "COMPLETED":
        return Pending()
    if deposit.reference != prompt.checkout_reference or deposit.currency != prompt.currency:
        raise BadCallback("this is another deposit")
    try:
        amount_minor = parse_minor(deposit.amount, deposit.currency)
    except ValueError:
        raise BadCallback("amount is not understood") from None
    # Our own id is unique, so it can stand for the receipt.
    return Paid(deposit.receipt or deposit.reference, amount_minor)
