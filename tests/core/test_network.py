"""The network of a phone: from its session's code, else from its number."""

import pytest

from core.network import network_of


@pytest.mark.parametrize(
    ("msisdn", "code", "network"),
    [
        ("+254711000001", "", ("KE", "Safaricom")),
        ("+254733000001", "", ("KE", "Airtel")),
        ("+254711000001", "63903", ("KE", "Airtel")),  # ported: the session knows better
        ("+254711000001", "99999", ("KE", "Safaricom")),  # an unknown code says nothing
        ("+254711000001", "64110", ("UG", "MTN")),  # abroad
    ],
)
def test_a_known_code_wins_over_the_number(
    msisdn: str, code: str, network: tuple[str, str]
) -> None:
    assert network_of(msisdn, code) == network
