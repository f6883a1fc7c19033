"""Mobile-money channels: which one a payer's network has, and on what terms each is used.

Pure data and one function. A channel that is not set up (settings: `channels_on`) is not chosen,
and nobody is sent to a neighbour's: money of one network does not leave another's wallet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import phonenumbers
from phonenumbers import carrier

from core.errors import Refused
from core.market import Market

ChannelName = Literal["daraja", "mtn", "airtel", "pawapay"]


def _after(*seconds: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=one) for one in seconds)


@dataclass(frozen=True, slots=True)
class ChannelTerms:
    """What the provider asks of us.

    `lookups`: when an outcome nobody told us is asked for, counted from the sending; the last step
    is repeated for two days. `new_reference` makes the name under which the provider will know the
    request, where that is ours to give; it is stored before the call. `most_minor`: the most it
    moves at once, by currency, where it publishes that; the market's own limit holds besides.
    `reasons`: what its codes say to a payer, where they say anything (wording: `why`). `network`:
    an aggregator's word for the payer's network.
    """

    name: str
    lookups: tuple[timedelta, ...]
    new_reference: Callable[[], str] | None = None
    most_minor: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None


# Daraja, results of an STK push; 1037 is the payer's silence or a phone that was off.
_DARAJA_REASONS = {
    "1": "no_money",
    "3": "over_limit",
    "4": "over_limit",
    "8": "over_limit",
    "1019": "no_answer",
    "1032": "cancelled",
    "1037": "no_answer",
    "2001": "wrong_pin",
}
# MTN, reasons of a failed request to pay.
_MTN_REASONS = {
    "APPROVAL_REJECTED": "cancelled",
    "REJECTED": "cancelled",
    "NOT_ENOUGH_FUNDS": "no_money",
    "PAYER_LIMIT_REACHED": "over_limit",
    "EXPIRED": "no_answer",
    "COULD_NOT_PERFORM_TRANSACTION": "no_answer",
}
# Airtel, response codes of a collection.
_AIRTEL_REASONS = {
    "DP00800001002": "wrong_pin",
    "DP00800001003": "over_limit",
    "DP00800001005": "no_answer",
    "DP00800001007": "no_money",
    "DP00800001008": "cancelled",
    "DP00800001024": "no_answer",
    "DP00800001029": "no_answer",
}

# pawaPay, failure codes of a deposit.
_PAWAPAY_REASONS = {
    "PAYMENT_NOT_APPROVED": "cancelled",
    "INSUFFICIENT_BALANCE": "no_money",
    "PAYER_LIMIT_REACHED": "over_limit",
    "WALLET_LIMIT_REACHED": "over_limit",
}

TERMS = {
    terms.name: terms
    for terms in (
        ChannelTerms(
            "daraja",
            _after(20, 40, 80, 180, 600, 3600),
            most_minor={"KES": 250_000_00},
            reasons=_DARAJA_REASONS,
        ),
        # MTN asks for a version 4 UUID (X-Reference-Id) and for no look-up before five minutes.
        ChannelTerms(
            "mtn", _after(300, 600, 1200, 3600), lambda: str(uuid4()), reasons=_MTN_REASONS
        ),
        # Airtel asks for an id of letters and digits, and for no enquiry before three minutes.
        ChannelTerms(
            "airtel",
            _after(180, 360, 720, 1800, 3600),
            lambda: uuid4().hex,
            reasons=_AIRTEL_REASONS,
        ),
        # pawaPay asks for a version 4 UUID (depositId), and names no time before which not to ask.
        ChannelTerms(
            "pawapay",
            _after(60, 120, 300, 900, 3600),
            lambda: str(uuid4()),
            reasons=_PAWAPAY_REASONS,
        ),
    )
}

# (country, network) -> channel; the names of networks are those of phonenumbers' carrier data.
_SERVES = {
    ("KE", "Safaricom"): "daraja",
    **{(country, "MTN"): "mtn" for country in ("BJ", "CG", "CI", "GH", "NG", "RW", "SS")},
    **{(country, "MTN"): "mtn" for country in ("UG", "ZA", "ZM")},
    ("CM", "MTN Cameroon"): "mtn",
    ("SZ", "Swazi MTN"): "mtn",
    **{(country, "Airtel"): "airtel" for country in ("CD", "CG", "GA", "KE", "MG", "MW", "NE")},
    **{(country, "Airtel"): "airtel" for country in ("NG", "RW", "SC", "TD", "TZ", "UG", "ZM")},
}
# (country, network) -> pawaPay's provider, of those whose payers approve on a prompt.
_PAWAPAY = {
    ("BF", "Moov Africa"): "MOOV_BFA",
    ("BJ", "MTN"): "MTN_MOMO_BEN",
    ("BJ", "Moov"): "MOOV_BEN",
    ("CD", "Airtel"): "AIRTEL_COD",
    ("CD", "Vodacom"): "VODACOM_MPESA_COD",
    ("CG", "Airtel"): "AIRTEL_COG",
    ("CG", "MTN"): "MTN_MOMO_COG",
    ("CI", "MTN"): "MTN_MOMO_CIV",
    ("CM", "MTN Cameroon"): "MTN_MOMO_CMR",
    ("CM", "Orange"): "ORANGE_CMR",
    ("GA", "Airtel"): "AIRTEL_GAB",
    ("GH", "MTN"): "MTN_MOMO_GHA",
    ("GH", "Telecel"): "VODAFONE_GHA",
    ("GH", "at"): "AIRTELTIGO_GHA",
    ("KE", "Safaricom"): "MPESA_KEN",
    ("LS", "Vodacom Lesotho (Pty) Ltd"): "MPESA_LSO",
    ("MW", "Airtel"): "AIRTEL_MWI",
    ("MW", "TNM"): "TNM_MWI",
    ("MZ", "Movitel"): "MOVITEL_MOZ",
    ("MZ", "Vodacom"): "VODACOM_MOZ",
    ("NG", "Airtel"): "AIRTEL_NGA",
    ("NG", "MTN"): "MTN_MOMO_NGA",
    ("RW", "Airtel"): "AIRTEL_RWA",
    ("RW", "MTN"): "MTN_MOMO_RWA",
    ("SL", "Orange"): "ORANGE_SLE",
    ("TZ", "Airtel"): "AIRTEL_TZA",
    ("TZ", "Viettel"): "HALOTEL_TZA",
    ("TZ", "Vodacom"): "VODACOM_TZA",
    ("TZ", "Yas"): "TIGO_TZA",
    ("UG", "Airtel"): "AIRTEL_OAPI_UGA",
    ("UG", "MTN"): "MTN_MOMO_UGA",
    ("ZM", "Airtel"): "AIRTEL_OAPI_ZMB",
    ("ZM", "MTN"): "MTN_MOMO_ZMB",
    ("ZM", "ZAMTEL"): "ZAMTEL_ZMB",
}
# What USSD aggregators call a network (mobile country and network code).
_NETWORKS = {
    "62120": ("NG", "Airtel"),
    "62130": ("NG", "MTN"),
    "63510": ("RW", "MTN"),
    "63514": ("RW", "Airtel"),
    "63902": ("KE", "Safaricom"),
    "63903": ("KE", "Airtel"),
    "63907": ("KE", "Telkom"),
    "64005": ("TZ", "Airtel"),
    "64101": ("UG", "Airtel"),
    "64110": ("UG", "MTN"),
    "65010": ("MW", "Airtel"),
}


def choose_channel(
    market: Market, on: Collection[str], msisdn: str, network_code: str = ""
) -> ChannelTerms:
    """The channel that reaches this payer's wallet: the network's own where that is set up, else
    the aggregator. Raises Refused("no_channel").

    A network code the phone's session came with says more than the number, which may have been
    carried to another network; an unknown code says nothing.
    """
    country, network = _NETWORKS.get(network_code) or _network_of(msisdn)
    wallet = (country, network) if country == market.country else ("", "")
    if (own := _SERVES.get(wallet, "")) in on:
        return TERMS[own]
    if "pawapay" in on and wallet in _PAWAPAY:
        return replace(TERMS["pawapay"], network=_PAWAPAY[wallet])
    raise Refused("no_channel")


def _network_of(msisdn: str) -> tuple[str, str]:
    """Country and network that gave the number out."""
    number = phonenumbers.parse(msisdn)
    region = phonenumbers.region_code_for_number(number) or ""
    return region, carrier.name_for_number(number, "en")
