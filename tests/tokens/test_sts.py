from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from core.luhn import luhn_digit
from core.tokens import sts
from core.tokens.errors import TokenError
from core.tokens.sts_amount import (
    MAX_UNITS,
    currency_field,
    energy_field,
    energy_units,
    exact_parts,
)
from core.tokens.sts_block import crc, from_digits, to_digits
from core.tokens.sts_keys import DecoderKey, StsMeter, decoder_key, meter_pan

# The vending key and meters of the compliance suites STS 531-1: published, never in service.
VENDING_KEY = bytes.fromhex("abababababababab949494949494949401234567")
PAN = "600727000000000009"
METER = StsMeter(11, 4, "201457", 1, "01", 2, vending_key=VENDING_KEY)


@pytest.mark.parametrize(
    ("covered", "expected"), [("00004A2D900FF2", 0x0FFA), ("000B19EB230100", 0xC207)]
)
def test_the_crc_gives_the_published_values(covered: str, expected: int) -> None:
    assert crc(bytes.fromhex(covered)) == expected


@given(token_class=st.integers(0, 3), block=st.integers(0, 2**64 - 1))
def test_a_block_survives_its_digits(token_class: int, block: int) -> None:
    digits = to_digits(token_class, block)
    assert len(digits) == 20
    assert from_digits(digits) == (token_class, block)


@pytest.mark.parametrize("text", ["", "1" * 19, "1" * 21, "x" * 20, "٣" * 20, "9" * 20])
def test_what_cannot_be_a_token_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        from_digits(text)


def test_dkga02_gives_the_published_key() -> None:
    meter = StsMeter(7, 2, "123456", 1, "01", 2, vending_key=b"\xab" * 8)
    assert decoder_key(meter, PAN).key.hex() == "e653341f9d5bf36f"


def test_dkga04_gives_the_published_key() -> None:
    assert decoder_key(replace(METER, ea=7), PAN).key.hex() == "87f3ecbb2e46b48f"


@pytest.mark.parametrize(
    ("number", "pan"),
    [
        ("00000000000", "600727000000000009"),
        ("0100000000008", "000001000000000082"),
        ("600727000000000009", "600727000000000009"),
        ("000001000000000082", "000001000000000082"),
    ],
)
def test_a_meter_number_becomes_its_pan(number: str, pan: str) -> None:
    assert meter_pan(number) == pan


@pytest.mark.parametrize("number", ["12345678904", "11111111113", "600727000000000008"])
def test_a_wrong_check_digit_is_refused(number: str) -> None:
    with pytest.raises(TokenError, match="check digit"):
        meter_pan(number)


@pytest.mark.parametrize("number", ["", "1234", "1234567890X", "٣" * 11])
def test_what_is_not_a_meter_number_is_refused(number: str) -> None:
    with pytest.raises(TokenError, match="11, 13 or 18 digits"):
        meter_pan(number)


