"""The client of Safaricom's Daraja: show a payment prompt on a phone, and look up how it ended.

Workers only. A failure says whether the prompt can have been shown: Temporary and Permanent mean
certainly not; OutcomeUnknown means perhaps, and no second prompt follows.
"""

from __future__ import annotations

import base64

from core.clock import Clock, system_clock
from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Temporary
from core.prompt import Prompt
from gateway.payments.channel import Approved, Ended, Outcome, Pending
from gateway.payments.mpesa.channel import REFERENCE_MAX
from gateway.payments.mpesa.parse import EAT, provider_account
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.provider_api import ProviderApi, TokenCall, refusal
from gateway.payments.provider_api import Reply as Reply

_PROVIDER = "daraja"
_REFRESH_EARLY_S = 100.0
_DESCRIPTION = "Energy"  # at most 13 characters
_UNKNOWN_TOKEN = "404.001.03"  # noqa: S105  # an error code
# A look-up also answers this while the payer has not decided.
_BUSY = "500.001.1001"
_STILL_OPEN = "4999"
# Error codes that mean for certain that nothing was done. Other 4xx mean that too.
_TEMPORARY = {_UNKNOWN_TOKEN, _BUSY, "500.003.02", "500.003.03"}


class DarajaClient:
    """A Daraja account. May be shared by threads. account.py has its further operations."""

    def __init__(self, settings: DarajaSettings, clock: Clock = system_clock) -> None:
        self.settings = settings
        self._clock = clock
        token_call = TokenCall(
            "GET",
            "/oauth/v1/generate",
            _REFRESH_EARLY_S,
            {
                "params": {"grant_type": "client_credentials"},
                "auth": (settings.consumer_key, settings.consumer_secret),
            },
        )
        self.api = ProviderApi(
            _PROVIDER,
            settings.base_url,
            token_call,
            lambda reply: reply.error_code == _UNKNOWN_TOKEN,
        )

    @property
    def provider_account(self) -> str:
        """The provider account of all payments to the paybill: `daraja:600123`."""
        return provider_account(self.settings.shortcode)

    def account_of(self, prompt: Prompt) -> str:
        return self.provider_account

    def close(self) -> None:
        self.api.close()

    def push(self, prompt: Prompt) -> str:
        """Show the prompt on the payer's phone; returns Daraja's CheckoutRequestID."""
        body = self._push_body(prompt)
        reply = self.ask("/mpesa/stkpush/v1/processrequest", body)
        if reply.status == 200 and str(reply.body.get("ResponseCode")) == "0":
            if reference := reply.body.get("CheckoutRequestID"):
                return str(reference)
            raise OutcomeUnknown(_PROVIDER, "no_reference")
        raise failure(reply)

    def look_up(self, prompt: Prompt) -> Outcome:
        """How a prompt ended, by its CheckoutRequestID. The reply has no receipt."""
        body = self._signed() | {"CheckoutRequestID": prompt.checkout_reference}
        reply = self.api.query("POST", "/mpesa/stkpushquery/v1/query", json=body)
        code = str(reply.body.get("ResultCode", ""))
        if reply.error_code == _BUSY or code == _STILL_OPEN:
            return Pending()
        if reply.status != 200 or not code:
            raise Temporary(_PROVIDER, reply.error_code or f"http_{reply.status}")
        return Approved() if code == "0" else Ended(code)

    def _push_body(self, prompt: Prompt) -> dict[str, object]:
        shillings, cents = divmod(prompt.amount_minor, 100)
        if cents or len(prompt.account_reference) > REFERENCE_MAX:
            raise Permanent(_PROVIDER, "cannot_ask", "whole shillings, 12 characters at most")
        payer = prompt.msisdn.removeprefix("+")
        proof = self.settings.proofs.of("stk", prompt.id)
        return self._signed() | {
            "TransactionType": "CustomerPayBillOnline",
            "Amount": shillings,
            "PartyA": payer,
            "PartyB": self.settings.shortcode,
            "PhoneNumber": payer,
            "CallBackURL": f"{self.settings.callback_url}/{prompt.id}/{proof}",
            "AccountReference": prompt.account_reference,
            "TransactionDesc": _DESCRIPTION,
        }

    def _signed(self) -> dict[str, object]:
        """The fields that identify us: Password is base64(short code, passkey, timestamp)."""
        given = self.settings
        stamp = self._clock().astimezone(EAT).strftime("%Y%m%d%H%M%S")
        password = base64.b64encode(f"{given.shortcode}{given.passkey}{stamp}".encode())
        return {
            "BusinessShortCode": given.shortcode,
            "Password": password.decode(),
            "Timestamp": stamp,
        }

    def ask(self, path: str, body: dict[str, object]) -> Reply:
        """Make a call that has an effect. Raises Temporary (certainly not sent), OutcomeUnknown."""
        return self.api.execute("POST", path, json=body)


def failure(reply: Reply) -> ProviderFailure:
    """What a reply that is no acceptance means for the call."""
    if reply.error_code in _TEMPORARY:
        return Temporary(_PROVIDER, reply.error_code)
    if reply.status != 200:
        return refusal(_PROVIDER, reply.status, reply.error_code)
    refused = reply.body.get("ResponseCode")
    if refused is None:
        return OutcomeUnknown(_PROVIDER, "unreadable")
    return Permanent(_PROVIDER, str(refused))
