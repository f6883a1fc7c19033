"""Manual tokens: ordered at the console, made by a worker, taken by the device, never twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.db.devices import find_device
from core.device import TokenKind
from core.errors import Refused
from core.plan import PlanTerms
from core.tokens.keys import VendingKeys
from core.usecases.devices.list_devices import days_left, list_devices
from core.usecases.devices.replace_device import replace_device
from core.usecases.devices.stock import NamedDevice
from core.usecases.sales.end_sale import cancel_sale
from core.usecases.sales.sell import NewSale, sell_by_operator
from core.usecases.tokens.device_keys import OpenSecret, secret_opener
from core.usecases.tokens.goodwill import give_token
from core.usecases.tokens.make_ordered import make_ordered_tokens
from simulator.devices.virtual_device import display, enter_token, factory_state
from tests.support.cast import BARAKA, DAY_KIT, KIT, METER, NEEMA, OPEN_SECRET, RING, STOCK_KIT
from tests.support.scenario import Scenario

WHO, WHY = "wanjiru", "the text was lost"


def order(
    scenario: Scenario, serial: str, kind: TokenKind, units: int = 0, reason: str = WHY
) -> int:
    with scenario.open_unit() as unit:
        return give_token(unit, serial, kind, units, WHO, reason)


def make(scenario: Scenario, opener: OpenSecret = OPEN_SECRET) -> int:
    with scenario.open_unit() as unit:
        return make_ordered_tokens(unit, opener)


def orders(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows("SELECT kind, state FROM token_orders ORDER BY id")


def codes(scenario: Scenario) -> list[tuple[str, int, str]]:
    return scenario.rows("SELECT kind, units, text FROM tokens ORDER BY id")


def type_all(scenario: Scenario, serial: str) -> dict[str, Any]:
    """What the device shows after every code was typed, oldest first."""
    with scenario.open_unit() as unit:
        device = find_device(unit.connection, serial, with_secrets=True)
    assert device is not None
    secret = OPEN_SECRET(device)
    state = factory_state(secret, device.initial_counter)
    for _, _, text in codes(scenario):
        state, accepted, reason = enter_token(state, text, secret)
        assert accepted, reason
    return display(state)


@pytest.mark.parametrize(
    ("serial", "kind", "units", "shows"),
    [
        (KIT, "days", 12, {"days": 12, "unlocked": False}),
        (KIT, "unlock", 0, {"unlocked": True}),
        (METER, "energy", 25, {"kwh": 2.5}),
    ],
)
def test_an_ordered_code_does_on_the_device_what_was_ordered(
    scenario: Scenario, serial: str, kind: TokenKind, units: int, shows: dict[str, Any]
) -> None:
    order(scenario, serial, kind, units)

    assert make(scenario) == 1

    assert shows.items() <= type_all(scenario, serial).items()
    assert orders(scenario) == [(kind, "made")]
    scenario.check_invariants()


def test_the_owner_gets_the_code_and_the_audit_says_why(scenario: Scenario) -> None:
    order(scenario, KIT, "days", 7)
    make(scenario)

    assert scenario.rows("SELECT operator, action, subject, reason FROM audit_log") == [
        (WHO, "order_token", "device", WHY)
    ]
    [(msisdn, body, is_linked)] = scenario.rows(
        "SELECT msisdn, body, token_id IS NOT NULL FROM sms"
    )
    assert (msisdn, is_linked) == (BARAKA, True)
    assert codes(scenario)[0][2] in body.replace(" ", "")


def test_a_lock_ends_all_time_and_is_texted_to_nobody(scenario: Scenario) -> None:
    order(scenario, KIT, "days", 7)
    make(scenario)
    order(scenario, KIT, "lock")
    make(scenario)

    assert type_all(scenario, KIT) == {"days": 0, "unlocked": False}
    assert scenario.rows("SELECT count(*) FROM sms") == [(1,)]


def test_a_code_between_two_payments_keeps_the_counter_growing(scenario: Scenario) -> None:
    scenario.pay("R1", KIT, 150_00)
    scenario.apply()
    order(scenario, KIT, "days", 3)
    make(scenario)
    scenario.pay("R2", KIT, 150_00)
    scenario.apply()

    assert type_all(scenario, KIT)["days"] == 7 + 3 + 7
    scenario.check_invariants()


def test_ordering_twice_is_one_order_until_it_is_made(scenario: Scenario) -> None:
    order(scenario, KIT, "days", 7)
    with pytest.raises(Refused, match="token_ordered"):
        order(scenario, KIT, "days", 7)
    make(scenario)
    assert make(scenario) == 0

    order(scenario, KIT, "days", 7)
    make(scenario)

    assert orders(scenario) == [("days", "made")] * 2


@pytest.mark.parametrize(
    ("serial", "kind", "units", "code"),
    [
        ("NONE1", "days", 7, "unknown_serial"),
        (METER, "days", 7, "token_not_supported"),
        (METER, "lock", 0, "token_not_supported"),
        (KIT, "energy", 10, "token_not_supported"),
        (KIT, "days", 0, "token_amount_range"),
        (KIT, "days", 3651, "token_amount_range"),
        (KIT, "unlock", 1, "token_without_amount"),
    ],
)
def test_what_cannot_be_ordered_is_refused(
    scenario: Scenario, serial: str, kind: TokenKind, units: int, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        order(scenario, serial, kind, units)
    assert orders(scenario) == []


def test_no_reason_no_code(scenario: Scenario) -> None:
    with pytest.raises(Refused, match="reason_missing"):
        order(scenario, KIT, "days", 7, reason=" ")
    assert orders(scenario) == []


def test_a_key_that_is_missing_is_waited_for_and_the_neighbours_get_theirs(
    scenario: Scenario,
) -> None:
    keyless = secret_opener(RING, VendingKeys({}))
    order(scenario, METER, "energy", 25)
    order(scenario, KIT, "days", 7)

    assert make(scenario, keyless) == 2

    assert orders(scenario) == [("energy", "waiting"), ("days", "made")]
    assert make(scenario) == 0
    scenario.ahead = timedelta(minutes=1)
    assert make(scenario) == 1
    assert orders(scenario) == [("energy", "made"), ("days", "made")]


def test_a_code_that_can_never_be_made_ends_with_its_reason(scenario: Scenario) -> None:
    order(scenario, KIT, "days", 7)
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET token_counter = 65535 WHERE serial = %s", (KIT,)
        )
    make(scenario)

    [(state, problem)] = scenario.rows("SELECT state, problem FROM token_orders")
    assert state == "failed"
    assert problem
    assert codes(scenario) == []
    with pytest.raises(Refused, match="no_codes"):
        order(scenario, KIT, "set_days", 7)


@pytest.mark.parametrize(
    ("family", "kind", "units", "made"),
    [
        ("openpaygo", "set_days", 9, True),
        ("openpaygo", "sync", 0, True),
        ("openpaygo", "wipe_ids", 0, False),
        ("openpaygo", "set_days", 996, False),
        ("nexus_full", "set_days", 91, True),
        ("nexus_full", "wipe_all", 0, True),
        ("nexus_full", "sync", 0, False),
        ("nexus_small", "wipe_state", 0, True),
        ("nexus_small", "wipe_ids", 0, True),
        ("nexus_small", "set_days", 91, False),
    ],
)
def test_operator_codes_of_each_family_are_made_or_refused_at_once(
    scenario: Scenario, family: str, kind: TokenKind, units: int, made: bool
) -> None:
    scenario.run(
        "UPDATE manufacturers SET token_family = :family WHERE id ="
        " (SELECT manufacturer_id FROM devices WHERE serial = :kit)",
        family=family,
        kit=KIT,
    )
    if not made:
        with pytest.raises(Refused, match=r"no_codes|token_not_supported"):
            order(scenario, KIT, kind, units)
        return
    order(scenario, KIT, kind, units)
    make(scenario)
    assert [row[:2] for row in codes(scenario)] == [(kind, units)]
    texts = scenario.rows("SELECT count(*) FROM sms")
    assert texts == [(0 if kind.startswith("wipe") else 1,)]


def test_days_that_were_set_are_all_that_a_customer_is_shown(scenario: Scenario) -> None:
    order(scenario, KIT, "days", 30)
    make(scenario)
    order(scenario, KIT, "set_days", 4)
    make(scenario)
    order(scenario, KIT, "days", 2)
    make(scenario)
    [baraka] = scenario.rows("SELECT owner_id FROM devices WHERE serial = :kit", kit=KIT)
    with scenario.open_unit() as unit:
        states = list_devices(unit, baraka[0])
        assert [days_left(unit, state) for state in states if state.serial == KIT] == [6]
    assert type_all(scenario, KIT)["days"] == 6


def test_a_device_that_was_taken_back_is_locked(scenario: Scenario) -> None:
    [(sale_id,)] = scenario.rows(
        "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE serial = :s", s=KIT
    )
    with scenario.open_unit() as unit:
        cancel_sale(unit, sale_id, WHO, "repossessed")
    make(scenario)

    assert orders(scenario) == [("lock", "made")]
    assert scenario.rows("SELECT kind FROM sms") == [("sale_sms.cancelled",)]  # no code
    assert type_all(scenario, KIT) == {"days": 0, "unlocked": False}


def test_a_device_in_stock_gets_its_code_without_a_text(scenario: Scenario) -> None:
    order(scenario, STOCK_KIT, "days", 1)
    make(scenario)

    assert type_all(scenario, STOCK_KIT)["days"] == 1
    assert scenario.rows("SELECT count(*) FROM sms") == [(0,)]


def test_energy_that_is_given_away_is_booked_at_its_price(scenario: Scenario) -> None:
    order(scenario, METER, "energy", 25)
    assert "expense:goodwill" not in scenario.balances()  # nothing is given before it is made
    make(scenario)
    assert scenario.balances()["expense:goodwill"] == 250_00
    assert scenario.balances()["income:energy"] == -250_00
    assert scenario.rows("SELECT value_minor FROM token_orders") == [(250_00,)]
    scenario.check_invariants()


def test_days_are_given_away_at_the_price_of_a_day_and_free_on_a_plan(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        sale = NewSale(PlanTerms.by_day("sun", "KES"), NamedDevice(DAY_KIT))
        sell_by_operator(unit, NEEMA, sale, WHO, WHY)
    order(scenario, DAY_KIT, "days", 3)
    order(scenario, KIT, "days", 7)
    make(scenario)
    assert scenario.balances()["expense:goodwill"] == 150_00
    scenario.check_invariants()


def test_days_that_replace_what_was_paid_for_are_no_gift(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        sale = NewSale(PlanTerms.by_day("sun", "KES"), NamedDevice(DAY_KIT))
        sell_by_operator(unit, NEEMA, sale, WHO, WHY)
    scenario.ahead = timedelta(minutes=1)
    scenario.pay("A1", DAY_KIT, 150_00)
    scenario.apply()
    scenario.ahead = timedelta(minutes=2)
    with scenario.open_unit() as unit:
        device = find_device(unit.connection, DAY_KIT)
        assert device is not None
        assert replace_device(unit, device.id, STOCK_KIT, WHO, "broken").days == 3
    assert make(scenario) == 1
    assert "expense:goodwill" not in scenario.balances()
    scenario.check_invariants()
