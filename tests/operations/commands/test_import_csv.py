"""`dialwatt import`: every line or none, every reason by line; the same again is nothing."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.clock import system_clock
from core.db.devices import find_device
from core.money import Money
from core.plan import ByAmount
from core.tokens.family import issue_days, issue_energy
from core.unit import unit_opener
from core.usecases.sales.change_sale import NewSchedule, cancel_sale, reprice_sale, reschedule_sale
from core.usecases.tokens.device_keys import secrets_from
from operations.importing.import_file import import_file
from tests.operations.conftest import CATALOGUE

PEOPLE = "msisdn,name,surname,village,language\n"
DEVICES = (
    "serial,kind,manufacturer,tariff,owner_msisdn,assigned_on,secret_key,starting_code,count,sts\n"
)
SALES = (
    "owner_msisdn,appliance,serial,total,down_payment,scheme,count,instalment,cadence,sold_on,"
    "first_due_on,reference\n"
)
STS = "ea=11;dkga=04;sgc=600000;krn=1;ti=01;kt=2;ken=255;base=2014"
KEY = "bc41ec9530f6dac86b1a29ab82edc5fb"
METER = "37000100018"
AMINA, BARAKA = "+254722000001", "+254722000002"
TODAY = system_clock().date()


@pytest.fixture
def people(dialwatt, loaded):
    lines = f"{AMINA},Amina,Odhiambo,KIB,en\n0722000002,Baraka,Mwangi,,\n"
    assert dialwatt("import", "customers", "FILE", content=PEOPLE + lines).code == 0


@pytest.fixture
def goods(dialwatt, people):
    """A meter and a kit of Amina's, a kit in stock."""
    lines = (
        f"{METER},meter,umeme,home,{AMINA},2026-11-01,,,,{STS}\n"
        f"kit-1,shs,sunlite,,{AMINA},2026-11-01,{KEY},516959010,1,\n"
        f"KIT2,shs,sunlite,,,,{KEY},,,\n"
    )
    ran = dialwatt("import", "devices", "FILE", content=DEVICES + lines)
    assert ran.code == 0, ran.err


@pytest.fixture
def refused(dialwatt, contents):
    """Import lines that must be refused: the messages, after seeing that nothing was written."""

    def run(kind, content):
        before = contents()
        ran = dialwatt("import", kind, "FILE", content=content)
        assert ran.code == 1
        assert ran.out == ""
        assert "Nothing was imported." in ran.err
        assert contents() == before
        return ran.err

    return run


@pytest.fixture
def imported(dialwatt):
    """Import lines twice: the first line of output of each."""

    def run(kind, content):
        first = dialwatt("import", kind, "FILE", content=content)
        assert first.code == 0, first.err
        again = dialwatt("import", kind, "FILE", content=content)
        assert again.code == 0, again.err
        return first.out.strip(), again.out.strip()

    return run


# customers


def test_customers_are_known_by_their_number_however_it_is_written(imported, loaded, rows):
    first, again = imported(
        "customers", f"{PEOPLE}{AMINA},Amina,Odhiambo,KIB,sw\n0722000002,Baraka,,,\n"
    )
    assert first == "customers: 2 new, 0 already there"
    assert again == "customers: 0 new, 2 already there"
    assert rows(
        "SELECT m.msisdn, c.name, c.surname, c.language, v.code FROM customers c"
        " JOIN customer_msisdns m ON m.customer_id = c.id"
        " LEFT JOIN villages v ON v.id = c.village_id ORDER BY 1"
    ) == [(AMINA, "Amina", "Odhiambo", "sw", "KIB"), (BARAKA, "Baraka", "", "en", None)]


