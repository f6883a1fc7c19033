"""A broken device is replaced: the plan continues, and the old device is out of use."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from core.db.registration import devices_by_serial
from core.errors import Refused
from core.tokens.sts_keys import StsMeter
from core.usecases.catalogue.access_fees import accrue_access_rates
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.list_devices import list_devices
from core.usecases.devices.register_devices import DeviceEntry, register_devices
from core.usecases.devices.replace_device import Replacement, replace_device
from core.usecases.devices.stock import NamedDevice
from core.usecases.payments.quote import quote_payment
from core.usecases.refunds.suspense import match_suspense, suggest_matches
from core.usecases.registration.by_agent import NewMeter
from core.usecases.registration.by_operator import register_by_operator
from core.usecases.registration.self_service import register_own_device, request_device
from core.usecases.sales.allowed_plans import set_plan_on
from core.usecases.sales.register_sales import SaleEntry, register_sales
from core.usecases.sales.sell import NewSale
from core.usecases.tokens.make_ordered import make_ordered_tokens
from core.usecases.tokens.token_orders import order_token
from tests.support.builders import insert_device, insert_sale, terms_by_count
from tests.support.cast import (
    AMINA,
    BARAKA,
    CHIDI,
    KIT,
    LAST_KIT,
    METER,
    NEEMA,
    OPEN_SECRET,
    READY_METER,
    RING,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
)
from tests.support.scenario import NOW, Scenario

WHO, WHY = "grace@jua.example", "water got in"


def swap(scenario: Scenario, old: str, new: str, reason: str = WHY) -> Replacement:
    [(device_id,)] = scenario.rows("SELECT id FROM devices WHERE serial = :serial", serial=old)
    with scenario.open_unit() as unit:
        return replace_device(unit, device_id, new, WHO, reason)


def device(
    scenario: Scenario, serial: str
) -> tuple[str | None, date | None, date | None, str | None]:
    return scenario.rows(
        "SELECT owner.name, d.assigned_on, d.retired_on, n.serial FROM devices d"
        " LEFT JOIN customers owner ON owner.id = d.owner_id"
        " LEFT JOIN devices n ON n.id = d.replaced_by_id WHERE d.serial = :serial",
        serial=serial,
    )[0]


def tokens(scenario: Scenario, serial: str) -> list[tuple[str, int]]:
    return scenario.rows(
        "SELECT t.kind, t.units FROM tokens t JOIN devices d ON d.id = t.device_id"
        " WHERE d.serial = :serial ORDER BY t.id",
        serial=serial,
    )


def make_codes(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        make_ordered_tokens(unit, OPEN_SECRET)


def test_the_plan_goes_on_with_the_new_device_to_the_day(scenario: Scenario) -> None:
    scenario.pay("A1", KIT, 100_00)  # 4 of the 7 days of an instalment
    scenario.apply()
    scenario.ahead = timedelta(days=1, hours=3)

    done = swap(scenario, KIT, STOCK_KIT)
    make_codes(scenario)
    scenario.pay("A2", STOCK_KIT, 50_00)
    scenario.apply()

    assert (done.days, done.is_unlocked) == (3, False)
    assert tokens(scenario, KIT) == [("days", 4)]
    assert tokens(scenario, STOCK_KIT) == [("days", 3), ("days", 3)]
    assert device(scenario, STOCK_KIT)[:3] == ("Baraka", (NOW + scenario.ahead).date(), None)
    assert device(scenario, KIT) == (None, None, (NOW + scenario.ahead).date(), STOCK_KIT)
    scenario.check_invariants()


def test_credit_and_debts_stay_the_customers(scenario: Scenario) -> None:
    scenario.pay("A1", METER, 1005_00)
    scenario.apply()
    before = (
        scenario.balances(),
        scenario.rows("SELECT id, credit_minor FROM customers ORDER BY id"),
    )

    swap(scenario, METER, STOCK_METER)
    swap(scenario, KIT, STOCK_KIT)

    after = scenario.balances(), scenario.rows("SELECT id, credit_minor FROM customers ORDER BY id")
    assert after == before
    with scenario.open_unit() as unit:
        quote = quote_payment(unit, STOCK_KIT, 600_00)
        assert [line.amount_minor for line in quote.outcome.lines] == [150_00] * 4


def test_what_was_paid_off_is_unlocked_again(scenario: Scenario) -> None:
    scenario.pay("C1", LAST_KIT, 150_00)
    scenario.apply()

    done = swap(scenario, LAST_KIT, STOCK_KIT)
    make_codes(scenario)

    assert (done.days, done.is_unlocked) == (0, True)
    assert tokens(scenario, STOCK_KIT) == [("unlock", 0)]
    with scenario.open_unit() as unit:
        [chidi] = scenario.rows(
            "SELECT customer_id FROM customer_msisdns WHERE msisdn = :c", c=CHIDI
        )
        assert [(device.serial, device.is_paid_off) for device in list_devices(unit, chidi[0])] == [
            (STOCK_KIT, True)
        ]


def test_a_meters_tariff_and_the_period_of_its_fees_run_on(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE tariff_versions SET access_rate_minor = 2000, access_every_days = 10"
        )
    scenario.ahead = timedelta(days=13)

    done = swap(scenario, METER, STOCK_METER)
    scenario.ahead = timedelta(days=20)
    with scenario.open_unit() as unit:
        accrue_access_rates(unit, 0, 100)

    assert (done.days, done.is_unlocked) == (0, False)
    assert scenario.rows(
        "SELECT d.serial, c.due_on - :begun FROM access_charges c JOIN devices d"
        " ON d.id = c.device_id ORDER BY c.due_on",
        begun=NOW.date(),
    ) == [(METER, 10), (STOCK_METER, 20)]
    scenario.pay("M1", STOCK_METER, 1000_00)
    scenario.apply()
    assert [kind for kind, _ in tokens(scenario, STOCK_METER)] == ["energy"]
    scenario.check_invariants()


def test_a_customer_who_asked_for_the_very_device_is_not_turned_down(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        request_device(unit, NewCustomer(BARAKA, "Baraka", "Mwangi", "KIB"), STOCK_KIT)

    swap(scenario, KIT, STOCK_KIT)

    kinds = "('agent_sms.device_replaced', 'agent_sms.request_refused')"
    queued = f"SELECT kind FROM sms WHERE kind IN {kinds}"
    assert scenario.rows(queued) == [("agent_sms.device_replaced",)]
    assert scenario.rows("SELECT count(*) FROM device_requests") == [(0,)]


def test_the_customer_and_those_who_asked_for_the_new_device_get_an_sms(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        request_device(unit, NewCustomer(STRANGER, "Wanjiku", "Kamau", "KIB"), STOCK_KIT)

    swap(scenario, KIT, STOCK_KIT)

    queued = "SELECT msisdn, body FROM sms WHERE kind IN (:kind, :other) ORDER BY id"
    rows = scenario.rows(
        queued, kind="agent_sms.device_replaced", other="agent_sms.request_refused"
    )
    assert rows[0] == (
        BARAKA,
        f"{KIT} was replaced: {STOCK_KIT} is yours now, on the same terms. Pay for {STOCK_KIT} from"
        " now on. Jua Energy",
    )
    assert [number for number, _ in rows[1:]] == [STRANGER]
    assert scenario.rows("SELECT count(*) FROM device_requests") == [(0,)]
    assert scenario.rows(
        "SELECT action, subject, reason FROM audit_log WHERE action = 'replace'"
    ) == [
        ("replace", "device", WHY),
        ("replace", "customer", WHY),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (KIT, "NONE1", "not_in_stock"),
        (KIT, LAST_KIT, "device_taken"),
        (KIT, KIT, "device_taken"),
        (KIT, STOCK_METER, "kind_differs"),
        (STOCK_KIT, "TV100", "device_in_stock"),
    ],
)
def test_what_cannot_be_swapped_stays(scenario: Scenario, old: str, new: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        swap(scenario, old, new)

    assert scenario.rows("SELECT count(*) FROM devices WHERE retired_on IS NOT NULL") == [(0,)]
    assert scenario.rows("SELECT count(*) FROM sms") == [(0,)]


def test_nothing_is_swapped_while_money_for_it_waits_or_without_a_reason(
    scenario: Scenario,
) -> None:
    with pytest.raises(Refused, match="reason_missing"):
        swap(scenario, KIT, STOCK_KIT, " ")
    scenario.pay("A1", KIT, 150_00)

    with pytest.raises(Refused, match="payment_waiting"):
        swap(scenario, KIT, STOCK_KIT)


def test_what_is_out_of_use_goes_to_nobody(scenario: Scenario) -> None:
    swap(scenario, METER, READY_METER)
    swap(scenario, KIT, STOCK_KIT)
    kit = NewSale(terms_by_count("tv", 6), NamedDevice(KIT))
    meter = NewMeter(NamedDevice(METER), "home")
    customer = NewCustomer(NEEMA)

    for register in (
        lambda unit: register_by_operator(unit, WHO, customer, meter),
        lambda unit: register_by_operator(unit, WHO, customer, kit),
        lambda unit: register_own_device(unit, customer, METER, "s/1"),
        lambda unit: set_plan_on(unit, KIT, "tv6", WHO, WHY),
        lambda unit: replace_device(
            unit, devices_by_serial(unit.connection, [STOCK_KIT])[STOCK_KIT].id, KIT, WHO, WHY
        ),
    ):
        with pytest.raises(Refused, match="device_retired"), scenario.open_unit() as unit:
            register(unit)


def test_who_pays_for_the_old_one_is_helped_to_the_device_in_its_place(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        manufacturer = connection.exec_driver_sql(
            "SELECT id FROM manufacturers WHERE code = 'sunlite'"
        )
        third: dict[str, Any] = {
            "serial": "LAMP900",
            "manufacturer_id": manufacturer.scalar_one(),
            "kind": "shs",
        }
        key = {"sealed_key": RING.seal(bytes(16), "devices:LAMP900:sealed_key")}
        insert_device(connection, **(third | key))
    swap(scenario, KIT, STOCK_KIT)
    swap(scenario, STOCK_KIT, "LAMP900")

    paid = scenario.pay("A1", KIT, 150_00)

    assert scenario.states() == ["suspense"]
    with scenario.open_unit() as unit:
        first = suggest_matches(unit, paid)[0]
        assert (first.serial, first.why) == ("LAMP900", "swapped")
        match_suspense(unit, paid, first.serial, WHO, "it was swapped")
    scenario.apply()
    assert tokens(scenario, "LAMP900") == [("days", 7)]


def test_the_files_of_before_can_be_imported_again(scenario: Scenario) -> None:
    kit = SaleEntry(
        owner_msisdn=AMINA, terms=terms_by_count("kit", 4), sold_on=NOW.date(),
        serial=STOCK_KIT, reference="S1",
    )  # fmt: skip
    entry = DeviceEntry(METER, "meter", "umeme", "home", AMINA, NOW.date())
    with scenario.open_unit() as unit:
        assert register_sales(unit, [kit]).new == 1
        sts = devices_by_serial(unit.connection, [METER])[METER].sts
    assert sts is not None
    swap(scenario, STOCK_KIT, "TV100")
    swap(scenario, METER, STOCK_METER)

    with scenario.open_unit() as unit:
        assert register_sales(unit, [kit]).known == 1
        again = replace(entry, sts=StsMeter(**sts))
        assert register_devices(unit, [again], RING).known == 1


def test_a_meter_whose_plan_is_paid_is_swapped_without_a_code(scenario: Scenario) -> None:
    [(customer_id, device_id)] = scenario.rows(
        "SELECT owner_id, id FROM devices WHERE serial = :serial", serial=METER
    )
    with scenario.engine.begin() as connection:
        insert_sale(
            connection,
            customer_id=customer_id,
            device_id=device_id,
            appliance_kind="meter",
            amounts_minor=(100_00,),
        )
    scenario.pay("A1", METER, 800_00)  # her stove and the meter, and some energy
    scenario.apply()

    done = swap(scenario, METER, STOCK_METER)

    assert (done.days, done.is_unlocked) == (0, False)
    assert device(scenario, STOCK_METER)[0] == "Amina"


def test_a_paid_off_kit_that_takes_no_codes_is_swapped_without_one(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE manufacturers SET token_family = 'none' WHERE code = 'sunlite'"
        )
    scenario.pay("A1", LAST_KIT, 150_00)
    scenario.apply()

    assert not swap(scenario, LAST_KIT, STOCK_KIT).is_unlocked


def test_a_code_that_is_about_to_be_made_for_the_old_one_is_not_lost(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        order_token(unit, KIT, "days", 9, WHO, "for the days without light")

    with pytest.raises(Refused, match="token_being_made"):
        swap(scenario, KIT, STOCK_KIT)
    make_codes(scenario)

    assert swap(scenario, KIT, STOCK_KIT).days == 9


def test_a_code_that_cannot_be_made_holds_no_swap_up(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        order_token(unit, KIT, "days", 9, WHO, "for the days without light")
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE token_orders SET attempts = 1, problem = 'no key'")

    assert swap(scenario, KIT, STOCK_KIT).days == 0
