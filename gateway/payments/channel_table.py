"""The table of all mobile-money channels, as the use cases are handed it."""

from __future__ import annotations

from collections.abc import Collection

from core.channel import Channel, Channels
from gateway.payments import airtel, mtn
from gateway.payments.mpesa.channel import CHANNEL as MPESA
from gateway.payments.pawapay.channel import CHANNEL as PAWAPAY

_ALL: dict[str, Channel] = {
    channel.name: channel for channel in (MPESA, mtn.CHANNEL, airtel.CHANNEL, PAWAPAY)
}


def channel_table(set_up: Collection[str] = ()) -> Channels:
    """Every channel, and the names of those that are set up here."""
    return Channels(_ALL, set_up)
