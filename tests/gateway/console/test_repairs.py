"""A device that refuses its code, at the console."""

from __future__ import annotations

import pytest

from tests.gateway.console.conftest import Console
from tests.support.cast import KIT


def page(console: Console) -> str:
    return f"/devices/{console.scenario.device_id(KIT)}/repair"


def test_the_count_of_the_kit_brings_ours_forward_and_orders_the_days_left(
    console: Console,
) -> None:
    console.scenario.pay("R1", KIT, 150_00)
    console.scenario.apply()
    owner = console.login()
    assert "Refuses a code" in owner.get(f"/devices/{console.scenario.device_id(KIT)}").text

    looked, done = owner.confirm(page(console), reading="60", reason="its screen says so")

    message = (
        "The device is at 60. Our count is 60. Ordered, to be typed in this order: 7 days in all."
    )
    assert message in looked.text
    assert done.status_code == 302
    assert console.rows(
        "SELECT units FROM token_orders WHERE kind = 'set_days' AND state = 'waiting'"
    ) == [(7,)]
    assert console.rows(
        "SELECT token_counter, kit_counter FROM devices WHERE serial = :serial", serial=KIT
    ) == [(60, 60)]
    assert ("owner", "repair_kit", "device", "its screen says so") in console.audit()


@pytest.mark.parametrize(
    ("reading", "says"), [("5000", "too far"), ("123456789", "not one of"), ("abc", "digits only")]
)
def test_what_cannot_be_stays_at_its_field(console: Console, reading: str, says: str) -> None:
    answer = console.login().post(page(console), reading=reading, reason="because")
    assert says in answer.text
    assert console.rows("SELECT count(*) FROM token_orders WHERE kind = 'set_days'") == [(0,)]
