"""Which channel a payer's network has, and what each channel may be asked."""

import dataclasses

import pytest
from phonenumbers import country_code_for_region
from phonenumbers.carrierdata import CARRIER_DATA

from core.channel import _NETWORKS, _PAWAPAY, _SERVES, TERMS, choose_channel
from core.errors import Refused
from core.market import Market

ALL = ("daraja", "mtn", "airtel", "pawapay")
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
        # the aggregator's sandbox, or a network nobody told us of
        (KENYA, "+254711000001", "99999", "daraja"),
    ],
)
def test_the_payers_network_decides(
    market: Market, msisdn: str, network_code: str, channel: str
) -> None:
    assert choose_channel(market, ALL, msisdn, network_code).name == channel


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
    terms = choose_channel(market, on, msisdn, network_code)
    assert (terms.name, terms.network) == ("pawapay", network)


def test_a_networks_own_channel_goes_before_the_aggregator() -> None:
    terms = choose_channel(UGANDA, ("mtn", "pawapay"), "+256772000001")
    assert (terms.name, terms.network) == ("mtn", None)


def test_the_aggregators_networks_are_called_as_phone_numbers_call_them() -> None:
    """A name that no number leads to would serve nobody."""
    for country, network in _PAWAPAY:
        code = str(country_code_for_region(country))
        numbers = [start for start in CARRIER_DATA if start.startswith(code)]
        assert network in {CARRIER_DATA[start].get("en") for start in numbers}, country
    assert len(set(_PAWAPAY.values())) == len(_PAWAPAY)


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
        choose_channel(KENYA, on, msisdn, network_code)
    assert refused.value.code == "no_channel"


def test_every_network_leads_to_a_channel_with_terms() -> None:
    assert {*_SERVES.values(), "pawapay"} == set(TERMS)
    assert len(set(_NETWORKS.values())) == len(_NETWORKS)
    for terms in TERMS.values():
        assert list(terms.lookups) == sorted(terms.lookups)


def test_a_reference_of_ours_is_another_every_time() -> None:
    for terms in TERMS.values():
        if terms.new_reference:
            assert terms.new_reference() != terms.new_reference()
