"""Which of the channels handed in reaches a payer, and what they can do together."""

import pytest

from core.channel import Channel, Channels, after, choose_channel
from core.errors import Refused
from core.market import Market

KENYA = Market("KE", "KES", 100, "Africa/Nairobi", ("en",), "*384*96#", "Jua", 250_000_00)
SAFARICOM = ("KE", "Safaricom")
PAYER = "+254711000001"
OWN = Channel("daraja", after(20, 40), {SAFARICOM: None}, can_refund=True, most_minor={"KES": 100})
AGGREGATOR = Channel(
    "pawapay", after(60), {SAFARICOM: "MPESA_KEN"}, is_aggregator=True, most_minor={"KES": 300}
)


def channels(*set_up: str) -> Channels:
    return Channels({"pawapay": AGGREGATOR, "daraja": OWN}, set_up)


@pytest.mark.parametrize(
    ("set_up", "name", "network"),
    [
        (("daraja",), "daraja", None),
        (("pawapay",), "pawapay", "MPESA_KEN"),
        (("pawapay", "daraja"), "daraja", None),
    ],
)
def test_the_networks_own_channel_is_chosen_before_an_aggregator(
    set_up: tuple[str, ...], name: str, network: str | None
) -> None:
    chosen = choose_channel(KENYA, channels(*set_up), PAYER)
    assert (chosen.channel.name, chosen.network) == (name, network)


def test_a_channel_that_is_not_set_up_is_known_but_never_chosen() -> None:
    with pytest.raises(Refused, match="no_channel"):
        choose_channel(KENYA, channels(), PAYER)
    assert channels()["daraja"] is OWN


def test_the_channels_together_say_who_refunds_and_what_is_moved_at_most() -> None:
    assert channels().refunding_accounts() == ["daraja:%"]
    assert (channels().most_minor("KES"), channels().most_minor("UGX")) == (300, None)
