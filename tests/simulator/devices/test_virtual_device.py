"""A token works on its device exactly once and grants exactly what was paid for."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.device import KEYPAD_DIGITS, KeypadDigits
from core.tokens import nexus, openpaygo, sts
from core.tokens.family import (
    DeviceSecret,
    group,
    issue_days,
    issue_energy,
    issue_one,
)
from core.tokens.openpaygo import TokenType, kit_of
from core.tokens.sts_keys import StsMeter, decoder_key, meter_pan
from simulator.devices.virtual_device import State, display, enter_token, factory_state, front

KEY = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
METER = StsMeter(11, 4, "600000", 1, "01", 2, vending_key=bytes(range(20)))
SECRETS = {
    "openpaygo": DeviceSecret("SL1", "openpaygo", key=KEY, starting_code=123456789),
    "nexus_full": DeviceSecret("NF1", "nexus_full", key=KEY),
    "nexus_small": DeviceSecret("NS1", "nexus_small", key=KEY),
    "sts": DeviceSecret("00000000000", "sts", sts=METER),
}
OTHERS = {
    "openpaygo": DeviceSecret("SL2", "openpaygo", key=bytes(16), starting_code=987654321),
    "nexus_full": DeviceSecret("NF2", "nexus_full", key=bytes(16)),
    "nexus_small": DeviceSecret("NS2", "nexus_small", key=bytes(16)),
    "sts": DeviceSecret("12345678903", "sts", sts=METER),
}
FIRST_COUNTER = {"openpaygo": 1, "nexus_full": 0, "nexus_small": 0}
TIMED = list(FIRST_COUNTER)


def new_device(family: str) -> State:
    return factory_state(SECRETS[family], FIRST_COUNTER.get(family, 0))


def accept(state: State, token: str, family: str) -> State:
    """The state after a token that must be accepted."""
    entered = enter_token(state, token, SECRETS[family])
    assert (entered.accepted, entered.reason) == (True, "")
    return entered.state


@given(family=st.sampled_from(TIMED), purchases=st.lists(st.integers(1, 900), max_size=12))
def test_every_day_bought_is_granted_once(family: str, purchases: list[int]) -> None:
    state, counter, days = new_device(family), FIRST_COUNTER[family], 0
    for bought in purchases:
        for token in issue_days(SECRETS[family], counter, bought):
            state = accept(state, group(token.text, family), family)
            counter = token.counter
            again = enter_token(state, token.text, SECRETS[family])
            assert again == (state, False, "already used")
        days += bought
        assert display(state) == {"days": days, "unlocked": False}


@given(purchases=st.lists(st.integers(1, 10**6), max_size=12), apart=st.integers(0, 100))
def test_every_tenth_of_a_kwh_bought_is_granted_once(purchases: list[int], apart: int) -> None:
    state, tid, tenths, now = new_device("sts"), 0, 0, NOW
    for bought in purchases:
        for token in issue_energy(SECRETS["sts"], tid, bought, now, 5):
            state = accept(state, group(token.text, "sts"), "sts")
            tid = token.counter
            again = enter_token(state, token.text, SECRETS["sts"])
            assert again == (state, False, "already used")
        tenths += bought
        now += timedelta(minutes=apart)
        assert display(state) == {"kwh": tenths / 10}


@given(data=st.data(), family=st.sampled_from([*TIMED, "sts"]))
def test_no_token_is_accepted_twice_in_any_order(data: st.DataObject, family: str) -> None:
    secret = SECRETS[family]
    counter, tokens = FIRST_COUNTER.get(family, 0), []
    for _ in range(8):
        issued = (
            issue_energy(secret, counter, 10, NOW, 5)
            if family == "sts"
            else issue_days(secret, counter, 1)
        )
        tokens.append(issued[0].text)
        counter = issued[0].counter
    state, accepted = new_device(family), []
    for token in data.draw(st.lists(st.sampled_from(tokens), max_size=30)):
        result = enter_token(state, token, secret)
        state = result.state
        if result.accepted:
            accepted.append(token)
    assert len(accepted) == len(set(accepted))
    assert display(state).get("days", display(state).get("kwh")) == len(accepted)


@pytest.mark.parametrize("family", TIMED)
def test_an_unlocked_device_can_be_locked_again(family: str) -> None:
    state = new_device(family)
    (week,) = issue_days(SECRETS[family], FIRST_COUNTER[family], 7)
    state = accept(state, week.text, family)
    unlock = issue_one(SECRETS[family], week.counter, "unlock")
    state = accept(state, unlock.text, family)
    assert display(state) == {"days": 7, "unlocked": True}
    lock = issue_one(SECRETS[family], unlock.counter, "lock")
    state = accept(state, lock.text, family)
    assert display(state) == {"days": 0, "unlocked": False}


@pytest.mark.parametrize("family", TIMED)
def test_an_unlock_uses_up_all_older_tokens(family: str) -> None:
    (week,) = issue_days(SECRETS[family], FIRST_COUNTER[family], 7)
    unlock = issue_one(SECRETS[family], week.counter, "unlock")
    state = accept(new_device(family), unlock.text, family)
    assert enter_token(state, week.text, SECRETS[family]).reason == "already used"


@pytest.mark.parametrize("family", [*TIMED, "sts"])
def test_a_token_of_another_device_is_rejected(family: str) -> None:
    other = OTHERS[family]
    issued = (
        issue_energy(other, 0, 10, NOW, 5)
        if family == "sts"
        else issue_days(other, FIRST_COUNTER[family], 7)
    )
    state = new_device(family)
    assert enter_token(state, issued[0].text, SECRETS[family]) == (
        state,
        False,
        "not for this device",
    )


@pytest.mark.parametrize("family", [*TIMED, "sts"])
@pytest.mark.parametrize("token", ["", "  ", "hello", "12", "9" * 40, "٣٣٣", "*#"])
def test_an_invalid_token_changes_nothing(family: str, token: str) -> None:
    state = new_device(family)
    result = enter_token(state, token, SECRETS[family])
    assert (result.state, result.accepted) == (state, False)
    assert result.reason in {"not a code", "not for this device"}


@pytest.mark.parametrize("family", [*TIMED, "sts"])
def test_a_state_can_be_stored_as_json(family: str) -> None:
    state = new_device(family)
    secret = SECRETS[family]
    issued = (
        issue_energy(secret, 0, 10, NOW, 5)
        if family == "sts"
        else issue_days(secret, FIRST_COUNTER[family], 7)
    )
    state = accept(state, issued[0].text, family)
    assert json.loads(json.dumps(state)) == state


def test_spaces_dashes_and_the_nexus_signs_are_ignored() -> None:
    (token,) = issue_days(SECRETS["nexus_full"], 0, 7)
    state = accept(new_device("nexus_full"), f" *{token.text[:5]}-{token.text[5:]}#", "nexus_full")
    assert display(state)["days"] == 7


@pytest.mark.parametrize("divider", [1, 4, 255])
@pytest.mark.parametrize("digits", KEYPAD_DIGITS)
def test_a_kit_takes_codes_of_its_own_form_and_counts_in_its_own_units(
    digits: KeypadDigits, divider: int
) -> None:
    secret = replace(SECRETS["openpaygo"], kit=kit_of(digits, divider))
    state, days = factory_state(secret, 1), 0
    last = 1
    for wanted in (7, 23):
        for token in issue_days(secret, last, wanted):
            state, accepted, reason = enter_token(state, token.text, secret)
            assert accepted, reason
            last = token.counter
        days += wanted
        assert display(state) == {"days": days, "unlocked": False}
    state = enter_token(state, issue_one(secret, last, "set_days", 3).text, secret).state
    assert display(state)["days"] == 3
    assert front(state, secret) == {"keys": secret.kit.keys, "count": last + 1}
    unlock = issue_one(secret, last + 1, "unlock")
    assert display(enter_token(state, unlock.text, secret).state)["unlocked"] is True
    other = replace(secret, kit=kit_of("standard" if digits != "standard" else "restricted", 1))
    assert enter_token(state, issue_one(other, last, "lock").text, secret).reason == "not a code"


def test_the_test_code_of_a_kit_gives_nothing() -> None:
    (token,) = issue_days(SECRETS["openpaygo"], 1, 7)
    secret = replace(SECRETS["openpaygo"], test_code=token.text)
    assert enter_token(factory_state(secret, 1), token.text, secret).reason == "not a code"


def test_an_openpaygo_count_more_than_64_ahead_is_rejected_until_a_sync() -> None:
    secret = SECRETS["openpaygo"]
    far = openpaygo.token(KEY, 123456789, 70, 3)
    state = new_device("openpaygo")
    assert enter_token(state, far, secret).reason == "not for this device"
    _, sync = openpaygo.issue(KEY, 123456789, 67, TokenType.COUNTER_SYNC)
    state = accept(state, sync, "openpaygo")
    assert display(accept(state, far, "openpaygo"))["days"] == 3


def test_a_sync_back_does_not_revive_a_used_token() -> None:
    state = new_device("openpaygo")
    used = openpaygo.token(KEY, 123456789, 40, 3)
    state = accept(state, used, "openpaygo")
    _, sync = openpaygo.issue(KEY, 123456789, 19, TokenType.COUNTER_SYNC)
    state = accept(state, sync, "openpaygo")
    assert enter_token(state, used, SECRETS["openpaygo"]).reason == "already used"


def test_an_unused_openpaygo_token_16_counts_behind_is_too_old() -> None:
    state = accept(new_device("openpaygo"), openpaygo.token(KEY, 123456789, 20, 1), "openpaygo")
    late = openpaygo.token(KEY, 123456789, 4, 1)
    assert enter_token(state, late, SECRETS["openpaygo"]).reason == "too old"
    in_time = openpaygo.token(KEY, 123456789, 6, 1)
    assert display(accept(state, in_time, "openpaygo"))["days"] == 2


def test_a_new_nexus_device_accepts_ids_0_to_63_and_moves_on_with_the_newest() -> None:
    state = new_device("nexus_full")
    for_64 = nexus.full(KEY, 64, nexus.ADD, 24)
    assert enter_token(state, for_64, SECRETS["nexus_full"]).accepted is False
    state = accept(state, nexus.full(KEY, 63, nexus.ADD, 24), "nexus_full")
    assert display(accept(state, for_64, "nexus_full"))["days"] == 2


def test_a_nexus_message_that_the_device_does_not_support_changes_nothing() -> None:
    state = new_device("nexus_full")
    flag = nexus.full(KEY, 5, nexus.WIPE, 3)
    assert enter_token(state, flag, SECRETS["nexus_full"]) == (state, False, "not a code")
    test = nexus.small(KEY, 0, nexus.SMALL_MAINTENANCE, 5)
    state = new_device("nexus_small")
    assert enter_token(state, test, SECRETS["nexus_small"]).accepted is False


@pytest.mark.parametrize("family", ["nexus_full", "nexus_small"])
def test_wiping_takes_the_credit_the_ids_or_both(family: str) -> None:
    secret = SECRETS[family]
    (week,) = issue_days(secret, 29, 7)
    wipe_state, wipe_ids, wipe_all = (
        issue_one(secret, 30, action).text for action in ("wipe_state", "wipe_ids", "wipe_all")
    )
    state = accept(new_device(family), week.text, family)

    emptied = accept(state, wipe_state, family)
    assert display(emptied)["days"] == 0
    assert enter_token(emptied, week.text, secret).reason == "already used"

    forgetful = accept(state, wipe_ids, family)
    assert (display(forgetful)["days"], front(forgetful, secret)["count"]) == (7, 23)
    assert display(accept(forgetful, week.text, family))["days"] == 14

    new = accept(state, wipe_all, family)
    assert display(accept(new, week.text, family))["days"] == 7


def test_a_small_nexus_device_sets_its_days() -> None:
    state = new_device("nexus_small")
    body = nexus.small_body(nexus.SMALL_SET, 960)
    state = accept(state, nexus.small(KEY, 3, nexus.SMALL_SET, body), "nexus_small")
    assert display(state) == {"days": 960, "unlocked": False}


def test_a_meter_remembers_fifty_identifiers_and_rejects_older_ones() -> None:
    secret, state, tid = SECRETS["sts"], new_device("sts"), 0
    (early,) = issue_energy(secret, 0, 7, NOW - timedelta(days=1), 5)
    for _ in range(50):
        (token,) = issue_energy(secret, tid, 1, NOW, 5)
        state, tid = accept(state, token.text, "sts"), token.counter
    assert enter_token(state, early.text, secret).reason == "too old"
    assert display(state) == {"kwh": 5.0}


def test_a_clear_credit_token_empties_the_meter() -> None:
    key = decoder_key(METER, meter_pan("00000000000"))
    (token,) = issue_energy(SECRETS["sts"], 0, 70, NOW, 5)
    state = accept(new_device("sts"), token.text, "sts")
    clear = sts.management(key, sts.CLEAR_CREDIT, token.counter + 1, 0xFFFF, 5)
    assert display(accept(state, clear, "sts")) == {"kwh": 0.0}
    water = sts.credit(key, sts.WATER, token.counter + 5, 10, 5)
    assert enter_token(state, water, SECRETS["sts"]) == (state, False, "not a code")
