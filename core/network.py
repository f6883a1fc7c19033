"""Mobile networks: the country and name of a phone's network, from a code or a number.

A network is (country, name): the country as ISO 3166 writes it, the name as phonenumbers' carrier
data has it. Codes are mobile country code and mobile network code (ITU-T E.212), as USSD
aggregators send them.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import carrier

Network = tuple[str, str]

NETWORK_OF_CODE: dict[str, Network] = {
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


def network_of(msisdn: str, code: str = "") -> Network:
    """The network of a phone: by the code of its session where that is known, else the network that
    issued the number. A number may have been ported to another network, so a known code wins."""
    return NETWORK_OF_CODE.get(code) or _issuer_of(msisdn)


def _issuer_of(msisdn: str) -> Network:
    number = phonenumbers.parse(msisdn)
    country = phonenumbers.region_code_for_number(number) or ""
    return country, carrier.name_for_number(number, "en")