def test_every_bad_customer_is_told_and_none_is_imported(refused, people):
    told = refused(
        "customers",
        PEOPLE
        + "+254722000009,Good,One,KIB,en\n"
        + "12,Short,Number,KIB,en\n"
        + "+254722000010,,Nameless,KIB,en\n"
        + "+254722000011,No,Village,XXX,en\n"
        + "+254722000012,No,Language,KIB,fr\n"
        + "+254722000009,Good,Again,KIB,en\n"
        + f"{AMINA},Amina,Wanjiru,KIB,en\n",
    )
    assert "line 2:" not in told
    for wanted in (
        "line 3: msisdn: not a phone number: '12'",
        "line 4: name: is missing",
        'line 5: there is no village "XXX"',
        "line 6: language: the market speaks en, sw, not fr",
        "line 7: the same as line 2",
        "line 8: surname: the database says Odhiambo, the file says Wanjiru",
    ):
        assert wanted in told


def test_a_language_changed_on_the_phone_is_no_difference(imported, engine, people, rows):
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET language = 'sw'"))
    imported("customers", f"{PEOPLE}{AMINA},Amina,Odhiambo,KIB,en\n")
    assert rows("SELECT DISTINCT language FROM customers") == [("sw",)]


def test_a_file_with_a_byte_order_mark_is_read(dialwatt, loaded):
    content = b"\xef\xbb\xbf" + f"{PEOPLE}{AMINA},Amina,Odhiambo,KIB,en\n".encode()
    assert dialwatt("import", "customers", "FILE", content=content).code == 0


def test_an_empty_book_says_to_load_a_catalogue_first(dialwatt):
    ran = dialwatt("import", "customers", "FILE", content=PEOPLE)
    assert ran.code == 1
    assert "load a catalogue (`dialwatt load FILE`)" in ran.err


SIMPLE = st.text(alphabet="abcXYZ ëç'-", min_size=1, max_size=12).filter(str.strip)
LINES = st.dictionaries(
    st.integers(700_000_000, 799_999_999),
    st.tuples(SIMPLE, st.just("") | SIMPLE, st.sampled_from(["", "KIB", "MAK"])),
    max_size=8,
)


