"""Phone numbers as typed: lenient about how they are spaced, never about what was meant."""

import pytest

from core.msisdn import mask_msisdn, parse_msisdn


@pytest.mark.parametrize(
    "typed",
    ["+254711000111", "0711000111", " 0711 000-111 ", "(0711) 000.111", "254711000111"],
)
def test_a_number_is_read_however_it_is_spaced(typed: str) -> None:
    assert parse_msisdn(typed, "KE") == "+254711000111"


@pytest.mark.parametrize(
    "typed",
    [
        *("", "hello", "07", "+44 20", "0711000111000111", "7"),
        *("0722000001*2", "0711000111#", "0711000111x5", "0711000111 ext 5", "0711JUMA11"),
        *("tel:+254711000111", "+254711000111;isub=5", "٠٧١١٠٠٠١١١", "0711000111+"),
    ],
)
def test_what_holds_anything_else_is_no_number(typed: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        parse_msisdn(typed, "KE")


def test_others_see_a_number_masked() -> None:
    assert mask_msisdn("+254711000111") == "+25471***111"
