"""MTN MoMo Collections: ask a payer to approve a request to pay, look it up, and its callbacks.

We give the request its reference (X-Reference-Id), and store it before the call, so that a lost
answer can be looked up. Callbacks are not signed: they only say which request to look up. Source:
MTN's MoMo Open API documentation, product Collections.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from core.channel import Channel, Reason, after
from core.environment import Environment, read_setting
from core.errors import BadCallback, Temporary
from core.money import major, parse_minor
from core.prompt import Prompt
from gateway.endpoints import Endpoint, read_address
from gateway.parsing import read_json, text_field
from gateway.payments.channel import (
    Balance,
    Ended,
    Outcome,
    Paid,
    Pending,
    parse_balance,
    parse_receipt,
)
from gateway.payments.provider_api import ProviderApi, Reply, TokenCall, refusal

_PROVIDER = "mtn"
_REQUESTS = "/collection/v1_0/requesttopay"
# MTN wants a new token ten minutes before the old one ends, and not one for each request.
_REFRESH_EARLY_S = 600.0
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MESSAGE_MAX = 160
_NEVER_TAKEN = "RESOURCE_NOT_FOUND"
# MTN allows ten look-ups a second. A few less, since calls do not travel equally fast.
LOOK_UP_EVERY_S = 0.12

# Reasons of a failed request to pay.
_REASONS: dict[str, Reason] = {
    "APPROVAL_REJECTED": "cancelled",
    "REJECTED": "cancelled",
    "NOT_ENOUGH_FUNDS": "no_money",
    "PAYER_LIMIT_REACHED": "over_limit",
    "EXPIRED": "no_answer",
    "COULD_NOT_PERFORM_TRANSACTION": "no_answer",
}
_COUNTRIES = ("BJ", "CG", "CI", "GH", "NG", "RW", "SS", "UG", "ZA", "ZM")
CHANNEL = Channel(
    "mtn",
    lookups=after(300, 600, 1200, 3600),  # MTN asks for no look-up before five minutes
    wallets={
        **{(country, "MTN"): None for country in _COUNTRIES},
        ("CM", "MTN Cameroon"): None,
        ("SZ", "Swazi MTN"): None,
    },
    new_reference=lambda: str(uuid4()),  # X-Reference-Id: a version 4 UUID
    reasons=_REASONS,
)


@dataclass(frozen=True, slots=True)
class MtnSettings:
    """The MTN MoMo Collections account of one country (`target_environment`). Workers only."""

    base_url: str
    target_environment: str
    subscription_key: str = field(repr=False)
    api_user: str
    api_key: str = field(repr=False)
    callback_url: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Environment) -> MtnSettings:
        return cls(
            base_url=read_setting(environment, "MTN_BASE_URL").rstrip("/"),
            target_environment=read_setting(environment, "MTN_TARGET_ENVIRONMENT"),
            subscription_key=read_setting(environment, "MTN_SUBSCRIPTION_KEY"),
            api_user=read_setting(environment, "MTN_API_USER"),
            api_key=read_setting(environment, "MTN_API_KEY"),
            callback_url=read_address(environment, Endpoint("payments", "mtn")),
        )


class MtnChannel:
    """A Collections account in one country. May be shared by threads. `wait_turn` returns when a
    look-up may be made (rate_limit.py); it raises Temporary."""

    def __init__(self, settings: MtnSettings, wait_turn: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._wait_turn = wait_turn
        self._headers = {
            "Ocp-Apim-Subscription-Key": settings.subscription_key,
            "X-Target-Environment": settings.target_environment,
        }
        token_call = TokenCall(
            "POST",
            "/collection/token/",
            _REFRESH_EARLY_S,
            {"auth": (settings.api_user, settings.api_key), "headers": self._headers},
        )
        self.api = ProviderApi(_PROVIDER, settings.base_url, token_call)

    def account_of(self, prompt: Prompt) -> str:
        return f"mtn:{self._settings.target_environment}"

    def close(self) -> None:
        self.api.close()

    def push(self, prompt: Prompt) -> str:
        """Request to pay, under the prompt's reference; returns that reference.

        409 means that MTN took this request before, by a call whose answer was lost.
        """
        reference = str(prompt.checkout_reference)
        headers = self._headers | {
            "X-Reference-Id": reference,
            "X-Callback-Url": self._settings.callback_url,
        }
        reply = self.api.execute("POST", _REQUESTS, headers=headers, json=_request(prompt))
        if reply.status in (202, 409):
            return reference
        raise refusal(_PROVIDER, reply.status, reply.error_code)

    def look_up(self, prompt: Prompt) -> Outcome:
        """The request's status; of a payment the receipt is MTN's financialTransactionId."""
        self._wait_turn()
        path = f"{_REQUESTS}/{prompt.checkout_reference}"
        reply = self.api.query("GET", path, headers=self._headers)
        if reply.status == 404 and reply.error_code == _NEVER_TAKEN:
            return Ended(_NEVER_TAKEN)
        if reply.status != 200:
            raise Temporary(_PROVIDER, reply.error_code or f"http_{reply.status}")
        if reply.body.get("status") == "SUCCESSFUL":
            return _paid(reply, prompt)
        if reply.body.get("status") == "FAILED":
            return Ended(_reason(reply))
        return Pending()

    def read_balance(self, currency: str) -> Balance:
        """The balance of the Collections account now."""
        reply = self.api.query("GET", "/collection/v1_0/account/balance", headers=self._headers)
        if reply.status != 200:
            raise Temporary(_PROVIDER, reply.error_code or f"http_{reply.status}")
        account = f"mtn:{self._settings.target_environment}"
        stated = reply.body
        return parse_balance(
            account, stated.get("availableBalance"), stated.get("currency"), currency
        )


def _request(prompt: Prompt) -> dict[str, object]:
    return {
        "amount": major(prompt.amount_minor, prompt.currency),
        "currency": prompt.currency,
        # What a callback names: its body does not repeat X-Reference-Id.
        "externalId": prompt.checkout_reference,
        "payer": {"partyIdType": "MSISDN", "partyId": prompt.msisdn.removeprefix("+")},
        "payerMessage": f"Energy {prompt.account_reference}"[:_MESSAGE_MAX],
        "payeeNote": prompt.account_reference[:_MESSAGE_MAX],
    }


def _paid(reply: Reply, prompt: Prompt) -> Paid:
    """The payment of a request that succeeded. Raises Temporary when receipt or amount is missing:
    it is looked up again, never guessed."""
    receipt = reply.body.get("financialTransactionId")
    if not receipt or reply.body.get("currency") != prompt.currency:
        raise Temporary(_PROVIDER, "unreadable")
    try:
        amount_minor = parse_minor(str(reply.body.get("amount")), prompt.currency)
    except ValueError:
        raise Temporary(_PROVIDER, "unreadable") from None
    return Paid(parse_receipt(_PROVIDER, receipt), amount_minor)


def _reason(reply: Reply) -> str:
    """Why the request failed: MTN sends a word, or an object that holds it."""
    reason = reply.body.get("reason")
    code = reason.get("code") if isinstance(reason, dict) else reason
    return str(code or "FAILED")


def read_callback(body: bytes) -> str:
    """The reference of the request a callback is about. Raises BadCallback."""
    document = read_json(body)
    if "status" not in document:
        raise BadCallback("status is missing")
    return text_field(document, "externalId", _UUID)
