"""Virtual devices: what a lamp, a bike or a meter does when somebody types a code on it.

Pure functions over a small state that can be stored as JSON. Two things a real device has are
left out: its clock (time granted is never used up) and its lock-out after wrong codes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, NamedTuple

from core.tokens.errors import TokenError
from core.tokens.family import DeviceSecret
from simulator.devices.decoders import DECODERS, IDS_BELOW, MALFORMED, Memory, RejectedToken

State = dict[str, Any]

_DIGITS = set("0123456789")
_BETWEEN_DIGITS = str.maketrans("", "", " -*#\u00a0\t\r\n")


class Typed(NamedTuple):
    """What came of a typed code. `reason` says why it was refused, else it is empty."""

    state: State
    accepted: bool
    reason: str


def factory_state(secret: DeviceSecret, count: int) -> State:
    """A device as delivered. `count` is the OpenPAYGO count it leaves the factory with.

    The other families start from nothing, whatever `count` says.
    """
    newest = {"openpaygo": count, "sts": 0}.get(secret.family, IDS_BELOW)
    return _state(secret.family, Memory(newest=newest))


def enter_token(state: State, code: str, secret: DeviceSecret) -> Typed:
    """Type a code on the keypad; spaces, dashes, * and # do not matter."""
    family = state["family"]
    digits = code.translate(_BETWEEN_DIGITS)
    try:
        if not digits or not set(digits) <= _DIGITS:
            raise RejectedToken(MALFORMED)
        return Typed(_state(family, DECODERS[family](_memory(state), digits, secret)), True, "")
    except RejectedToken as refused:
        return Typed(state, False, str(refused))
    except TokenError:
        return Typed(state, False, MALFORMED)


def display(state: State) -> dict[str, Any]:
    """What a person reads off it: `kwh` on a meter, else `days` and `unlocked`."""
    if state["family"] == "sts":
        return {"kwh": state["kwh_tenths"] / 10}
    return {"days": state["hours"] // 24, "unlocked": state["unlocked"]}


def _state(family: str, memory: Memory) -> State:
    return asdict(memory) | {"family": family, "used": list(memory.used)}


def _memory(state: State) -> Memory:
    fields = {name: value for name, value in state.items() if name != "family"}
    return Memory(**fields | {"used": tuple(state["used"])})
