"""Which channel a payer's network has, and what each channel may be asked."""

import dataclasses
from typing import get_args

import pytest
from phonenumbers import country_code_for_region
from phonenumbers.carrierdata import CARRIER_DATA

from core.channel import ChannelName, choose_channel
from core.errors import Refused
from core.market import Market
from core.network import NETWORK_OF_CODE
from gateway.payments.channel_table import channel_table

ALL = ("daraja", "mtn", "airtel", "pawapay")
TABLE = channel_table(ALL)
KENYA = Market("KE", "KES", 100, "Africa/Nairobi", ("en",), "*384*96#", "Jua", 250_000_00)
UGANDA = dataclasses.replace(KENYA, country="UG", currency="UGX")


@pytest.mark.parametrize(
    ("market", "msisdn", "network_code", "channel"),
    [
        (KENYA, "+254711000001", "", "daraja"),
        (KENYA, "+254110000001", "", "daraja"),
        (KENYA, "+254733000001", "", "airtel"),
        (UGANDA, "+256772000001", "", "mtn"),
        (UGANDA, "+256752000001", "", "airtel"),
        # a number carried to another network: the session knows better
        (KENYA, "+254711000001", "63903", "airtel"),
        (KENYA, "+254733000001", "63902", "daraja"),
        # the aggregator's sandbox, or an unknown network
        (KENYA, "+254711000001", "99999", "daraja"),
    ],
)
def test_the_payers_network_decides(
    market: Market, msisdn: str, network_code: str, channel: str
) -> None:
    assert choose_channel(market, TABLE, msisdn, network_code).channel.name == channel


@pytest.mark.parametrize(
    ("market", "on", "msisdn", "network_code", "network"),
    [
        (UGANDA, ("pawapay",), "+256772000001", "", "MTN_MOMO_UGA"),
        (UGANDA, ("mtn", "pawapay"), "+256752000001", "", "AIRTEL_OAPI_UGA"),
        (UGANDA, ("pawapay",), "+256772000001", "64101", "AIRTEL_OAPI_UGA"),  # carried over
        (KENYA, ("airtel", "pawapay"), "+254711000001", "", "MPESA_KEN"),
    ],
)
def test_an_aggregator_takes_the_networks_that_have_no_channel_of_their_own(
    market: Market, on: tuple[str, ...], msisdn: str, network_code: str, network: str
) -> None:
    chosen = choose_channel(market, channel_table(on), msisdn, network_code)
    assert (chosen.channel.name, chosen.network) == ("pawapay", network)


def test_a_networks_own_channel_goes_before_the_aggregator() -> None:
    chosen = choose_channel(UGANDA, channel_table(("mtn", "pawapay")), "+256772000001")
    assert (chosen.channel.name, chosen.network) == ("mtn", None)


def test_the_aggregators_networks_are_called_as_phone_numbers_call_them() -> None:
    """A name that no number leads to would serve no customer."""
    wallets = TABLE["pawapay"].wallets
    for country, network in wallets:
        code = str(country_code_for_region(country))
        numbers = [start for start in CARRIER_DATA if start.startswith(code)]
        assert network in {CARRIER_DATA[start].get("en") for start in numbers}, country
    assert len(set(wallets.values())) == len(wallets)


@pytest.mark.parametrize(
    ("on", "msisdn", "network_code"),
    [
        (ALL, "+254771000001", ""),  # Telkom
        (ALL, "+254711000001", "63907"),
        (("daraja",), "+254733000001", ""),  # not set up
        (ALL, "+256772000001", ""),  # another country's wallet
        (ALL, "+254711000001", "64110"),  # abroad
    ],
)
def test_a_payer_whose_network_has_no_channel_is_told(
    on: tuple[str, ...], msisdn: str, network_code: str
) -> None:
    with pytest.raises(Refused) as refused:
        choose_channel(KENYA, channel_table(on), msisdn, network_code)
    assert refused.value.code == "no_channel"


def test_every_channel_reaches_wallets_and_is_looked_up_in_order() -> None:
    assert set(TABLE.by_name) == set(get_args(ChannelName))
    assert len(set(NETWORK_OF_CODE.values())) == len(NETWORK_OF_CODE)
    for channel in TABLE.by_name.values():
        assert channel.wallets
        assert list(channel.lookups) == sorted(channel.lookups)


def test_no_two_channels_of_their_own_reach_the_same_wallet() -> None:
    """Else the order of the table would decide where the money comes from."""
    own = [channel for channel in TABLE.by_name.values() if not channel.is_aggregator]
    wallets = [wallet for channel in own for wallet in channel.wallets]
    assert len(wallets) == len(set(wallets))


def test_what_each_channel_can_do() -> None:
    assert TABLE.refunding_accounts() == ["daraja:%", "pawapay:%"]
    assert {channel.reference_max for channel in TABLE.by_name.values()} == {12}
    assert (TABLE.most_minor("KES"), TABLE.most_minor("UGX")) == (250_000_00, None)


def test_a_reference_of_ours_is_another_every_time() -> None:
    for channel in TABLE.by_name.values():
        if channel.new_reference:
            assert channel.new_reference() != channel.new_reference()