@given(digits=st.text("0123456789", min_size=10, max_size=10), data=st.data())
def test_one_mistyped_digit_never_passes_the_check(digits: str, data: DataObject) -> None:
    number = f"{digits}{luhn_digit(digits)}"
    at = data.draw(st.integers(0, 10))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != number[at]]))
    with pytest.raises(TokenError, match="check digit"):
        meter_pan(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize(
    ("at", "after"),
    [("00:00", 0), ("00:01", 2), ("00:02", 2), ("23:59", 1439)],
)
def test_the_reserved_minute_of_a_day_is_skipped(at: str, after: int) -> None:
    day = datetime(2026, 5, 4, tzinfo=UTC)
    midnight = sts.tid_at(2014, day)
    hour, minute = map(int, at.split(":"))
    assert sts.tid_at(2014, day.replace(hour=hour, minute=minute)) - midnight == after


def test_an_identifier_counts_in_utc_whatever_the_zone() -> None:
    nairobi = timezone(timedelta(hours=3))
    assert sts.tid_at(2014, datetime(2032, 10, 27, 11, tzinfo=nairobi)) == 9_899_040


def test_a_dead_vending_key_is_refused() -> None:
    with pytest.raises(TokenError, match="expired"):
        sts.check_expiry(9_899_040, 85)
    sts.check_expiry(9_899_040, 151)
    sts.check_expiry((1 << 24) - 1, 255)


def test_an_identifier_past_24_bits_is_refused() -> None:
    with pytest.raises(TokenError, match="24 bits"):
        sts.credit(decoder_key(METER, PAN), sts.ELECTRICITY, 1 << 24, 1, 0)


@pytest.mark.parametrize(
    ("units", "field"),
    [
        (0, 0),
        (16_383, 0x3FFF),
        (16_384, 0x4000),
        (16_385, 0x4001),
        (180_223, 0x8000),
        (180_224, 0x8000),
        (1_818_624, 0xC000),
        (MAX_UNITS, 0xFFFF),
    ],
)
def test_an_amount_is_written_as_the_standard_does(units: int, field: int) -> None:
    assert energy_field(units) == field


@pytest.mark.parametrize("units", [-1, MAX_UNITS + 1])
def test_an_amount_outside_the_range_is_refused(units: int) -> None:
    with pytest.raises(TokenError):
        energy_field(units)


@given(units=st.integers(0, MAX_UNITS))
def test_the_standard_rounds_up_by_less_than_a_step(units: int) -> None:
    read = energy_units(energy_field(units))
    assert units <= read < units + 1000


@given(units=st.integers(1, 3 * MAX_UNITS))
def test_parts_sum_to_the_amount_and_need_no_rounding(units: int) -> None:
    parts = exact_parts(units)
    assert sum(parts) == units
    assert all(energy_units(energy_field(part)) == part for part in parts)
    assert units > MAX_UNITS or len(parts) <= 2


@given(units=st.integers(1, 16_383))
def test_a_usual_amount_is_one_part(units: int) -> None:
    assert exact_parts(units) == [units]


@pytest.mark.parametrize(
    ("minute", "amount", "token"),
    [
        (1, "1", "72503171501464925869"),
        (4, "180224", "67316201578649240766"),
        (72, "-1", "40156929596019478780"),
        (71, "1.82044E+29", "40741014013034725556"),
    ],
)
def test_a_currency_token_is_that_of_the_compliance_suite(
    minute: int, amount: str, token: str
) -> None:
    at = datetime(2027, 8, 21, 12, tzinfo=UTC) + timedelta(minutes=minute)
    made = sts.currency_credit(
        decoder_key(METER, PAN),
        sts.ELECTRICITY,
        sts.tid_at(2014, at),
        int(Decimal(amount) * 100_000),
    )
    assert made == token


def test_money_taken_back_rounds_towards_zero() -> None:
    assert currency_field(-100_000) & 0x7FFFF == currency_field(100_000) - 1


@pytest.mark.parametrize(
    ("pan", "change", "roll_over", "tokens"),
    [
        (
            PAN,
            {"ti": "02"},
            False,
            "03854447086453451911 02791799436242461152 67118070329353977190 19019128690902932218",
        ),
        (
            PAN,
            {"ti": "02", "krn": 6, "base": 2035, "sgc": "203557"},
            True,
            "39536809214641544852 23263472884016433225 45268691985939334940 65389277406881242890",
        ),
        (
            "000001000000000082",
            {"ti": "02"},
            False,
            "42838173476849833694 16253835866723530086 53377655651536688781 10498195148772320798",
        ),
    ],
    ids=["tariff index", "roll-over", "13-digit meter"],
)
def test_a_key_change_set_is_that_of_the_compliance_suite(
    pan: str, change: dict[str, Any], roll_over: bool, tokens: str
) -> None:
    new = replace(METER, **change)
    made = sts.key_change(decoder_key(METER, pan), decoder_key(new, pan), new, roll_over=roll_over)
    assert " ".join(made) == tokens


def test_a_meter_is_read_from_its_line_in_an_import_file() -> None:
    text = "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;ken=200;base=2035"
    assert StsMeter.parse(text) == StsMeter(11, 4, "123456", 1, "01", 2, 200, 2035)


def test_key_expiry_and_base_year_may_be_left_out() -> None:
    meter = StsMeter.parse("ea=07; dkga=02; sgc=123456; krn=1; ti=01; kt=2")
    assert (meter.ken, meter.base) == (255, 2014)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ea=11",
        "nonsense",
        "ea=11;dkga=04;sgc=123456;krn=x;ti=01;kt=2",
        "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;vending_key=5",
        "ea=11;dkga=02;sgc=123456;krn=1;ti=01;kt=2",
        "ea=09;dkga=04;sgc=123456;krn=1;ti=01;kt=2",
        "ea=11;dkga=04;sgc=12345;krn=1;ti=01;kt=2",
        "ea=11;dkga=04;sgc=123456;krn=0;ti=01;kt=2",
        "ea=11;dkga=04;sgc=123456;krn=1;ti=1;kt=2",
        "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=4",
        "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;ken=256",
        "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;base=2000",
    ],
)
def test_sts_data_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(TokenError):
        StsMeter.parse(text)


def test_no_key_is_ever_printed() -> None:
    key = decoder_key(METER, PAN)
    assert VENDING_KEY.hex() not in repr(METER)
    assert repr(VENDING_KEY) not in repr(METER)
    assert repr(key) == "DecoderKey(ea=11)"


def test_a_meter_without_its_vending_key_or_tables_is_refused_by_name() -> None:
    with pytest.raises(TokenError, match="supply group 201457"):
        decoder_key(replace(METER, vending_key=None), PAN)
    with pytest.raises(TokenError, match="STA tables"):
        sts.credit(DecoderKey(7, bytes(8)), sts.ELECTRICITY, 5, 1, 0)


@pytest.mark.parametrize("kt", [0, 3])
def test_a_key_type_no_figure_confirms_is_refused(kt: int) -> None:
    with pytest.raises(TokenError, match="key type"):
        decoder_key(replace(METER, kt=kt), PAN)