@given(lines=LINES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_importing_twice_is_importing_once(lines, engine, loaded, environment, rows):
    content = PEOPLE + "".join(
        f"+254{number},{name},{surname},{village},\n"
        for number, (name, surname, village) in lines.items()
    )
    everyone = "SELECT count(*) FROM customer_msisdns"
    with unit_opener(engine)() as unit:
        before = unit.connection.execute(text(everyone)).scalar_one()
        first = import_file(unit, "customers", content, environment)
        again = import_file(unit, "customers", content, environment)
        after = unit.connection.execute(text(everyone)).scalar_one()
        unit.connection.get_transaction().rollback()
    assert (again.new, again.known) == (0, len(lines))
    assert after - before == first.new == len(lines)


# devices


def test_devices_make_tokens_from_what_was_imported(engine, goods, environment):
    open_secret = secrets_from(environment)
    with engine.connect() as connection:
        kit, meter = find_device(connection, "KIT1"), find_device(connection, METER)
    (days,) = issue_days(open_secret(kit), kit.token_counter, 30)
    assert len(days.text) == 9
    assert open_secret(kit).key == bytes.fromhex(KEY)
    (energy,) = issue_energy(open_secret(meter), meter.token_counter, 50, system_clock(), 3)
    assert len(energy.text) == 20


def test_a_device_s_key_is_sealed_for_its_own_row(rows, goods):
    stored = rows("SELECT serial, sealed_key FROM devices WHERE sealed_key IS NOT NULL")
    assert {serial for serial, _ in stored} == {"KIT1", "KIT2"}
    assert all(bytes.fromhex(KEY) not in bytes(sealed) for _, sealed in stored)
    assert len({bytes(sealed) for _, sealed in stored}) == 2


def test_devices_get_owner_tariff_and_counters(rows, goods):
    assert rows(
        "SELECT serial, owner_id IS NOT NULL, tariff_id IS NOT NULL, assigned_on, access_anchor_on,"
        " initial_counter, token_counter, starting_code FROM devices ORDER BY serial"
    ) == [
        (METER, True, True, date(2026, 11, 1), date(2026, 11, 1), 0, 0, None),
        ("KIT1", True, False, date(2026, 11, 1), None, 1, 1, 516959010),
        ("KIT2", False, False, None, None, 1, 1, None),
    ]


def test_an_owned_device_without_a_day_is_assigned_today(imported, people, rows):
    imported("devices", f"{DEVICES}{METER},meter,umeme,home,{AMINA},,,,,{STS}\n")
    (day,) = rows("SELECT assigned_on, access_anchor_on FROM devices")
    assert day in [(TODAY, TODAY), (TODAY + timedelta(days=1), TODAY + timedelta(days=1))]


def test_the_same_devices_again_are_already_there(imported, people):
    first, again = imported(
        "devices",
        f"{DEVICES}{METER},meter,umeme,home,{AMINA},2026-11-01,,,,{STS}\n"
        f"KIT1,shs,sunlite,,,,{KEY},516959010,7,\n",
    )
    assert first == "devices: 2 new, 0 already there"
    assert again == "devices: 0 new, 2 already there"


def test_a_device_that_found_an_owner_since_is_no_difference(dialwatt, goods):
    sale = f"{SALES}{BARAKA},lamp3,KIT2,7800,0,amount,,150,weekly,2026-11-10,,S1\n"
    assert dialwatt("import", "sales", "FILE", content=sale).code == 0
    ran = dialwatt("import", "devices", "FILE", content=f"{DEVICES}KIT2,shs,sunlite,,,,{KEY},,,\n")
    assert ran.out == "devices: 0 new, 1 already there\n"


PLAN = '[[plan]]\ncode = "lamp-w"\nname = "Weekly"\nappliance = "lamp3"\nscheme = "count"\n'
PLAN += 'count = 52\ncadence = "weekly"\n'
WITH_PLAN = DEVICES.replace("sts\n", "sts,plan\n")


def test_a_kit_in_stock_may_have_its_plan_set(dialwatt, people, imported, rows):
    assert dialwatt("load", "FILE", content=PLAN).code == 0

    first, again = imported("devices", f"{WITH_PLAN}KIT9,shs,sunlite,,,,{KEY},,,,lamp-w\n")

    assert (first, again) == (
        "devices: 1 new, 0 already there",
        "devices: 0 new, 1 already there",
    )
    assert rows(
        "SELECT d.serial, p.code FROM devices d JOIN plan_offers p ON p.id = d.plan_offer_id"
    ) == [("KIT9", "lamp-w")]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("S1,shs,sunlite,,,,K,,,,nosuch", 'there is no plan "nosuch"'),
        ("S1,shs,sunlite,,AMINA,,K,,,,lamp-w", "plan: only a kit or an e-bike in stock"),
        ("37000100034,meter,umeme,home,,,,,,STS,lamp-w", "plan: only a kit or an e-bike in stock"),
        ("S1,e_bike,bodavolt,,,,K,,,,lamp-w", "plan: lamp-w is for an appliance of kind shs"),
    ],
)
def test_a_plan_that_does_not_fit_is_told(dialwatt, people, refused, line, wanted):
    assert dialwatt("load", "FILE", content=PLAN).code == 0
    for short, value in (("STS", STS), ("AMINA", AMINA), (",K,", f",{KEY},")):
        line = line.replace(short, value)

    assert wanted in refused("devices", f"{WITH_PLAN}{line}\n")


