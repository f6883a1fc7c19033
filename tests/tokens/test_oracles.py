"""Our codes against what the authors of OpenPAYGO and Nexus Keycode publish, on random devices.

The packages are witnesses in the tests only. Their known faults are kept away from: `openpaygo`
takes starting code 0 for none, rounds, and accepts negative values; its decoder reads an extended
unlock as time; `nexus-keycode` checks lengths by `assert`.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from nexus_keycode.protocols import full as oracle_full
from nexus_keycode.protocols import small as oracle_small
from openpaygo import TokenType as OracleType
from openpaygo import decode_token, generate_token

from core.device import KEYPAD_DIGITS
from core.tokens import nexus
from core.tokens.device_secret import Action, DeviceSecret, IssuedToken
from core.tokens.family import can, issue_days, issue_one
from core.tokens.links import Links
from core.tokens.openpaygo import kit_of

# In `make test`, and in the trials.
SIZES = [200, pytest.param(10_000, marks=pytest.mark.slow)]
_KINDS: dict[Action, int] = {
    "days": OracleType.ADD_TIME,
    "set_days": OracleType.SET_TIME,
    "lock": OracleType.SET_TIME,
    "unlock": OracleType.DISABLE_PAYG,
    "sync": OracleType.COUNTER_SYNC,
}


def _openpaygo_device(random: Random) -> tuple[DeviceSecret, dict[str, Any]]:
    """A random device, and the same for the package."""
    digits, divider = random.choice(KEYPAD_DIGITS), random.choice([1, 1, 2, 4, 24, 255])
    key, code = random.randbytes(16), random.randrange(1, 1_000_000_000)
    secret = DeviceSecret("K1", "openpaygo", key, code, kit=kit_of(digits, divider), links=Links())
    return secret, {
        "secret_key": key.hex(),
        "starting_code": code,
        "value_divider": divider,
        "restricted_digit_set": "restricted" in digits,
        "extended_token": "extended" in digits,
    }


def _a_code(random: Random, secret: DeviceSecret, last: int) -> IssuedToken:
    action = random.choice(list(_KINDS))
    if action not in ("days", "set_days"):
        return issue_one(secret, last, action)
    days = secret.kit.days_part(random.randrange(1, 1200))
    if action == "set_days":
        return issue_one(secret, last, action, days)
    return issue_days(secret, last, days)[0]


@pytest.mark.parametrize("codes", SIZES)
def test_openpaygo_codes_are_those_of_the_package(codes: int) -> None:
    random = Random(codes)
    for _ in range(codes // 10):
        secret, named = _openpaygo_device(random)
        last = random.randrange(0, 30)
        for _ in range(10):
            issued = _a_code(random, secret, last)
            has_value = issued.kind in ("days", "set_days", "lock")
            expected = generate_token(
                count=last,
                value=Fraction(issued.amount) if has_value else None,
                token_type=_KINDS[issued.kind],
                **named,
            )
            assert (issued.counter, issued.text) == expected, (named["value_divider"], issued)
            last = issued.counter


def test_openpaygo_codes_are_read_by_the_package_as_they_were_meant() -> None:
    random = Random(7)
    for _ in range(40):
        secret, named = _openpaygo_device(random)
        is_extended = named.pop("extended_token")
        issued = _a_code(random, secret, 1)
        if is_extended and issued.kind not in ("days", "set_days", "lock"):
            continue
        value, kind, count, _ = decode_token(token=issued.text, count=1, used_counts=[1], **named)
        assert (kind, count) == (_KINDS[issued.kind], issued.counter)
        if issued.kind in ("days", "set_days", "lock"):
            assert value == issued.amount


_ACTIONS: tuple[Action, ...] = (
    *("days", "set_days", "unlock", "lock"),
    *("wipe_state", "wipe_all", "wipe_ids"),
)
_WIPES = {"wipe_state": 0, "wipe_all": 1, "wipe_ids": 2}


def _full(issued: IssuedToken, key: bytes) -> str:
    message, number = oracle_full.FullMessage, issued.counter
    match issued.kind:
        case "days":
            made = message.add_credit(number, issued.amount * 24, key)
        case "set_days" | "lock":
            made = message.set_credit(number, issued.amount * 24, key)
        case "unlock":
            made = message.unlock(number, key)
        case wipe:
            flags = oracle_full.FullMessageWipeFlags(_WIPES[wipe])
            made = message.wipe_state(number, flags, key)
    return str(made.to_keycode(prefix="", suffix="", separator=""))


def _small(issued: IssuedToken, key: bytes) -> str:
    number = issued.counter
    match issued.kind:
        case "days":
            made = oracle_small.AddCreditSmallMessage(number, issued.amount, key)
        case "set_days" | "lock":
            made = oracle_small.SetCreditSmallMessage(number, issued.amount, key)
        case "unlock":
            made = oracle_small.UnlockSmallMessage(number, key)
        case wipe:
            kind = oracle_small.MaintenanceSmallMessageType(_WIPES[wipe])
            made = oracle_small.MaintenanceSmallMessage(kind, key)
    return str(made.to_keycode(separator=""))


@pytest.mark.parametrize("codes", SIZES)
@pytest.mark.parametrize(("family", "expected"), [("nexus_full", _full), ("nexus_small", _small)])
def test_nexus_codes_are_those_of_the_package(family: str, expected: Any, codes: int) -> None:
    random, made = Random(codes), 0
    while made < codes:
        secret = DeviceSecret("N1", family, random.randbytes(16))
        action = random.choice(_ACTIONS)
        assert can(family, action)
        # Ids are wiped of young devices only.
        last = random.randrange(0, 60 if action in ("wipe_all", "wipe_ids") else 1 << 32)
        if action == "days":
            issued = issue_days(secret, last, random.randrange(1, 1200))[0]
        else:
            issued = issue_one(secret, last, action, _to_set(random) if action == "set_days" else 0)
        assert issued.text == expected(issued, secret.key)
        made += 1


def _to_set(random: Random) -> int:
    """Days that a small code sets exactly; often one day, which on one id of 64 is a test code of
    old devices."""
    days = random.choice([1, random.randrange(1, 961)])
    return days if nexus.sets_exactly(days) else _to_set(random)


def test_the_package_makes_no_code_on_the_id_that_we_skip() -> None:
    key = bytes(range(16))
    with pytest.raises(ValueError, match=r"."):
        oracle_small.SetCreditSmallMessage(127, 1, key)
    issued = issue_one(DeviceSecret("N1", "nexus_small", key), 126, "set_days", 1)
    assert (issued.counter, issued.text) == (128, _small(issued, key))
