"""Which channel a payer's network has, and what each channel may be asked."""

import dataclasses

import pytest

from core.channel import _NETWORKS, _SERVES, TERMS, choose_channel
from core.errors import Refused
from core.market import Market

ALL = ("daraja", "mtn", "airtel")
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
    assert set(_SERVES.values()) == set(TERMS)
    assert len(set(_NETWORKS.values())) == len(_NETWORKS)
    for terms in TERMS.values():
        assert list(terms.lookups) == sorted(terms.lookups)


def test_a_reference_of_ours_is_another_every_time() -> None:
    for terms in TERMS.values():
        if terms.new_reference:
            assert terms.new_reference() != terms.new_reference()