BAD_DEVICES = [
    ("S/1,x,umeme,,,,,,,", "kind: 'x' is none of meter, shs, e_bike"),
    ("S?1,shs,sunlite,,,,K,,,", "serial: not a serial number"),
    ("S1,shs,nobody,,,,K,,,", 'there is no manufacturer "nobody"'),
    ("S1,meter,sunlite,,,,K,,,", "this manufacturer makes shs, not meter"),
    ("S1,shs,sunlite,home,,,K,,,", "tariff: only meters have one"),
    ("37000100034,meter,umeme,away,,,,,,STS", 'there is no tariff "away"'),
    ("37000100034,meter,umeme,,AMINA,,,,,STS", "tariff: a meter with an owner needs one"),
    ("37000100034,meter,umeme,home,+254722999999,,,,,STS", "no customer has the number"),
    ("37000100034,meter,umeme,home,,2026-11-01,,,,STS", "assigned_on without owner_msisdn"),
    ("37000100034,meter,umeme,home,,,,,,", "sts: an STS meter needs it"),
    ("37000100034,meter,umeme,home,,,,,,ea=11", "sts: the STS data of a meter is written as"),
    ("37000100034,meter,umeme,home,,,,,,KT1", "key type 1"),
    ("37000100034,meter,umeme,home,,,K,,,STS", "secret_key and starting_code do not belong"),
    ("37000100033,meter,umeme,home,,,,,,STS", "37000100033 is no STS meter number"),
    ("3700010003X,meter,umeme,home,,,,,,STS", "3700010003X is no STS meter number"),
    ("S1,shs,sunlite,,,,,,,", "secret_key: this token family needs the device's key"),
    ("S1,shs,sunlite,,,,abc,,,", "secret_key: not hexadecimal"),
    ("S1,shs,sunlite,,,,abcd,,,", "secret_key: has 2 bytes, a device key has 16"),
    ("S1,shs,sunlite,,,,K,1234567890,,", "starting_code: not a whole number"),
    ("S1,shs,sunlite,,,,K,,x,", "count: not a whole number"),
    ("S1,shs,sunlite,,,,K,,99999,", "count: must be 0 to 65535"),
    ("S1,shs,sunlite,,,,K,,,STS", "sts: only STS meters have it"),
    ("S1,shs,sunlite,,AMINA,yesterday,K,,,", "assigned_on: not a date"),
    ("KIT1,shs,sunlite,,AMINA,,11112222333344445555666677778888,516959010,1,", "another key"),
    ("KIT1,shs,sunlite,,AMINA,,K,1,1,", "starting_code: the database says 516959010"),
    ("KIT1,shs,sunlite,,AMINA,,K,516959010,3,", "count: the database says 1, the file says 3"),
    ("KIT1,shs,sunlite,,BARAKA,,K,516959010,1,", "KIT1 has another owner"),
    ("KIT1,shs,sunlite,,AMINA,2026-11-02,K,516959010,1,", "assigned_on: the database says"),
    ("KIT2,shs,sunlite,,AMINA,,K,,,", "KIT2 has another owner"),
]


def test_every_bad_device_is_told_and_none_is_imported(refused, goods, subtests):
    known = {"K": KEY, "STS": STS, "KT1": STS.replace("kt=2", "kt=1")}
    known |= {"AMINA": AMINA, "BARAKA": BARAKA}
    for line, wanted in BAD_DEVICES:
        with subtests.test(line):
            bad = ",".join(known.get(cell, cell) for cell in line.split(","))
            told = refused("devices", f"{DEVICES}GOOD,shs,sunlite,,,,{KEY},,,\n{bad}\n")
            assert "line 2:" not in told
            assert "line 3: " in told
            assert wanted in told
            assert KEY not in told


def test_a_maker_served_by_a_vendor_that_is_not_there_yet_is_refused(dialwatt, refused, people):
    maker = '[[manufacturer]]\ncode = "v"\nname = "V"\nkinds = ["meter"]\ntoken = "gomelong"\n'
    assert dialwatt("load", "FILE", content=maker).code == 0
    told = refused("devices", f"{DEVICES}S1,meter,v,home,,,,,,\n")
    assert "line 2: no tokens can be made for devices of family gomelong yet" in told


def test_a_device_without_tokens_needs_no_key(dialwatt, imported, people):
    maker = '[[manufacturer]]\ncode = "v"\nname = "V"\nkinds = ["e_bike"]\ntoken = "none"\n'
    assert dialwatt("load", "FILE", content=maker).code == 0
    first, _ = imported("devices", f"{DEVICES}B1,e_bike,v,,,,,,,\n")
    assert first == "devices: 1 new, 0 already there"


# sales


def plan(rows, reference):
    return rows(
        "SELECT i.number, i.due_on, i.amount_minor, i.days FROM instalments i"
        " JOIN sales s ON s.id = i.sale_id WHERE s.reference = :reference ORDER BY 1",
        reference=reference,
    )


