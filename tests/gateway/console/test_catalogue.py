"""Villages, manufacturers and appliances at the console: added and edited."""

from __future__ import annotations

import re

import pytest

from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import CHIDI, NEW_METER, STOCK_KIT

WHY = {"reason": "a new season"}
TV = {"name": "Solar TV", "kind": "shs", "price": "1000"}


def test_a_village_is_added_and_renamed(console: Console) -> None:
    owner = console.login()

    owner.post("/villages/new", code="EMA", name="Emali", **WHY)
    owner.post(f"/villages/{console.ids['village_id']}", name="Kibwezi Town", **WHY)

    assert exported(console.login("read_only").get("/villages.csv"))[1:] == [
        ["EMA", "Emali", "0"],
        ["KIB", "Kibwezi Town", "0"],
        ["MAK", "Makindu", "0"],
    ]
    assert [action[1:3] for action in console.audit()] == [
        ("add", "village"),
        ("change", "village"),
    ]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"code": "KIB"}, "already"),
        ({"code": "two words"}, "ot a code"),
        ({"name": "x" * 81}, "1 to 80 characters"),
        ({"name": "two\nlines"}, "one line"),
    ],
)
def test_an_invalid_village_is_refused(
    console: Console, typed: dict[str, str], expected: str
) -> None:
    answer = console.login().post(
        "/villages/new", **({"code": "EMA", "name": "Emali"} | WHY | typed)
    )

    assert answer.status_code == 422
    assert expected in answer.text
    assert console.audit() == []


def test_a_manufacturer_is_added_and_keeps_its_sts_data(console: Console) -> None:
    owner, path = console.login(), f"/manufacturers/{console.ids['manufacturer_id']}"
    before = console.rows("SELECT sts FROM manufacturers WHERE code = 'umeme'")

    owner.post(
        "/manufacturers/new", code="jua", name="Jua", kinds="shs, e_bike", token="openpaygo", **WHY
    )
    [shown_sts] = re.findall(r'name="sts".*?value="([^"]+)"', owner.get(path).text)
    owner.post(path, name="Umeme Ltd", kinds="meter", token="sts", sts=shown_sts, **WHY)

    lines = exported(owner.get("/manufacturers.csv"))
    assert ["jua", "Jua", "shs e_bike", "openpaygo", "0"] in lines
    assert "Umeme Ltd" in {line[1] for line in lines}
    assert console.rows("SELECT sts FROM manufacturers WHERE code = 'umeme'") == before


STS = "ea=11;dkga=04;sgc=600000;krn=2;ti=03;kt=2"


def test_a_meter_needs_only_its_number_if_the_manufacturer_has_sts_data(console: Console) -> None:
    owner = console.login()
    manufacturer = {"code": "mita", "name": "Mita", "kinds": "meter", "token": "sts"}

    owner.post("/manufacturers/new", **manufacturer, sts=STS, **WHY)
    meter = {"serial": NEW_METER, "kind": "meter", "manufacturer": "mita"}
    entered = owner.post("/devices/new", **meter, **WHY)

    assert entered.status_code == 302
    assert console.rows(
        "SELECT d.sts ->> 'krn', d.sts = m.sts FROM devices d JOIN manufacturers m"
        " ON m.id = d.manufacturer_id WHERE d.serial = :new",
        new=NEW_METER,
    ) == [("2", True)]
    [(manufacturer_id,)] = console.rows("SELECT id FROM manufacturers WHERE code = 'mita'")
    owner.post(f"/manufacturers/{manufacturer_id}", **manufacturer, sts="", **WHY)
    assert console.rows("SELECT sts FROM manufacturers WHERE code = 'mita'") == [(None,)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"sts": "ea=11"}, "is written as"),
        ({"sts": STS.replace("kt=2", "kt=1")}, "nothing is sold to meters on such a key"),
        ({"sts": STS, "kinds": "shs", "token": "openpaygo"}, "its new meters are STS meters"),
    ],
)
def test_invalid_sts_data_of_new_meters_are_refused(
    console: Console, typed: dict[str, str], expected: str
) -> None:
    manufacturer = {"code": "mita", "name": "Mita", "kinds": "meter", "token": "sts"}

    answer = console.login().post("/manufacturers/new", **(manufacturer | typed), **WHY)

    assert answer.status_code == 422
    assert expected in answer.text.replace("Nothing is", "nothing is")
    assert console.audit() == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"token": "openpaygo"}, "cannot become openpaygo"),
        ({"kinds": "shs"}, "no days tokens, as a shs needs"),
        ({"kinds": "lamp"}, "of meter, shs, e_bike"),
        ({"kinds": "shs", "token": "none"}, "cannot become none"),
    ],
)
def test_a_manufacturer_of_existing_devices_keeps_its_token_family(
    console: Console, typed: dict[str, str], expected: str
) -> None:
    good = {"name": "Umeme", "kinds": "meter", "token": "sts"} | WHY

    answer = console.login().post(
        f"/manufacturers/{console.ids['manufacturer_id']}", **(good | typed)
    )

    assert answer.status_code == 422
    assert expected in answer.text.replace("&#34;", '"').replace("Of meter", "of meter")
    assert console.audit() == []


