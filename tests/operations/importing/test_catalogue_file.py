"""A catalogue file is read strictly, and all that is wrong with it is told at once."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalogue import Catalogue
from core.errors import BadInput
from core.market import Market
from core.money import Money
from core.plan import ByAmount, ByCount, ByDay
from core.tariff import TariffVersion
from operations.importing.catalogue_file import parse_catalogue
from tests.operations.conftest import CATALOGUE

DEMO = CATALOGUE.read_text(encoding="utf-8")
WITHOUT_HELP = "".join(line for line in DEMO.splitlines(True) if not line.startswith("help_"))
SPOKEN = ("en", "sw")


def parsed(content: str = DEMO, market: Market | None = None) -> tuple[Catalogue, list[str]]:
    return parse_catalogue(content, market, SPOKEN)


def problems_of(old: str, new: str, content: str = DEMO) -> list[str]:
    assert old in content
    try:
        return parsed(content.replace(old, new, 1))[1]
    except BadInput as error:
        return list(error.problems)


def test_the_demo_s_catalogue_has_no_problem() -> None:
    catalogue, problems = parsed()
    assert problems == []
    assert catalogue.market is not None
    assert catalogue.market.cash_unit_minor == 100
    assert catalogue.market.payment_max_minor == 250_000_00
    (home,) = catalogue.tariffs
    assert home.version == TariffVersion(date(2026, 1, 1), 25_00_000, 100_00, 30, 0)
    (juma,) = catalogue.agents
    assert (juma.commission_collections_bp, juma.commission_sales_bp) == (200, 500)
    assert juma.language == "en"


def test_the_ceiling_of_m_pesa_is_no_ceiling_in_another_currency() -> None:
    in_uganda = DEMO.replace('currency = "KES"', 'currency = "UGX"')
    for cents in (".00", ".50"):
        in_uganda = in_uganda.replace(f'{cents}"', '"')
    catalogue, problems = parsed(in_uganda)
    assert problems == []
    assert catalogue.market is not None
    assert catalogue.market.payment_max_minor == 99_999_999


def test_a_market_may_have_a_rule_for_late_payers() -> None:
    catalogue, _ = parsed(DEMO.replace("[market]\n", "[market]\ndefault_after_days = 90\n"))
    assert catalogue.market is not None
    assert catalogue.market.default_after_days == 90


def test_a_market_may_have_a_help_line_and_a_tax_number() -> None:
    given = 'help_line = "0800 724 724"\nhelp_hours = "8:30-17"\ntax_number = "P051234567X"\n'
    catalogue, problems = parsed(WITHOUT_HELP.replace("[market]\n", f"[market]\n{given}"))
    assert problems == []
    assert catalogue.market is not None
    assert catalogue.market.help_line == "+254800724724"
    assert catalogue.market.help_hours == "8:30-17"
    assert catalogue.market.tax_number == "P051234567X"


def test_a_market_needs_no_help_line() -> None:
    catalogue, problems = parsed(WITHOUT_HELP)
    assert problems == []
    assert catalogue.market is not None
    assert catalogue.market.help_line is None


def test_the_pin_is_in_no_repr() -> None:
    assert "4321" not in repr(parsed()[0])


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ('country = "KE"', 'country = "XX"', "market: country: not a country"),
        ('country = "KE"', 'country = ["KE"]', "market: country: not a country"),
        ('"Africa/Nairobi"', '["Africa/Nairobi"]', "market: timezone: not a time zone"),
        ('currency = "KES"', 'currency = "Shilling"', "market: currency: not a currency"),
        ('"+254700000000"', '"call us"', "market: help_line: not a telephone number"),
        ('"8-18"', '"8-25"', "market: help_hours: not hours"),
        ('cash_unit = "1.00"', 'cash_unit = "0"', "market: cash_unit: must be more than 0"),
        ('cash_unit = "1.00"', 'cash_unit = "1.005"', "market: cash_unit: not an amount"),
        ('"Africa/Nairobi"', '"Africa/Nairoby"', 'market: timezone: .*mean "Africa/Nairobi"'),
        ('["en", "sw"]', '["en", "xx"]', "market: languages: 'xx' is none of en, sw"),
        ('["en", "sw"]', "[]", "market: languages: at least one"),
        ('"*384*96#"', '"384"', "market: service_code: not a service code"),
        ('operator = "Jua Energy"', "", "market: operator: is missing"),
        ('operator = "Jua Energy"', 'operater = "Jua"', 'operater: .*mean "operator"'),
        ("[[village]]", "[[vilage]]", r"\[vilage\]: there is no such table .*mean \"village\""),
        ('code = "KIB"', 'code = "MAK"', 'village "MAK": appears twice'),
        ('code = "KIB"', 'code = "K IB"', 'village "K IB": code: not a code'),
        ('kinds = ["shs"]', 'kinds = ["meter"]', 'manufacturer "sunlite": token: openpaygo has no'),
        ('kinds = ["meter"]', 'kinds = ["shs"]', 'manufacturer "umeme": token: sts has no days'),
        ('kinds = ["shs"]', 'kinds = "shs"', "kinds: write it as a list"),
        ('token = "sts"', 'token = "stz"', "token: 'stz' is none of .*mean \"sts\""),
        ('"25.00"', "25.0", 'price_per_kwh: write money in quotes, like "25.00"'),
        ('"25.00"', '"-25.00"', "price_per_kwh: not an amount"),
        ('"25.00"', '"0"', "price_per_kwh: must be more than 0"),
        ('"25.00"', '"25.000001"', "price_per_kwh: not an amount"),
        ('"25.00"', '"25.000"', "price_per_kwh: not an amount: '25.000' could be"),
        ("access_every_days = 30", "", 'tariff "home": access_every_days: is missing'),
        ("access_every_days = 30", "access_every_days = 0", "must be 1 to 3650"),
        ("valid_from = 2026-01-01", 'valid_from = "soon"', "valid_from: not a date"),
        ("valid_from = 2026-01-01", 'valid_from = "2026-02-30"', "there is no day 2026-02-30"),
        ('kind = "other"', 'kind = "cooker"', "kind: 'cooker' is none of"),
        ('price = "7800.00"', "price = true", "price: not an amount"),
        ('"+254711000111"', '"12"', 'agent "12": msisdn: not a phone number'),
        ('pin = "4321"', "pin = 4321", "pin: write it in quotes"),
        ('pin = "4321"', 'pin = "43"', "pin: a PIN is 4 to 6 digits"),
        ('"0.02"', '"2"', "commission_collections: not a share"),
        ('"0.02"', "0.02", "commission_collections: not a share"),
        ('"0.02"', '"1.5"', "commission_collections: not a share"),
        ("pin_is_initial = false", "pin_is_initial = 0", "must be true or false"),
    ],
)
def test_a_wrong_value_is_told_with_its_table_code_and_field(
    old: str, new: str, wanted: str
) -> None:
    problems = problems_of(old, new)
    assert any(re.search(wanted, problem) for problem in problems), problems


def test_all_problems_are_told_at_once() -> None:
    content = DEMO
    for old, new in [
        ('"25.00"', "25.0"),
        ('kind = "other"', 'kind = "cooker"'),
        ('pin = "4321"', 'pin = "x"'),
        ('token = "sts"', 'token = "stz"'),
    ]:
        content = content.replace(old, new, 1)
    tables = {problem.split()[0] for problem in parsed(content)[1]}
    assert tables == {"tariff", "appliance", "agent", "manufacturer"}


def test_a_market_with_a_problem_is_told_with_everything_wrong_in_it() -> None:
    content = DEMO.replace('"KE"', '"XX"', 1).replace('"*384*96#"', '"x"', 1)
    with pytest.raises(BadInput) as error:
        parsed(content)
    assert len(error.value.problems) == 2


def test_money_may_be_a_whole_number() -> None:
    catalogue, problems = parsed(DEMO.replace('"7800.00"', "7800", 1))
    assert problems == []
    assert catalogue.appliances[0].price_minor == 7800_00


def test_a_currency_without_minor_digits_has_none() -> None:
    problems = problems_of('currency = "KES"', 'currency = "UGX"')
    assert problems == []
    of_uganda = DEMO.replace('"KES"', '"UGX"', 1)
    assert problems_of('access_rate = "100.00"', 'access_rate = "100.50"', of_uganda) != []
    assert problems_of('"25.00"', '"796.4"', of_uganda) == []  # the price of a kWh has parts


@pytest.mark.parametrize("vendor", ["calin", "stron", "gomelong", "sunking", "none"])
def test_a_manufacturer_served_by_its_vendor_or_without_tokens_is_known(vendor: str) -> None:
    assert problems_of('token = "openpaygo"', f'token = "{vendor}"') == []


PLANS = [
    ('scheme = "count"', 'scheme = "rent"', "scheme: 'rent' is none of count, amount, service"),
    ("count = 26", "count = 0", "count: must be 1 to 520"),
    ("count = 26", "", "count: is missing"),
    ('instalment = "1000.00"', 'instalment = "0"', "instalment: must be more than 0"),
    ('cadence = "monthly"', 'cadence = "yearly"', "cadence: 'yearly' is none of"),
    ('down_payment = "600.00"', "down_payment = 600.00", "down_payment: write money in quotes"),
]


@pytest.mark.parametrize(("old", "new", "wanted"), PLANS)
def test_a_plan_with_a_problem_is_told(old: str, new: str, wanted: str) -> None:
    problem, *_ = problems_of(old, new)
    assert re.match('plan "tv-(weeks|months)": ', problem)
    assert wanted in problem


def test_plans_are_read_by_scheme() -> None:
    weeks, months, by_day = (plan.terms for plan in parsed()[0].plans)
    assert (weeks.schedule, weeks.down_payment) == (ByCount(26), Money(600_00, "KES"))
    assert months.schedule == ByAmount(Money(1000_00, "KES"))
    assert by_day.schedule == ByDay()


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("kt=2", "kt=1", "nothing is sold to meters on such a key"),
        ("base=2014", "base=1993", "nothing is sold to meters on such a key"),
        ("ea=11;", "", "the STS data of a meter is written as"),
        ('token = "sts"', 'token = "none"', "only a manufacturer of STS meters has it"),
    ],
)
def test_what_new_meters_leave_the_factory_with_is_checked(old: str, new: str, wanted: str) -> None:
    (problem,) = problems_of(old, new)
    assert problem.startswith('manufacturer "umeme": sts: ')
    assert wanted in problem


def test_a_file_without_a_market_takes_the_one_of_the_books() -> None:
    market = parsed()[0].market
    village = '[[village]]\ncode = "NEW"\nname = "New"\n'
    catalogue, problems = parsed(village, market)
    assert (catalogue.market, problems) == (None, [])
    with pytest.raises(BadInput, match="the database has none"):
        parsed(village)


def test_what_is_not_toml_is_told_with_its_place() -> None:
    with pytest.raises(BadInput, match=r"not TOML.*line 2"):
        parsed("[market]\ncountry = KE\n")


@pytest.mark.parametrize("content", ["market = 3", "[[market]]"])
def test_a_table_of_another_shape_is_a_problem_not_a_crash(content: str) -> None:
    with pytest.raises(BadInput, match=content.strip("[]").split()[0]):
        parsed(content)


@pytest.mark.parametrize("content", ["village = 1", "village = [1]", "[village]"])
def test_an_entry_that_is_no_table_of_its_own_is_a_problem(content: str) -> None:
    problems = parsed(content, parsed()[0].market)[1]
    assert problems == ["[village]: write each one under a [[village]] of its own"]


VALUES = st.one_of(
    st.integers(), st.floats(allow_nan=False), st.booleans(), st.text(max_size=5), st.dates()
)


@given(st.dictionaries(st.sampled_from(["code", "name", "price", "kind", "msisdn", "x"]), VALUES))
def test_whatever_stands_in_a_table_becomes_problems_and_never_an_error(
    values: dict[str, Any],
) -> None:
    market = parsed()[0].market
    lines = "\n".join(f"{name} = {_toml(value)}" for name, value in values.items())
    for table in ("village", "manufacturer", "tariff", "appliance", "agent"):
        catalogue, problems = parsed(f"[[{table}]]\n{lines}\n", market)
        assert problems or catalogue.villages


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
    return value.isoformat() if isinstance(value, date) else str(value)