def test_a_sale_by_count_splits_its_price(imported, goods, rows):
    first, again = imported(
        "sales", f"{SALES}{AMINA},cooker,,1000,0,count,3,,monthly,2026-01-31,2026-01-31,S1\n"
    )
    assert first == "sales: 1 new, 0 already there"
    assert again == "sales: 0 new, 1 already there"
    assert plan(rows, "S1") == [
        (1, date(2026, 1, 31), 333_00, 0),
        (2, date(2026, 2, 28), 333_00, 0),
        (3, date(2026, 3, 31), 334_00, 0),
    ]


def test_a_sale_by_amount_buys_days_on_its_device(imported, goods, rows):
    imported("sales", f"{SALES}{AMINA},lamp3,kit-1,400,100,amount,,150,weekly,2026-11-01,,S1\n")
    assert plan(rows, "S1") == [
        (0, date(2026, 11, 1), 100_00, 0),
        (1, date(2026, 11, 8), 150_00, 7),
        (2, date(2026, 11, 15), 150_00, 7),
    ]
    assert rows("SELECT d.serial FROM sales s JOIN devices d ON d.id = s.device_id") == [("KIT1",)]


def test_a_sale_is_one_balanced_entry(imported, goods, rows):
    imported("sales", f"{SALES}{AMINA},cooker,,1000,200,count,5,,daily,2026-11-01,,S1\n")
    assert rows(
        "SELECT e.kind, p.account, p.side, p.amount_minor, p.customer_id IS NOT NULL"
        " FROM postings p JOIN journal_entries e ON e.id = p.entry_id"
        " WHERE e.idempotency_key = 'sale:' || (SELECT id FROM sales) ORDER BY p.account"
    ) == [
        ("sale", "income:sales", "credit", 1000_00, True),
        ("sale", "receivable:sales", "debit", 1000_00, True),
    ]


def test_without_a_total_the_appliance_s_price_counts(imported, goods, rows):
    imported("sales", f"{SALES}{AMINA},cooker,,,,count,6,300,monthly,2026-11-01,,S1\n")
    assert rows("SELECT total_minor FROM sales") == [(1800_00,)]


def test_a_kit_sold_from_stock_becomes_the_buyer_s(imported, goods, rows):
    imported("sales", f"{SALES}{BARAKA},lamp3,KIT2,7800,0,amount,,150,weekly,2026-11-10,,S1\n")
    assert rows(
        "SELECT c.name, d.assigned_on FROM devices d JOIN customers c ON c.id = d.owner_id"
        " WHERE d.serial = 'KIT2'"
    ) == [("Baraka", date(2026, 11, 10))]


def test_a_line_without_reference_is_known_by_its_facts(imported, goods, rows):
    line = f"{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,\n"
    first, again = imported("sales", SALES + line)
    assert (first, again) == ("sales: 1 new, 0 already there", "sales: 0 new, 1 already there")
    another_day = line.replace("2026-11-01", "2026-11-02")
    first, again = imported("sales", SALES + line + another_day)
    assert (first, again) == ("sales: 1 new, 1 already there", "sales: 0 new, 2 already there")
    assert rows("SELECT count(*) FROM sales") == [(2,)]


def test_energy_as_a_service_has_no_instalments(dialwatt, imported, goods, rows):
    appliance = (
        '[[appliance]]\ncode = "daily"\nname = "Light"\nkind = "shs"\nprice = "0"\n'
        'price_per_day = "20.00"\nminimum_payment = "100.00"\n'
    )
    assert dialwatt("load", "FILE", content=appliance).code == 0
    imported("sales", f"{SALES}{AMINA},daily,KIT1,,,service,,,,2026-11-01,,S1\n")
    assert rows(
        "SELECT scheme, total_minor, price_per_day_minor, minimum_payment_minor FROM sales"
    ) == [("service", 0, 20_00, 100_00)]
    assert rows("SELECT count(*) FROM instalments") == [(0,)]
    assert rows("SELECT count(*) FROM journal_entries") == [(0,)]


