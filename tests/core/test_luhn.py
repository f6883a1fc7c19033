"""The Luhn check digit: it finds every mistyped digit, and nearly every two that changed places."""

from hypothesis import given
from hypothesis import strategies as st

from core.luhn import has_luhn_digit, luhn_digit

DIGITS = st.text("0123456789", min_size=1, max_size=18)


def test_the_example_of_the_standard() -> None:
    assert luhn_digit("7992739871") == 3
    assert has_luhn_digit("79927398713")


@given(digits=DIGITS, place=st.integers(0, 17), wrong=st.sampled_from("123456789"))
def test_one_wrong_digit_is_found(digits: str, place: int, wrong: str) -> None:
    number = f"{digits}{luhn_digit(digits)}"
    assert has_luhn_digit(number)
    place %= len(number)
    digit = str((int(number[place]) + int(wrong)) % 10)
    assert not has_luhn_digit(number[:place] + digit + number[place + 1 :])
