"""The names by which a journey calls the demo's people."""

from typing import Any

import pytest

from simulator.terminal.contacts import Contacts
from simulator.terminal.gateway_client import StepFailed

CAST: list[dict[str, Any]] = [
    {"name": "Amina Odhiambo", "msisdn": "+254722000001", "role": "customer", "devices": []},
    {"name": "Juma Otieno", "msisdn": "+254722000002", "role": "customer", "devices": []},
    {
        "name": "Juma Kamau",
        "msisdn": "+254711000111",
        "role": "agent",
        "pin": "4321",
        "devices": [],
    },
    {"name": "A stranger", "msisdn": "+254712123456", "role": "stranger", "devices": []},
]


def test_a_first_name_is_enough_where_one_person_has_it() -> None:
    contacts = Contacts(CAST)
    assert [contact.name for contact in contacts.all] == ["Amina", "Juma Otieno", "Juma Kamau"]
    assert contacts.name("+254722000001") == "Amina"
    assert contacts.number("amina") == contacts.number("Amina Odhiambo") == "+254722000001"
    assert contacts.number("Juma Kamau") == "+254711000111"


def test_unregistered_callers_are_called_by_their_numbers() -> None:
    contacts = Contacts(CAST)
    assert contacts.number("a stranger") == "+254712123456"
    assert contacts.name("+254712123456") == "+254712123456"
    assert contacts.number("254799000000") == "+254799000000"


@pytest.mark.parametrize("name", ["Juma", "nobody", "", "0711000001", "+2547"])
def test_an_unknown_or_ambiguous_name_is_refused(name: str) -> None:
    with pytest.raises(StepFailed, match="is no known person"):
        Contacts(CAST).number(name)