BAD_SALES = [
    ("+254722999999,cooker,,1000,0,count,5,,daily,2026-11-01,,", "no customer has the number"),
    ("AMINA,stove,,1000,0,count,5,,daily,2026-11-01,,", 'there is no appliance "stove"'),
    ("AMINA,lamp3,,1000,0,count,5,,daily,2026-11-01,,", "kind shs is sold with its device"),
    ("AMINA,cooker,KIT1,1000,0,count,5,,daily,2026-11-01,,", "of kind other has none"),
    ("AMINA,lamp3,NONE,1000,0,count,5,,daily,2026-11-01,,", "there is no device NONE"),
    (f"AMINA,lamp3,{METER},1000,0,count,5,,daily,2026-11-01,,", "is of kind meter"),
    ("BARAKA,lamp3,KIT1,1000,0,count,5,,daily,2026-11-01,,", "KIT1 has another owner"),
    ("AMINA,cooker,,1000.50,0,count,5,,daily,2026-11-01,,", "the total 1000.50 is not"),
    ("AMINA,cooker,,0,0,count,5,,daily,2026-11-01,,", "the total 0.00 is not"),
    ("AMINA,cooker,,1000,2000,count,5,,daily,2026-11-01,,", "the down payment 2000.00"),
    ("AMINA,cooker,,1000,0,count,,,daily,2026-11-01,,", "scheme amount needs an instalment"),
    ("AMINA,cooker,,1000,0,amount,5,,daily,2026-11-01,,", "scheme amount needs an instalment"),
    ("AMINA,cooker,,1000,0,amount,,1001,daily,2026-11-01,,", "more than the financed amount"),
    ("AMINA,cooker,,1000,0,amount,,1,daily,2026-11-01,,", "a plan has 1 to 520 instalments"),
    ("AMINA,cooker,,1000,0,amount,4,300.50,daily,2026-11-01,,", "a multiple of the cash unit"),
    ("AMINA,cooker,,1000,0,amount,5,300,daily,2026-11-01,,", "the plan has 4 instalments"),
    ("AMINA,cooker,,1000,0,count,5,300,daily,2026-11-01,,", "an instalment is 200.00"),
    ("AMINA,cooker,,1000,0,rent,5,,daily,2026-11-01,,", "scheme: 'rent' is none of"),
    ("AMINA,cooker,,1000,0,count,5,,yearly,2026-11-01,,", "cadence: 'yearly' is none of"),
    ("AMINA,cooker,,1000,0,count,5,,,2026-11-01,,", "cadence: is missing"),
    ("AMINA,cooker,,1000,0,count,5,,daily,,,", "sold_on: is missing"),
    ("AMINA,cooker,,1000,0,count,5,,monthly,9999-01-01,,", "sold_on: '9999-01-01' is not between"),
    ("AMINA,cooker,,1000,0,count,5,,daily,2026-11-01,2020-01-01,", "first_due_on: is before"),
    ("AMINA,cooker,,1000,0,service,,,,2026-11-01,,", "scheme service needs a serial"),
    ("AMINA,lamp3,KIT1,1000,0,service,,,,2026-11-01,,", "a price_per_day on appliance"),
]


def test_every_bad_sale_is_told_and_none_is_imported(refused, goods, subtests):
    good = f"{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,GOOD\n"
    for line, wanted in BAD_SALES:
        with subtests.test(line):
            bad = line.replace("AMINA", AMINA).replace("BARAKA", BARAKA)
            told = refused("sales", f"{SALES}{good}{bad}\n")
            assert "line 2:" not in told
            assert "line 3: " in told
            assert wanted in told


OTHER_SALES = [
    ("BARAKA,cooker,,1000,0,count,5,,daily,2026-11-01,,S1", "is another customer's"),
    ("AMINA,lamp1,KIT1,1000,0,count,5,,daily,2026-11-01,,S1", "is of another device"),
    ("AMINA,cooker,,1001,0,count,5,,daily,2026-11-01,,S1", "another plan"),
    ("AMINA,cooker,,1000,0,count,4,,daily,2026-11-01,,S1", "another plan"),
    ("AMINA,cooker,,1000,0,amount,,200,daily,2026-11-01,,S1", "scheme: the database says count"),
    ("AMINA,cooker,,1000,0,count,5,,daily,2026-11-02,,S1", "sold_on: the database says 2026-11-01"),
    ("AMINA,cooker,,1000,0,count,5,,daily,2026-11-01,2026-11-05,S1", "another plan"),
]


