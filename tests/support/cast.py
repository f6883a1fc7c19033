"""The people of the tests: Amina owes, Baraka pays by the week, Chidi is about to be done.

Meter 01000000016 at 100 a kWh; kits at 150 a week. Keys are throw-away ones of the tests.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection

from core.act import default_rules
from core.db.acts import store_rules
from core.db.tariffs import find_market
from core.pin import hash_pin
from core.pseudonym import Pseudonyms
from core.tokens.keys import KeyRing, VendingKeys
from core.tokens.sealing import bound_to
from core.usecases.tokens.device_keys import secret_opener
from tests.support.builders import (
    insert_agent,
    insert_appliance,
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_plan_offer,
    insert_sale,
    insert_tariff,
    insert_village,
)

AMINA, BARAKA, CHIDI = "+254711000001", "+254711000002", "+254711000003"
JUMA = "+254711000111"  # an agent, PIN 4321
ZURI = "+254711000112"  # an agent who still has the operator's PIN, 4321
NEEMA, STRANGER = "+254711000004", "+254722000009"
PEOPLE = {
    "Amina": AMINA,
    "Baraka": BARAKA,
    "Chidi": CHIDI,
    "Neema": NEEMA,
    "Juma": JUMA,
    "Zuri": ZURI,
    "a newcomer": "+254722000001",
    "a stranger": STRANGER,
}
METER, KIT, LAST_KIT = "01000000016", "LAMP100", "LAMP200"

STOCK_METER, STOCK_KIT = "01000000024", "LAMP300"
# In stock with tariff and plan set: a customer can register it without an agent.
READY_METER, READY_KIT = "01000000032", "TV100"
# A meter that was never imported, and a kit in stock that is used by the day.
NEW_METER, DAY_KIT = "01000000057", "SUN100"
STOCK_BIKE = "BIKE100"
PROOF_SECRET = "a secret of these tests"
PEPPER = "pepper"
PSEUDONYMS = Pseudonyms(PEPPER)
# How many of their devices have a key of their own: kits and e-bikes.
SEALED_KEYS = 6

RING = KeyRing({"1": bytes(32)})
VENDING_KEYS = {"STS_VENDING_KEY_600000": "ab" * 20}
STS = '{"ea":11,"dkga":4,"sgc":"600000","krn":1,"ti":"01","kt":2,"ken":255,"base":2014}'
OPEN_SECRET = secret_opener(RING, VendingKeys(VENDING_KEYS))


def insert_cast(connection: Connection, today: date) -> None:
    """Insert the cast and their devices into an empty database."""
    insert_market(connection)
    market = find_market(connection)
    assert market is not None
    store_rules(connection, replace(default_rules(market), second_person="off"))
    meters = insert_manufacturer(
        connection, code="umeme", token_family="sts", kinds=("meter",), sts=STS
    )
    kits = insert_manufacturer(connection, code="sunlite", token_family="openpaygo", kinds=("shs",))
    amina = insert_customer(connection, msisdn=AMINA, name="Amina", surname="Odhiambo")
    baraka = insert_customer(connection, msisdn=BARAKA, name="Baraka", surname="Mwangi")
    chidi = insert_customer(connection, msisdn=CHIDI, name="Chidi", surname="Wekesa")
    insert_customer(connection, msisdn=NEEMA, name="Neema", surname="Achieng", language="sw")
    home = insert_tariff(connection, code="home")
    insert_device(
        connection,
        serial=METER,
        manufacturer_id=meters,
        owner_id=amina,
        tariff_id=home,
        assigned_on=today,
        sts=STS,
    )
    _insert_kit(connection, KIT, kits, baraka, (150_00,) * 4, today)
    _insert_kit(connection, LAST_KIT, kits, chidi, (150_00,), today)
    insert_agent(connection, msisdn=JUMA, pin_hash=hash_pin("4321", PEPPER))
    insert_agent(
        connection, msisdn=ZURI, name="Zuri", pin_hash=hash_pin("4321", PEPPER), pin_is_initial=True
    )
    insert_village(connection, code="KIB", name="Kibwezi")
    insert_village(connection, code="MAK", name="Makindu")
    insert_appliance(connection, code="cooker", name="Cooker", kind="other", price_minor=1000_00)
    insert_appliance(connection, code="kit", name="Lamp kit", kind="shs", price_minor=600_00)
    insert_device(connection, serial=STOCK_METER, manufacturer_id=meters, sts=STS)
    _insert_kit(connection, STOCK_KIT, kits, None, (), today)
    tv = insert_appliance(connection, code="tv", name="Solar TV", kind="shs", price_minor=900_00)
    six_weeks = insert_plan_offer(connection, code="tv6", name="Six weeks", appliance_id=tv)
    insert_device(connection, serial=READY_METER, manufacturer_id=meters, tariff_id=home, sts=STS)
    _insert_kit(connection, READY_KIT, kits, None, (), today, plan_offer_id=six_weeks)
    _insert_kit_by_day(connection, kits, today)
    _insert_bikes(connection)
    insert_sale(
        connection,
        customer_id=amina,
        amounts_minor=(300_00, 300_00),
        appliance_kind="other",
        appliance_code="kit-stove",
        sold_on=today - timedelta(days=10),
    )


def _insert_kit_by_day(connection: Connection, manufacturer_id: int, today: date) -> None:
    """Insert a kit in stock that is sold by the day."""
    sun = insert_appliance(
        connection,
        code="sun",
        name="Sun by day",
        kind="shs",
        price_minor=0,
        price_per_day_minor=50_00,
        minimum_payment_minor=100_00,
    )
    by_day = insert_plan_offer(
        connection, code="sunday", appliance_id=sun, scheme="service", cadence="daily", count=None
    )
    _insert_kit(connection, DAY_KIT, manufacturer_id, None, (), today, plan_offer_id=by_day)


def _insert_bikes(connection: Connection) -> None:
    """Two manufacturers of e-bikes, and one of the second in stock."""
    insert_manufacturer(connection, code="boda", token_family="openpaygo", kinds=("e_bike",))
    volt = insert_manufacturer(
        connection, code="volt", token_family="nexus_full", kinds=("e_bike",)
    )
    insert_appliance(connection, code="bike", name="E-bike", kind="e_bike", price_minor=1200_00)
    insert_device(
        connection,
        serial=STOCK_BIKE,
        manufacturer_id=volt,
        kind="e_bike",
        sealed_key=RING.seal(bytes(range(16)), bound_to(STOCK_BIKE)),
    )


def _insert_kit(
    connection: Connection,
    serial: str,
    manufacturer_id: int,
    owner_id: int | None,
    amounts_minor: tuple[int, ...],
    today: date,
    plan_offer_id: int | None = None,
) -> None:
    device_id = insert_device(
        connection,
        serial=serial,
        manufacturer_id=manufacturer_id,
        kind="shs",
        owner_id=owner_id,
        initial_counter=1,
        token_counter=1,
        starting_code=123456789,
        plan_offer_id=plan_offer_id,
        sealed_key=RING.seal(bytes(range(16)), bound_to(serial)),
    )
    if owner_id is None:
        return
    insert_sale(
        connection,
        customer_id=owner_id,
        device_id=device_id,
        amounts_minor=amounts_minor,
        appliance_code=f"kit-{serial.lower()}",
        sold_on=today,
    )
