"""The database of a run: customers with a meter or a kit, some in debt, and one agent."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from core.clock import system_clock
from core.db.vendor_accounts import store_accounts
from core.pin import hash_pin
from core.tokens.sealing import bound_to
from gateway.vendors.koios import Koios
from gateway.vendors.stron import Stron
from tests.support.builders import (
    insert_agent,
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_sale,
    insert_tariff,
)
from tests.support.cast import PEPPER, RING, STS
from torture.workload import Workload

AGENT, AGENT_PIN = "+254733000001", "2468"
SHARED_PHONE = "+254733000002"
PRICE_MINOR = 100_00
# Whose codes we make, whose codes its vendor makes, and who gets credit from its vendor. The last
# are few: that vendor answers three times in five seconds, and no run would see the end of many.
METER_FAMILIES = ("sts", "stron", "koios")
_ONE_IN_PUSHES = 50


def meter_serial(number: int) -> str:
    """An STS meter number: ten digits and a Luhn check digit."""
    body = f"01{number:08d}"
    total = 0
    for place, char in enumerate(reversed(body)):
        doubled = int(char) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{body}{-total % 10}"


def serial_of(number: int) -> str:
    """The device of customer `number`: even ones have a meter, odd ones a kit."""
    return f"LAMP{number:05d}" if number % 2 else meter_serial(number)


def msisdn_of(number: int) -> str:
    """The phone number of customer `number`."""
    return f"+2547{number:08d}"


def agent_msisdn(number: int) -> str:
    """The phone number of agent `number` of those who work from the USSD menu."""
    return f"+2547331{number:05d}"


def insert_dataset(connection: Connection, workload: Workload) -> None:
    """Insert all customers with their devices and debts, the agents, and what the workers will say
    of the accounts with vendors: nothing may be bought before they do."""
    insert_market(connection)
    accounts = {("stron", "main"): Stron.abilities, ("koios", "main"): Koios.abilities}
    store_accounts(connection, system_clock(), accounts)
    meters = [
        insert_manufacturer(connection, token_family=family, kinds=("meter",))
        for family in METER_FAMILIES
    ]
    kits = insert_manufacturer(connection, token_family="openpaygo", kinds=("shs",))
    tariff = insert_tariff(
        connection,
        price_per_kwh_minor=PRICE_MINOR,
        access_rate_minor=20_00,
        access_every_days=3,
    )
    pin_hash = hash_pin(AGENT_PIN, PEPPER)
    phones = [agent_msisdn(number) for number in range(workload.agents)]
    for msisdn in (AGENT, SHARED_PHONE, *phones):
        insert_agent(
            connection,
            msisdn=msisdn,
            pin_hash=pin_hash,
            pin_is_initial=False,
            float_limit_minor=10**12,
        )
    for number in range(workload.customers):
        owner = insert_customer(
            connection, msisdn=msisdn_of(number), language="sw" if number % 3 else "en"
        )
        if number % 2:
            _insert_kit(connection, number, kits, owner)
        else:
            meter = meters[_family_of(number // 2)]
            _insert_meter(connection, number, meter, owner, tariff)


def _family_of(meter: int) -> int:
    return 2 if meter % _ONE_IN_PUSHES == 2 else meter % 2


def _insert_meter(
    connection: Connection, number: int, manufacturer: int, owner: int, tariff: int
) -> None:
    today = system_clock().date()
    insert_device(
        connection,
        serial=serial_of(number),
        manufacturer_id=manufacturer,
        owner_id=owner,
        tariff_id=tariff,
        assigned_on=today - timedelta(days=10),
        sts=STS,
    )
    if number % 4 == 0:
        insert_sale(
            connection,
            customer_id=owner,
            amounts_minor=(300_00,) * 4,
            appliance_kind="other",
            sold_on=today - timedelta(days=20),
        )


def _insert_kit(connection: Connection, number: int, manufacturer: int, owner: int) -> None:
    serial, today = serial_of(number), system_clock().date()
    device = insert_device(
        connection,
        serial=serial,
        manufacturer_id=manufacturer,
        kind="shs",
        owner_id=owner,
        initial_counter=1,
        token_counter=1,
        starting_code=123456789,
        sealed_key=RING.seal(bytes(range(16)), bound_to(serial)),
    )
    insert_sale(
        connection,
        customer_id=owner,
        device_id=device,
        amounts_minor=(150_00,) * 100,
        sold_on=today - timedelta(days=10),
    )
