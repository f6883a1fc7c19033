"""pawaPay, an aggregator: one account for the mobile money of many countries and networks.

A deposit's id is ours (a version 4 UUID) and stored before the call; the same id again is ignored.
What it says of a deposit has one shape, whether asked or by callback (callbacks.py). Only
networks whose payers approve on a prompt are served. Shapes: pawaPay's Merchant API, version 2, as
its documentation publishes it.
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
# Refusals that are about us or the moment, not about this payment.
_NOT_NOW = {
    "NO_AUTHENTICATION",
    "AUTHENTICATION_ERROR",
    "AUTHORISATION_ERROR",
    "HTTP_SIGNATURE_ERROR",
    "PROVIDER_TEMPORARILY_UNAVAILABLE",
}


class PawaPayChannel:
    """An account. May be shared by threads."""

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
        """The deposit's status; when it was paid, with the network's own id as receipt."""
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
    """The receiving account, as the books call it: one for each network, whose receipts are its own
    and might be those of another network too."""
    return f"{PROVIDER}:{prompt.network}"


def _request(prompt: Prompt) -> dict[str, object]:
    details = {"phoneNumber": prompt.msisdn.removeprefix("+"), "provider": prompt.network}
    # Four characters at least, letters, digits and spaces.
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
    """Without decimals where there are none: many networks refuse them, .00 included."""
    return re.sub(r"\.00$", "", major(prompt.amount_minor, prompt.currency))


def code_of(document: Mapping[str, Any]) -> str:
    """Why it was refused or failed; "" where nothing was."""
    reason = document.get("failureReason")
    return str(reason.get("failureCode") or "") if isinstance(reason, dict) else ""


def failure(reply: Reply) -> ProviderFailure:
    """What an answer that is no acceptance means for what was asked."""
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
    """How a deposit stands. `amount` in major units, as it was written; `receipt` is the network's
    id of the movement, "" where pawaPay does not tell it."""

    reference: str
    status: str
    amount: str
    currency: str
    receipt: str
    code: str


def read_deposit(document: object) -> Deposit:
    """A deposit as a callback and a look-up show it. Raises BadCallback."""
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
    """How the prompt ended. Raises BadCallback for a success that does not say what moved."""
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
    # The id is ours and nobody else's, so it names the movement just as well.
    return Paid(deposit.receipt or deposit.reference, amount_minor)
