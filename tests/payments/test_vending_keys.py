"""A payment for a meter whose vending key no worker holds is refused before the money moves."""

from __future__ import annotations

from contextlib import suppress

import pytest

from core.errors import BadInput, Refused
from core.tokens.keys import VendingKeys
from core.usecases.payments.possible_codes import devices_without_code
from core.usecases.payments.quote import quote_payment
from core.usecases.tokens.vending_keys import publish_keys, read_groups
from tests.support.cast import METER
from tests.support.scenario import Scenario

KEY = "ab" * 20


def publish(scenario: Scenario, **keys: str) -> None:
    """A worker with these keys starts."""
    with scenario.open_unit() as unit:
        publish_keys(unit, VendingKeys(keys))


def is_sold_to(scenario: Scenario, account: str = METER) -> bool:
    with scenario.open_unit() as unit, suppress(Refused):
        quote_payment(unit, account, 1000_00)
        return True
    return False


@pytest.mark.parametrize(
    ("names", "sold"),
    [
        ({}, False),
        ({"STS_VENDING_KEY_600000": KEY}, True),
        ({"STS_VENDING_KEY_600000_1": KEY}, True),
        ({"STS_VENDING_KEY_600000_2": KEY}, False),
        ({"STS_VENDING_KEY_600000": KEY, "STS_VENDING_KEY_600000_2": KEY}, False),
        ({"STS_VENDING_KEY_600000_1": "cd" * 8}, False),
        ({"STS_VENDING_KEY_600000_1": "cd" * 8 + "," + KEY}, True),
        ({"STS_VENDING_KEY_600001_1": KEY}, False),
        ({"STS_VENDING_KEY_600000_1": "no key"}, False),
    ],
)
def test_a_meter_is_sold_to_with_its_own_vending_key_only(
    scenario: Scenario, names: dict[str, str], sold: bool
) -> None:
    publish(scenario, **names)
    assert is_sold_to(scenario) is sold
    with scenario.open_unit() as unit:
        found = list(devices_without_code(unit.connection, unit.now))
    assert any("600000, key revision 1 (DKGA04)" in each for each in found) is not sold


def test_a_meter_of_another_revision_stops_itself_and_not_its_neighbours(
    scenario: Scenario,
) -> None:
    """The name without a revision is for the one that most meters are on."""
    scenario.run(
        "UPDATE devices SET sts = sts || '{\"krn\": 2}' WHERE serial <> :meter"
        " AND sts IS NOT NULL AND owner_id IS NULL"
        " AND serial = (SELECT max(serial) FROM devices WHERE sts IS NOT NULL)",
        meter=METER,
    )
    publish(scenario, STS_VENDING_KEY_600000=KEY)
    assert is_sold_to(scenario)
    scenario.run("UPDATE devices SET sts = sts || '{\"krn\": 2}' WHERE serial = :m", m=METER)
    assert not is_sold_to(scenario)


def test_supply_groups_are_read_from_a_setting() -> None:
    assert read_groups({"G": "600000, 123456,"}, "G") == {"600000", "123456"}
    with pytest.raises(BadInput, match="six digits: 60"):
        read_groups({"G": "60"}, "G")
