"""Mobile-money channels: what each can do, and which one reaches a payer's wallet.

The channels themselves are handed in by the adapters (gateway/payments), which know their
providers. A channel that is not set up is never chosen, and no payer is sent to another network's
channel: money of one network does not leave another's wallet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from core.errors import Refused
from core.market import Market
from core.network import Network, network_of

ChannelName = Literal["daraja", "mtn", "airtel", "pawapay"]
# Why a payment was not made, in words that a payer can use.
Reason = Literal["cancelled", "no_money", "wrong_pin", "no_answer", "over_limit"]


@dataclass(frozen=True, slots=True)
class Channel:
    """What the business has to know of a mobile-money provider.

    * `lookups`: when to look up an outcome that no callback brought, counted from the sending of
      the prompt. The last step is repeated.
    * `wallets`: the networks whose wallets it reaches, with the provider's own word for the
      network, or None where it needs none.
    * `is_aggregator`: it reaches the networks of others, and is used where their own channel is
      not set up.
    * `new_reference`: makes the reference of a request where the provider leaves that to us. It is
      stored before the call.
    * `reference_max`: how many characters of an account reference the provider shows and returns.
    * `most_minor`: the most it moves at once, by currency, where it publishes that.
    * `reasons`: what its codes mean to a payer, for the codes that mean something.
    * `can_refund`: it sends a payment back when it is asked by its API; `refunds_parts`: a part of
      one as well.
    """

    name: ChannelName
    lookups: tuple[timedelta, ...]
    wallets: Mapping[Network, str | None]
    is_aggregator: bool = False
    new_reference: Callable[[], str] | None = None
    reference_max: int = 12
    most_minor: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, Reason] = field(default_factory=dict)
    can_refund: bool = False
    refunds_parts: bool = False


def after(*seconds: int) -> tuple[timedelta, ...]:
    """Steps of a look-up schedule."""
    return tuple(timedelta(seconds=step) for step in seconds)


@dataclass(frozen=True, slots=True)
class Channels:
    """Every channel by name, those of stored prompts included, and the names of those set up.

    `ask_from_minor`: by channel, from which sum on a payment that was announced without any proof
    waits for the provider's own word. A channel without one waits for no sum.
    """

    by_name: Mapping[str, Channel] = field(default_factory=dict)
    set_up: Collection[str] = ()
    ask_from_minor: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Channel:
        """The channel of that name, set up or not."""
        return self.by_name[name]

    def refunding_accounts(self) -> list[str]:
        """SQL LIKE patterns of the provider accounts whose channel can send money back."""
        return [f"{channel.name}:%" for channel in self.by_name.values() if channel.can_refund]

    def refunds_parts(self, provider_account: str) -> bool:
        """Whether the channel of a provider account can send a part of a payment back."""
        channel = self.by_name.get(provider_account.partition(":")[0])
        return channel is not None and channel.refunds_parts

    def most_minor(self, currency: str) -> int | None:
        """The largest amount that any channel publishes for a currency; None where none does."""
        published = (channel.most_minor.get(currency) for channel in self.by_name.values())
        return max(filter(None, published), default=None)


@dataclass(frozen=True, slots=True)
class ChosenChannel:
    """The channel of a payer, and the provider's word for the payer's network (or None)."""

    channel: Channel
    network: str | None


def choose_channel(
    market: Market, channels: Channels, msisdn: str, network_code: str = ""
) -> ChosenChannel:
    """The channel that reaches this payer's wallet: the network's own where that is set up, else
    the aggregator. Raises Refused("no_channel").

    `network_code` is what the USSD session came with, where there was one (core/network.py).
    """
    wallet = network_of(msisdn, network_code)
    reaching = [
        channel
        for name, channel in channels.by_name.items()
        if name in channels.set_up and wallet in channel.wallets
    ]
    if wallet[0] != market.country or not reaching:
        raise Refused("no_channel")
    chosen = min(reaching, key=lambda channel: channel.is_aggregator)
    return ChosenChannel(chosen, chosen.wallets[wallet])
