import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tokens import nexus
from core.tokens.errors import TokenError

KEY = bytes.fromhex("deadbeef" * 4)


@pytest.mark.parametrize(
    ("kind", "asked", "given_days"),
    [
        (nexus.SMALL_ADD, 260, 261),
        (nexus.SMALL_ADD, 209, 210),
        (nexus.SMALL_ADD, 325, 327),
        (nexus.SMALL_SET, 91, 92),
        (nexus.SMALL_SET, 215, 216),
        (nexus.SMALL_SET, 385, 392),
        (nexus.SMALL_SET, 960, 960),
    ],
)
def test_days_inside_a_step_are_what_the_firmware_was_measured_to_give(
    kind: int, asked: int, given_days: int
) -> None:
    assert nexus.small_days(kind, nexus.small_body(kind, asked)) == given_days


@pytest.mark.parametrize(
    ("days", "exact"), [(180, 180), (181, 180), (182, 180), (183, 183), (999, 405)]
)
def test_exact_days_never_give_more_than_asked(days: int, exact: int) -> None:
    assert nexus.exact_days(days) == exact


@pytest.mark.parametrize(
    ("kind", "days"),
    [(nexus.SMALL_ADD, 0), (nexus.SMALL_ADD, -1), (nexus.SMALL_ADD, 406), (nexus.SMALL_SET, 961)],
)
def test_days_outside_a_small_message_are_refused(kind: int, days: int) -> None:
    with pytest.raises(TokenError):
        nexus.small_body(kind, days)


@pytest.mark.parametrize("hours", [-1, 99_999, 100_000])
def test_hours_outside_a_full_message_are_refused(hours: int) -> None:
    with pytest.raises(TokenError):
        nexus.full_hours(nexus.ADD, hours)


def test_the_id_that_collides_with_a_test_code_is_refused() -> None:
    one_day = nexus.small_body(nexus.SMALL_SET, 1)
    with pytest.raises(TokenError, match="collides"):
        nexus.small(KEY, 127, nexus.SMALL_SET, one_day)


@pytest.mark.parametrize("message_id", [-1, 2**32])
def test_an_id_has_32_bits(message_id: int) -> None:
    with pytest.raises(TokenError, match="32 bits"):
        nexus.full(KEY, message_id, nexus.ADD, 24)


@given(lowest=st.integers(0, 2**20), ahead=st.integers(0, 63), hours=st.integers(0, 99_999))
def test_a_full_message_reads_back_anywhere_in_the_window(
    lowest: int, ahead: int, hours: int
) -> None:
    code = nexus.full(KEY, lowest + ahead, nexus.SET, hours)
    assert nexus.read_full(KEY, code, lowest) == nexus.Message(lowest + ahead, nexus.SET, hours)


@given(lowest=st.integers(0, 2**20), ahead=st.integers(0, 63), body=st.integers(0, 255))
def test_a_small_message_reads_back_anywhere_in_the_window(
    lowest: int, ahead: int, body: int
) -> None:
    code = nexus.small(KEY, lowest + ahead, nexus.SMALL_ADD, body)
    assert nexus.read_small(KEY, code, lowest) == nexus.Message(
        lowest + ahead, nexus.SMALL_ADD, body
    )


@pytest.mark.parametrize("code", ["", "1234", "٣" * 14, "9" * 14, "x" * 14])
def test_what_is_not_a_full_message_reads_as_nothing(code: str) -> None:
    assert nexus.read_full(KEY, code, 0) is None


@pytest.mark.parametrize("code", ["", "2" * 15, "1" * 15, "1" + "6" * 14])
def test_what_is_not_a_small_message_reads_as_nothing(code: str) -> None:
    assert nexus.read_small(KEY, code, 0) is None