def test_a_new_price_is_for_new_sales_only(console: Console) -> None:
    owner = console.login()
    terms = {"number": CHIDI, "serial": STOCK_KIT, "appliance": "tv", "count": "3"} | WHY
    owner.confirm("/sales/new", **terms)

    owner.post(f"/appliances/{console.ids['appliance_id']}", **TV, **WHY)

    assert console.rows("SELECT price_minor FROM appliances WHERE code = 'tv'") == [(1000_00,)]
    assert console.rows(
        "SELECT s.total_minor FROM sales s JOIN appliances a ON a.id = s.appliance_id"
        " WHERE a.code = 'tv'"
    ) == [(900_00,)]
    assert console.audit()[1:] == [("owner", "change", "appliance", WHY["reason"])]
    console.scenario.check_invariants()


def test_an_appliance_is_added_and_sold_at_once(console: Console) -> None:
    owner = console.login()

    owner.post("/appliances/new", code="pump", name="Pump", kind="other", price="300", **WHY)
    looked, _ = owner.confirm("/sales/new", number=CHIDI, appliance="pump", count="3", **WHY)

    assert "3 instalments of KES 100.00" in looked.text
    assert owner.post("/appliances/new", code="pump", **TV, **WHY).status_code == 422


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"kind": "lamp"}, "choose a value from the list"),
        ({"price": "-5"}, "not an amount"),
        ({"per_day": "0"}, "must be more than 0"),
        ({"price": "3"}, "does not come out for the price"),
    ],
)
def test_an_invalid_appliance_is_refused(
    console: Console, typed: dict[str, str], expected: str
) -> None:
    answer = console.login().post(
        f"/appliances/{console.ids['appliance_id']}", **(TV | WHY | typed)
    )

    assert answer.status_code == 422
    assert expected in answer.text.lower()
    assert console.audit() == []


def test_a_sold_appliance_keeps_its_kind(console: Console) -> None:
    owner = console.login()
    terms = {"number": CHIDI, "serial": STOCK_KIT, "appliance": "tv", "count": "3"} | WHY
    owner.confirm("/sales/new", **terms)

    answer = owner.post(
        f"/appliances/{console.ids['appliance_id']}", **(TV | {"kind": "other"}), **WHY
    )

    assert answer.status_code == 422
    assert "it has been sold as shs" in answer.text


def test_edit_forms_start_with_the_present_values(console: Console) -> None:
    owner, ids = console.login(), console.ids

    assert 'value="900.00"' in owner.get(f"/appliances/{ids['appliance_id']}").text
    assert 'value="meter"' in owner.get(f"/manufacturers/{ids['manufacturer_id']}").text
    assert 'value="100.00"' in owner.get(f"/tariffs/{ids['tariff_id']}/prices").text
    assert 'value="Kibwezi"' in owner.get(f"/villages/{ids['village_id']}").text


@pytest.mark.parametrize("place", ["villages", "manufacturers", "appliances", "tariffs"])
def test_an_unknown_catalogue_entry_has_no_page(console: Console, place: str) -> None:
    assert console.login().get(f"/{place}/99999").status_code == 404
