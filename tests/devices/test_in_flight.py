"""What is in flight lands before a device changes hands or a plan is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from core.db.payments import hold
from core.errors import Refused
from core.money import Money
from core.plan import ByCount
from core.tokens.family import Action
from core.unit import Unit
from core.usecases.devices.replace_device import replace_device
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.payments.request import request_payment
from core.usecases.sales.change_sale import (
    NewSchedule,
    discount_sale,
    reprice_sale,
    reschedule_sale,
)
from core.usecases.sales.end_sale import cancel_sale, repossess_sale, settle_sale, write_off_sale
from core.usecases.tokens.make_ordered import make_ordered_tokens
from core.usecases.tokens.token_orders import order_token
from tests.support.builders import give_device, insert_sale
from tests.support.cast import AMINA, BARAKA, KIT, METER, NEEMA, OPEN_SECRET, STOCK_KIT
from tests.support.scenario import Scenario

Change = Callable[[Unit, int, int], object]
WHO = ("ops", "agreed")
ON_DEVICE: dict[str, Change] = {
    "swap": lambda unit, device, sale: replace_device(unit, device, STOCK_KIT, *WHO),
    "cancel": lambda unit, device, sale: cancel_sale(unit, sale, *WHO),
    "repossess": lambda unit, device, sale: repossess_sale(unit, sale, *WHO),
    "settle": lambda unit, device, sale: settle_sale(unit, sale, *WHO),
    "write off": lambda unit, device, sale: write_off_sale(unit, sale, *WHO),
}
ON_PLAN: dict[str, Change] = {
    "reprice": lambda unit, device, sale: reprice_sale(unit, sale, 900_00, *WHO),
    "discount": lambda unit, device, sale: discount_sale(unit, sale, Money(90_00, "KES"), *WHO),
    "reschedule": lambda unit, device, sale: reschedule_sale(
        unit, sale, NewSchedule(ByCount(2), "weekly"), *WHO
    ),
}
EVERY = ON_DEVICE | ON_PLAN


def attempt(scenario: Scenario, change: Change) -> None:
    [(sale_id,)] = scenario.rows(
        "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE d.serial = :serial",
        serial=KIT,
    )
    with scenario.open_unit() as unit:
        change(unit, scenario.device_id(KIT), sale_id)


@pytest.mark.parametrize("change", EVERY.values(), ids=EVERY)
def test_a_payment_that_waits_is_applied_first(scenario: Scenario, change: Change) -> None:
    scenario.pay("R1", KIT, 150_00)
    with pytest.raises(Refused, match="payment_waiting") as refused:
        attempt(scenario, change)
    assert refused.value.values["receipt"] == "R1"

    scenario.apply()
    attempt(scenario, change)
    scenario.check_invariants()


@pytest.mark.parametrize("change", EVERY.values(), ids=EVERY)
def test_an_open_prompt_is_answered_first(scenario: Scenario, change: Change) -> None:
    with scenario.open_unit() as unit:
        request_payment(unit, NEEMA, KIT, Money(150_00, "KES"))
    scenario.run("UPDATE prompts SET state = 'pending', sent_at = created_at")
    scenario.ahead = timedelta(minutes=4)
    with pytest.raises(Refused, match="prompt_open") as refused:
        attempt(scenario, change)
    assert refused.value.values["minutes"] == 6

    scenario.ahead = timedelta(minutes=11)
    attempt(scenario, change)


@pytest.mark.parametrize("change", ON_DEVICE.values(), ids=ON_DEVICE)
def test_held_money_and_ordered_codes_are_decided_first(scenario: Scenario, change: Change) -> None:
    payment_id = scenario.pay("R1", KIT, 150_00)
    with scenario.engine.begin() as connection:
        hold(connection, payment_id, "not on the list")
    with pytest.raises(Refused, match="payment_held"):
        attempt(scenario, change)
    scenario.run("UPDATE payments SET next_attempt_at = received_at")
    scenario.apply()

    with scenario.open_unit() as unit:
        order_token(unit, KIT, "days", 9, *WHO)
    with pytest.raises(Refused, match="token_being_made"):
        attempt(scenario, change)
    make(scenario)
    attempt(scenario, change)


def test_a_meter_stays_while_a_code_is_made_for_it(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        order_token(unit, METER, "energy", 50, *WHO)
    with scenario.open_unit() as unit, pytest.raises(Refused, match="token_being_made"):
        transfer_meter_by_operator(unit, METER, BARAKA, *WHO)


def make(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        make_ordered_tokens(unit, OPEN_SECRET)


CASES = "SELECT detail FROM cases WHERE kind = 'order_of_another'"
ORDERS: dict[Action, int] = {"days": 9, "unlock": 0, "lock": 0}


@pytest.mark.parametrize("kind", ORDERS)
def test_a_code_ordered_for_one_customer_is_not_made_for_another(
    scenario: Scenario, kind: Action
) -> None:
    """The first attempt failed, so the device could change hands."""
    with scenario.open_unit() as unit:
        order_token(unit, KIT, kind, ORDERS[kind], *WHO)
    scenario.run("UPDATE token_orders SET attempts = 1, problem = 'no key'")
    with scenario.engine.begin() as connection:
        give_device(connection, KIT, AMINA, scenario.now())

    make(scenario)

    assert scenario.rows("SELECT state, problem FROM token_orders") == [
        ("failed", f"{KIT} changed hands after it was ordered")
    ]
    assert scenario.rows("SELECT FROM tokens") == []
    [(detail,)] = scenario.rows(CASES)
    assert "Baraka Mwangi" in detail
    assert "Amina Odhiambo" in detail
    scenario.check_invariants()


def test_a_code_ordered_for_a_device_that_was_swapped_since_is_not_made(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        order_token(unit, KIT, "days", 9, *WHO)
    scenario.run("UPDATE token_orders SET attempts = 1, problem = 'no key'")
    with scenario.open_unit() as unit:
        replace_device(unit, scenario.device_id(KIT), STOCK_KIT, *WHO)

    make(scenario)

    [(detail,)] = scenario.rows(CASES)
    assert f"{STOCK_KIT} has taken its place" in detail
    assert scenario.rows("SELECT FROM tokens") == []


def test_cancelling_waits_for_a_move_and_leaves_the_meter_to_its_new_owner(
    scenario: Scenario,
) -> None:
    """The sale was of the meter; the move is not committed yet when the cancelling begins."""
    with scenario.engine.begin() as connection:
        sale_id = insert_sale(
            connection,
            customer_id=1,
            amounts_minor=(300_00,),
            device_id=scenario.device_id(METER),
            appliance_kind="meter",
        )
    ended = []

    def cancel() -> None:
        with scenario.open_unit() as unit:
            cancel_sale(unit, sale_id, *WHO)
        ended.append("cancelled")

    thread = threading.Thread(target=cancel)
    with scenario.open_unit() as unit:
        transfer_meter_by_operator(unit, METER, BARAKA, *WHO)
        thread.start()
        thread.join(0.3)
        assert ended == []
    thread.join(20)

    assert ended == ["cancelled"]
    assert scenario.rows(
        "SELECT c.name FROM devices d JOIN customers c ON c.id = d.owner_id WHERE serial = :s",
        s=METER,
    ) == [("Baraka",)]
    assert scenario.rows("SELECT FROM token_orders") == []
    scenario.check_invariants()
