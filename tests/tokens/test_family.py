"""What the payment road relies on: exact amounts, growing counters, typed refusals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.device import KEYPAD_DIGITS, KeypadDigits
from core.tokens import openpaygo
from core.tokens.errors import TokenError, TokenImpossible
from core.tokens.family import (
    FAMILIES,
    MAX_PARTS,
    DeviceSecret,
    IssuedToken,
    can,
    check_possible,
    group,
    issue_days,
    issue_energy,
    issue_one,
    max_units_per_token,
)
from core.tokens.links import Links
from core.tokens.openpaygo import kit_of
from core.tokens.siphash import siphash24
from core.tokens.sts import tid_at
from core.tokens.sts_keys import StsMeter

KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
METER = StsMeter(11, 4, "600000", 1, "01", 2, vending_key=bytes(range(20)))
SECRETS = {
    "openpaygo": DeviceSecret("SL1", "openpaygo", key=KEY, starting_code=123456789),
    "nexus_full": DeviceSecret("NF1", "nexus_full", key=KEY),
    "nexus_small": DeviceSecret("NS1", "nexus_small", key=KEY),
    "sts": DeviceSecret("00000000000", "sts", sts=METER),
}
TIMED = ["openpaygo", "nexus_full", "nexus_small"]


@pytest.mark.parametrize("family", TIMED)
def test_timed_families_give_days_unlock_and_lock_but_no_energy(family: str) -> None:
    assert [can(family, action) for action in ("days", "unlock", "lock", "energy")] == [
        True,
        True,
        True,
        False,
    ]


def test_sts_gives_energy_only() -> None:
    assert [can("sts", action) for action in ("days", "unlock", "lock", "energy")] == [
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("family", ["none", "calin", ""])
def test_a_family_made_elsewhere_can_nothing_here(family: str) -> None:
    assert not any(can(family, action) for action in ("days", "unlock", "lock", "energy"))


@pytest.mark.parametrize("family", [*TIMED, "sts"])
def test_what_a_family_cannot_do_is_refused(family: str) -> None:
    secret = SECRETS[family]
    if family == "sts":
        with pytest.raises(TokenError, match="no days tokens"):
            issue_days(secret, 0, 7)
        with pytest.raises(TokenError, match="no unlock tokens"):
            issue_one(secret, 0, "unlock")
        with pytest.raises(TokenError, match="no lock tokens"):
            issue_one(secret, 0, "lock")
    else:
        with pytest.raises(TokenError, match="no energy tokens"):
            issue_energy(secret, 0, 10, NOW, 5)


def assert_exact_and_growing(tokens: tuple[IssuedToken, ...], last: int, amount: int) -> None:
    counters = [last, *(token.counter for token in tokens)]
    assert sum(token.amount for token in tokens) == amount
    assert counters == sorted(set(counters))
    assert len({token.text for token in tokens}) == len(tokens)


@given(
    family=st.sampled_from(TIMED), last=st.integers(0, 300), days=st.integers(1, 405 * MAX_PARTS)
)
def test_days_sum_exactly_and_counters_only_grow(family: str, last: int, days: int) -> None:
    try:
        tokens = issue_days(SECRETS[family], last, days)
    except TokenError:
        assert family == "nexus_small"
        assert days > 405 * (MAX_PARTS - 1)
    else:
        assert_exact_and_growing(tokens, last, days)


@pytest.mark.parametrize(
    ("family", "days", "parts"),
    [
        ("openpaygo", 995, [995]),
        ("openpaygo", 2000, [995, 995, 10]),
        ("nexus_full", 5000, [4166, 834]),
        ("nexus_small", 181, [180, 1]),
        ("nexus_small", 260, [258, 2]),
        ("nexus_small", 406, [405, 1]),
    ],
)
def test_days_no_single_token_carries_come_in_several(
    family: str, days: int, parts: list[int]
) -> None:
    assert [token.amount for token in issue_days(SECRETS[family], 1, days)] == parts


@given(last=st.integers(0, tid_at(2014, NOW)), tenths=st.integers(1, 4 * 10**6))
def test_energy_sums_exactly_and_identifiers_only_grow(last: int, tenths: int) -> None:
    assert_exact_and_growing(issue_energy(SECRETS["sts"], last, tenths, NOW, 5), last, tenths)


def test_a_large_purchase_is_split_and_never_rounded_up() -> None:
    tokens = issue_energy(SECRETS["sts"], 0, 180_223, NOW, 5)
    assert [token.amount for token in tokens] == [180_214, 9]


def test_an_identifier_is_the_minute_of_the_purchase() -> None:
    (token,) = issue_energy(SECRETS["sts"], 0, 50, NOW, 5)
    assert token.counter == tid_at(2014, NOW)


def test_two_purchases_in_one_minute_get_two_identifiers() -> None:
    (first,) = issue_energy(SECRETS["sts"], 0, 50, NOW, 5)
    (second,) = issue_energy(SECRETS["sts"], first.counter, 50, NOW, 5)
    assert second.counter == first.counter + 1
    assert second.text != first.text


def test_consecutive_identifiers_skip_the_reserved_minute_too() -> None:
    midnight = NOW.replace(hour=0, minute=0)
    (first,) = issue_energy(SECRETS["sts"], 0, 50, midnight, 5)
    (second,) = issue_energy(SECRETS["sts"], first.counter, 50, midnight, 5)
    assert second.counter == first.counter + 2


def test_a_meter_whose_identifiers_run_ahead_of_the_clock_is_refused() -> None:
    ahead = tid_at(2014, NOW + timedelta(days=1))
    with pytest.raises(TokenError, match="ahead of the clock"):
        issue_energy(SECRETS["sts"], ahead, 50, NOW, 5)
    assert issue_energy(SECRETS["sts"], ahead - 1, 50, NOW, 5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"kt": 0}, "key type 0"),
        ({"kt": 1}, "key type 1"),
        ({"base": 1993}, "roll-over"),
        ({"ken": 85}, "expired"),
        ({"vending_key": None}, "supply group 600000"),
    ],
)
def test_a_meter_that_must_not_be_vended_to_is_refused(change: dict[str, Any], reason: str) -> None:
    secret = replace(SECRETS["sts"], sts=replace(METER, **change))
    with pytest.raises(TokenError, match=reason):
        issue_energy(secret, 0, 50, NOW, 5)


@pytest.mark.parametrize("amount", [0, -1, 0.5, 1.0, True, "7"])
def test_an_amount_that_is_not_whole_and_positive_is_refused(amount: Any) -> None:
    for family in TIMED:
        with pytest.raises(TokenError, match="whole amount"):
            issue_days(SECRETS[family], 1, amount)
    with pytest.raises(TokenError, match="whole amount"):
        issue_energy(SECRETS["sts"], 1, amount, NOW, 5)


def test_an_absurd_amount_is_refused_at_once() -> None:
    for family in TIMED:
        with pytest.raises(TokenError, match="more than 10 tokens"):
            issue_days(SECRETS[family], 1, 10**9)
    with pytest.raises(TokenError, match="larger"):
        issue_energy(SECRETS["sts"], 1, 10**15, NOW, 5)


@pytest.mark.parametrize("family", [*TIMED, "sts"])
def test_a_device_without_its_secret_is_refused(family: str) -> None:
    bare = DeviceSecret("00000000000", family)
    with pytest.raises(TokenError):
        issue_energy(bare, 0, 5, NOW, 5) if family == "sts" else issue_days(bare, 1, 5)


def test_a_device_without_a_starting_code_uses_the_one_its_key_gives() -> None:
    bare = DeviceSecret("SL1", "openpaygo", key=bytes.fromhex("a29ab82edc5fbbc41ec9530f6dac86b1"))
    assert issue_days(bare, 1, 1)[0].text == "295662004"


def test_counters_of_a_new_device_begin_where_its_family_says() -> None:
    begin = {family: row.initial_counter for family, row in FAMILIES.items()}
    assert begin == {"openpaygo": 1, "nexus_full": 0, "nexus_small": 0, "sts": 0}


@pytest.mark.parametrize(
    ("family", "text", "shown"),
    [
        ("openpaygo", "588224011", "588 224 011"),
        ("nexus_full", "86350364459508", "*863 503 644 595 08#"),
        ("nexus_small", "143535455523335", "143 535 455 523 335"),
        ("sts", "58625789986991357486", "5862 5789 9869 9135 7486"),
        ("calin", "58625789986991357486", "5862 5789 9869 9135 7486"),
    ],
)
def test_a_code_is_shown_in_the_groups_of_its_family(family: str, text: str, shown: str) -> None:
    assert group(text, family) == shown


def test_neither_secrets_nor_codes_are_ever_printed() -> None:
    (token,) = issue_energy(SECRETS["sts"], 0, 50, NOW, 5)
    assert token.text not in repr(token)
    for secret in SECRETS.values():
        assert secret.serial not in repr(secret)
        assert repr(KEY) not in repr(secret)
        assert "600000" not in repr(secret)


KITS = [(digits, divider) for digits in KEYPAD_DIGITS for divider in (1, 4, 255)]


@pytest.mark.parametrize(("digits", "divider"), KITS)
@given(days=st.integers(1, 29))
def test_a_kit_gets_its_days_exactly_in_codes_of_its_own_form(
    digits: KeypadDigits, divider: int, days: int
) -> None:
    secret = replace(SECRETS["openpaygo"], kit=kit_of(digits, divider))
    tokens = issue_days(secret, 1, days)
    assert_exact_and_growing(tokens, 1, days)
    for token in tokens:
        assert len(token.text) == secret.kit.length
        assert set(token.text) <= set(secret.kit.keys)


@pytest.mark.parametrize(
    ("digits", "divider", "days", "parts"),
    [
        ("standard", 4, 300, [248, 52]),
        ("standard", 255, 7, [3, 3, 1]),
        ("extended", 1, 996, [995, 1]),
        ("extended", 1, 998, [995, 3]),
        ("extended", 4, 249, [248, 1]),
        ("extended", 1, 5000, [5000]),
        ("extended", 255, 3650, [3650]),
    ],
)
def test_what_a_code_of_the_kit_cannot_carry_is_split(
    digits: KeypadDigits, divider: int, days: int, parts: list[int]
) -> None:
    kit = kit_of(digits, divider)
    secret = replace(SECRETS["openpaygo"], kit=kit)
    assert [token.amount for token in issue_days(secret, 1, days)] == parts
    assert max_units_per_token("openpaygo", "days", days, kit) == parts[0]
    check_possible(secret, 1, "days", NOW, days)


def test_days_that_would_take_too_many_codes_are_told_beforehand() -> None:
    secret = replace(SECRETS["openpaygo"], kit=kit_of(None, 255))
    check_possible(secret, 1, "days", NOW, 30)
    with pytest.raises(TokenImpossible, match="more than 10"):
        check_possible(secret, 1, "days", NOW, 31)


@pytest.mark.parametrize(
    ("family", "divider", "days"),
    [
        ("openpaygo", 1, 996),
        ("openpaygo", 4, 249),
        ("nexus_full", 1, 4167),
        ("nexus_small", 1, 91),
        ("nexus_small", 1, 961),
    ],
)
def test_days_that_no_code_sets_exactly_are_refused(family: str, divider: int, days: int) -> None:
    secret = replace(SECRETS[family], kit=kit_of(None, divider))
    with pytest.raises(TokenImpossible, match=f"exactly {days} days"):
        issue_one(secret, 1, "set_days", days)
    with pytest.raises(TokenImpossible, match=f"exactly {days} days"):
        check_possible(secret, 1, "set_days", NOW, days)


def test_a_code_that_is_the_test_code_of_the_kit_is_skipped() -> None:
    [clash] = issue_days(SECRETS["openpaygo"], 1, 7)
    secret = replace(SECRETS["openpaygo"], test_code=clash.text)
    [token] = issue_days(secret, 1, 7)
    assert (token.counter, token.text != clash.text) == (4, True)
    [restricted] = issue_days(replace(secret, kit=kit_of("restricted", 1)), 1, 7)
    assert restricted.counter == 2


def test_ids_are_wiped_only_while_the_next_code_is_among_those_that_are_accepted_then() -> None:
    assert issue_one(SECRETS["nexus_full"], 61, "wipe_ids").counter == 62
    for action in ("wipe_ids", "wipe_all"):
        with pytest.raises(TokenImpossible, match="0 to 63"):
            issue_one(SECRETS["nexus_full"], 62, action)
    assert issue_one(SECRETS["nexus_full"], 500, "wipe_state").counter == 501


class _Hashes:
    """Counts the hashes of a chain."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        monkeypatch.setattr(openpaygo, "siphash24", self._hash)

    def _hash(self, key: bytes, message: bytes) -> int:
        self.count += 1
        return siphash24(key, message)


