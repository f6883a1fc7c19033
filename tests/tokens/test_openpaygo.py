from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from core.tokens import openpaygo
from core.tokens.errors import TokenError
from core.tokens.openpaygo import EXTENDED, MAX_COUNT, NORMAL, Form, TokenType

KEY = bytes.fromhex("bc41ec9530f6dac86b1a29ab82edc5fb")
CODE = 516959010


@pytest.mark.parametrize("value", [-5, -1, 996, 998, 1000, 0.4, 2.5, "7", None, True])
def test_a_value_a_device_would_misread_is_refused(value: Any) -> None:
    with pytest.raises(TokenError, match="whole number from 0 to 995"):
        openpaygo.issue(KEY, CODE, 1, TokenType.ADD_TIME, value)


@pytest.mark.parametrize("starting_code", [-1, 1_000_000_000])
def test_a_starting_code_has_nine_digits(starting_code: int) -> None:
    with pytest.raises(TokenError, match="nine digits"):
        openpaygo.issue(KEY, starting_code, 1, TokenType.ADD_TIME, 1)


def test_starting_code_zero_is_a_starting_code() -> None:
    with_zero = openpaygo.issue(KEY, 0, 1, TokenType.ADD_TIME, 1)
    derived = openpaygo.issue(KEY, openpaygo.starting_code_from(KEY), 1, TokenType.ADD_TIME, 1)
    assert with_zero != derived


@pytest.mark.parametrize("last_count", [-1, MAX_COUNT - 1, MAX_COUNT, 10**9])
def test_a_count_that_cannot_be_true_is_refused(last_count: int) -> None:
    with pytest.raises(TokenError, match="count"):
        openpaygo.issue(KEY, CODE, last_count, TokenType.ADD_TIME, 1)


@given(last=st.integers(0, 1000))
def test_add_time_takes_the_next_even_count_and_the_rest_the_next_odd_one(last: int) -> None:
    for kind in TokenType:
        count = openpaygo.next_count(last, kind)
        assert last < count <= last + 2
        assert (count % 2 == 0) == (kind is TokenType.ADD_TIME)


@pytest.mark.parametrize(("days", "divider"), [("0.4", 1), ("0.3", 4), ("2.75", 2)])
def test_days_that_are_not_whole_units_are_refused_and_not_rounded(days: str, divider: int) -> None:
    with pytest.raises(TokenError, match="whole number of device units"):
        openpaygo.units(Decimal(days), divider)


@pytest.mark.parametrize("divider", [0, -1, 256])
def test_a_divider_outside_the_device_is_refused(divider: int) -> None:
    with pytest.raises(TokenError, match="divider"):
        openpaygo.units(1, divider)


def test_the_restricted_form_is_the_example_of_the_specification() -> None:
    assert openpaygo.to_restricted("662486790") == "324244134441123"


@given(form=st.sampled_from([NORMAL, EXTENDED]), data=st.data())
def test_the_restricted_form_reads_back(form: Form, data: DataObject) -> None:
    number = data.draw(st.integers(0, 10**form.digits - 1))
    text = f"{number:0{form.digits}d}"
    assert openpaygo.from_restricted(openpaygo.to_restricted(text, form), form) == text


@pytest.mark.parametrize("text", ["", "12341234123412", "123412341234125", "1234123412341234"])
def test_what_is_not_a_restricted_token_is_refused(text: str) -> None:
    with pytest.raises(TokenError, match="1 to 4"):
        openpaygo.from_restricted(text)
