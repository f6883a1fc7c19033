"""Make the tokens that a payment bought, with counters that only grow.

This runs in the transaction that applies the payment, with the device rows locked: a counter is
reserved and its token stored together or not at all. Token families are pure functions.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from core.device import Device
from core.errors import DialwattError
from core.payment import SERVED, ReceivedPayment
from core.tokens.errors import TokenImpossible
from core.tokens.family import (
    NO_TOKENS,
    Action,
    DeviceSecret,
    IssuedToken,
    issue,
)
from core.unit import Unit
from core.usecases.payments.possible_codes import wanted_tokens, why_no_code
from core.usecases.tokens.device_keys import OpenSecret
from core.vend import VENDORS
from core.waterfall import Outcome


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """A token made for a device; `part` numbers the tokens of one payment for one device."""

    device: Device
    part: int
    token: IssuedToken


@dataclass(frozen=True, slots=True)
class WantedVend:
    """What a device's vendor is asked for after the commit: `units` for `amount_minor`."""

    device: Device
    kind: Action
    units: int
    amount_minor: int


class TokenUnavailable(DialwattError):
    """No token can be made for that device, however often it is tried; `reason` holds no secret."""

    def __init__(self, device_id: int, reason: str) -> None:
        super().__init__(device_id, reason)
        self.device_id = device_id
        self.reason = reason


class TokenIssuer:
    """Issues the tokens of one batch, remembering the counters used so far."""

    def __init__(self, unit: Unit, devices: dict[int, Device], open_secret: OpenSecret) -> None:
        self._unit = unit
        self._devices = devices
        self._open_secret = open_secret
        self._secrets: dict[int, DeviceSecret] = {}
        self._counters: dict[int, int] = {}

    def tokens_for(self, payment: ReceivedPayment, outcome: Outcome) -> list[DeviceToken]:
        """Return the tokens this payment bought, the paid device's first.

        Raises TokenUnavailable, and TokenError where another try may succeed.
        """
        return [
            token
            for device_id, kind, units in wanted_tokens(payment.device_id, outcome)
            for token in self._tokens(self._devices[device_id], kind, units)
        ]

    def vends_for(self, payment: ReceivedPayment, outcome: Outcome) -> list[WantedVend]:
        """Return what this payment bought for devices whose vendors make the codes.

        Raises TokenUnavailable where our account with the vendor cannot do it.
        """
        return [
            self._vend(self._devices[device_id], kind, units, outcome)
            for device_id, kind, units in wanted_tokens(payment.device_id, outcome)
            if self._devices[device_id].token_family in VENDORS
        ]

    def _vend(self, device: Device, kind: Action, units: int, outcome: Outcome) -> WantedVend:
        if reason := why_no_code(device, kind, self._unit.now):
            raise TokenUnavailable(device.id, reason)
        paid = sum(
            line.amount_minor
            for line in outcome.lines
            if line.device_id == device.id and line.kind in SERVED
        )
        return WantedVend(device, kind, units, paid)

    def _tokens(self, device: Device, kind: Action, units: int) -> list[DeviceToken]:
        if device.token_family in (NO_TOKENS, *VENDORS):
            return []
        try:
            return self._issue(device, kind, units)
        except TokenImpossible as never:
            raise TokenUnavailable(device.id, str(never)) from None

    def _issue(self, device: Device, kind: Action, units: int) -> list[DeviceToken]:
        secret = self._secret(device)
        last = self._counters.get(device.id, device.token_counter)
        issued = issue(secret, last, kind, units, self._unit.now, secrets.randbelow(16))
        self._counters[device.id] = issued[-1].counter
        return [DeviceToken(device, part, token) for part, token in enumerate(issued)]

    def sealed_links(self) -> list[dict[str, object]]:
        """Return the new links of the devices whose tokens were made, encrypted, by `device_id`."""
        sealed = {device: secret.sealed_links() for device, secret in self._secrets.items()}
        return [
            {"device_id": device, "sealed_chain": links}
            for device, links in sealed.items()
            if links is not None
        ]

    def _secret(self, device: Device) -> DeviceSecret:
        if device.id not in self._secrets:
            self._secrets[device.id] = self._open_secret(device)
        return self._secrets[device.id]
