"""Names of the demo's people, as a journey calls them."""

import pytest

from simulator.terminal.contacts import Contacts
from simulator.terminal.gateway_client import StepFailed

CAST = [
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


def test_a_first_name_does_where_one_person_has_it():
    people = Contacts(CAST)
    assert [one.called for one in people.all] == ["Amina", "Juma Otieno", "Juma Kamau"]
    assert people.name("+254722000001") == "Amina"
    assert people.number("amina") == people.number("Amina Odhiambo") == "+254722000001"
    assert people.number("Juma Kamau") == "+254711000111"


def test_strangers_are_called_by_their_numbers():
    people = Contacts(CAST)
    assert people.number("a stranger") == "+254712123456"
    assert people.name("+254712123456") == "+254712123456"
    assert people.number("254799000000") == "+254799000000"


@pytest.mark.parametrize("who", ["Juma", "nobody", "", "0711000001", "+2547"])
def test_who_is_nobody_is_said_so(who):
    with pytest.raises(StepFailed, match="is nobody here"):
        Contacts(CAST).number(who)