def test_another_sale_under_a_known_reference_is_refused(dialwatt, refused, goods, subtests):
    sale = f"{SALES}{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,S1\n"
    assert dialwatt("import", "sales", "FILE", content=sale).code == 0
    for line, wanted in OTHER_SALES:
        with subtests.test(line):
            other = line.replace("AMINA", AMINA).replace("BARAKA", BARAKA)
            assert wanted in refused("sales", f"{SALES}{other}\n")


def test_a_device_goes_on_one_plan_only(dialwatt, refused, goods):
    sale = f"{AMINA},lamp3,KIT1,7800,0,amount,,150,weekly,2026-11-01,,S"
    told = refused("sales", f"{SALES}{sale}1\n{sale}2\n")
    assert "line 3: KIT1 is on a payment plan already" in told
    assert dialwatt("import", "sales", "FILE", content=f"{SALES}{sale}1\n").code == 0
    assert "line 2: KIT1 is on a payment plan already" in refused("sales", f"{SALES}{sale}2\n")


def test_two_alike_without_reference_need_one(refused, goods):
    line = f"{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,\n"
    assert "line 3: the same as line 2" in refused("sales", SALES + line + line)


def test_the_files_of_the_demo_can_be_imported(dialwatt, loaded):
    from operations.demo import on_day

    for kind in ("customers", "devices", "sales"):
        content = (CATALOGUE.parent / f"{kind}.csv").read_text(encoding="utf-8")
        assert dialwatt("import", kind, "FILE", content=on_day(content, TODAY)).code == 0


# sales that changed since they were made


@pytest.fixture
def open_unit(engine):
    return unit_opener(engine)


def sale_id_of(rows):
    return rows("SELECT min(id) FROM sales")[0][0]


CHANGES = {
    "a new price": lambda unit, sale: reprice_sale(unit, sale, 1500_00, "grace", "agreed"),
    "another rhythm": lambda unit, sale: reschedule_sale(
        unit, sale, NewSchedule(ByAmount(Money(100_00, "KES")), "weekly"), "grace", "agreed"
    ),
    "returned": lambda unit, sale: cancel_sale(unit, sale, "grace", "returned"),
}


@pytest.mark.parametrize("reference", ["S1", ""])
@pytest.mark.parametrize("change", CHANGES)
def test_the_line_a_sale_was_made_from_changes_nothing_after_it_changed(
    dialwatt, goods, open_unit, rows, contents, change, reference
):
    line = f"{SALES}{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,{reference}\n"
    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    with open_unit() as unit:
        CHANGES[change](unit, sale_id_of(rows))
    before = contents()

    ran = dialwatt("import", "sales", "FILE", content=line)

    assert (ran.code, ran.out.strip()) == (0, "sales: 0 new, 1 already there")
    assert contents() == before


def test_a_sale_changed_twice_is_known_by_how_it_was_made(
    dialwatt, refused, goods, open_unit, rows
):
    line = f"{SALES}{AMINA},cooker,,1000,0,count,5,,daily,2026-11-01,,S1\n"
    dialwatt("import", "sales", "FILE", content=line)
    for total in (1500_00, 2000_00):
        with open_unit() as unit:
            reprice_sale(unit, sale_id_of(rows), total, "grace", "agreed")

    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    assert "another plan" in refused("sales", line.replace("1000,", "2000,"))


@pytest.mark.parametrize("reference", ["S1", ""])
def test_a_line_without_a_total_is_known_after_the_catalogue_s_price_changed(
    dialwatt, goods, engine, contents, reference
):
    line = f"{SALES}{AMINA},cooker,,,,count,6,,monthly,2026-11-01,,{reference}\n"
    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    with engine.begin() as connection:
        connection.execute(text("UPDATE appliances SET price_minor = 9000_00, initial_days = 3"))
    before = contents()

    assert dialwatt("import", "sales", "FILE", content=line).code == 0
    assert contents() == before
