"""The table of all mobile-money channels, as the use cases are handed it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from core.channel import Channel, Channels
from gateway.payments import airtel, mtn
from gateway.payments.mpesa.channel import CHANNEL as MPESA
from gateway.payments.pawapay.channel import CHANNEL as PAWAPAY

_ALL: dict[str, Channel] = {
    channel.name: channel for channel in (MPESA, mtn.CHANNEL, airtel.CHANNEL, PAWAPAY)
}


def channel_table(
    set_up: Collection[str] = (), ask_from_minor: Mapping[str, int] = MappingProxyType({})
) -> Channels:
    """Every channel, the names of those that are set up here, and from which sums on their word is
    waited for."""
    return Channels(_ALL, set_up, ask_from_minor)