def test_the_next_code_costs_two_hashes_whatever_the_count(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes, links = _Hashes(monkeypatch), Links()
    secret = replace(SECRETS["openpaygo"], links=links)
    [week] = issue_days(secret, 899, 7)
    assert (week.counter, hashes.count) == (900, 900)
    [plain] = issue_days(SECRETS["openpaygo"], 900, 7)

    hashes.count = 0
    [next_week] = issue_days(secret, 900, 7)
    assert (next_week, hashes.count) == (plain, 2)

    packed = links.pack(KEY, "9:123456789")
    hashes.count, again = 0, Links.unpack(packed, KEY, "9:123456789")
    issue_days(replace(secret, links=again), 902, 7)
    assert hashes.count == 2
    assert not Links.unpack(packed, KEY, "9:123456788").by_value
    assert not Links.unpack(packed, bytes(16), "9:123456789").by_value


def test_links_serve_after_a_sync_and_are_few() -> None:
    secret = replace(SECRETS["openpaygo"], links=Links())
    for days in range(1, 40):
        issue_days(secret, 10, days)
    assert secret.links is not None
    assert len(secret.links.by_value) == 16
    sync = issue_one(secret, 500, "sync")
    for last in (sync.counter, 20):  # ahead, and behind what is remembered
        assert issue_days(secret, last, 39) == issue_days(SECRETS["openpaygo"], last, 39)
