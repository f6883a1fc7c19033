"""A virtual device: its state, what it displays, and how a token changes it.

Pure functions over a small state that can be stored as JSON. Two things that real devices have are
left out: a clock (granted time is never used up) and a lock-out after wrong tokens.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, NamedTuple

from core.tokens.errors import TokenError
from core.tokens.family import DeviceSecret
from core.vend import VENDORS
from simulator.devices.decoders import (
    DECODERS,
    IDS_BELOW,
    MALFORMED,
    Memory,
    RejectedToken,
    credit,
)
from simulator.vendors.codes import VendedCode

State = dict[str, Any]

# Families of meters: they count kilowatt-hours. The others count days.
_METERS = {"sts", *VENDORS} - {"sunking", "angaza", "paygops", "spark", "daly"}
_DIGITS = set("0123456789")
_SEPARATORS = str.maketrans("", "", " -*#\u00a0\t\r\n")


class EnteredToken(NamedTuple):
    """The state after a token was typed. `reason` says why it was rejected, else it is empty."""

    state: State
    accepted: bool
    reason: str


def factory_state(secret: DeviceSecret, count: int) -> State:
    """The state of a new device. `count` is the OpenPAYGO count with which it was delivered.

    Devices of the other families ignore `count`.
    """
    newest = {"openpaygo": count, "nexus_full": IDS_BELOW, "nexus_small": IDS_BELOW}
    return _to_state(secret.family, Memory(newest=newest.get(secret.family, 0)))


def credited(state: State, vended: VendedCode) -> State:
    """The state after a vendor has pushed credit to the device."""
    return _to_state(state["family"], credit(_to_memory(state), vended))


def enter_token(state: State, token: str, secret: DeviceSecret) -> EnteredToken:
    """Type a token on the keypad. Spaces, dashes, * and # are ignored."""
    family = state["family"]
    digits = token.translate(_SEPARATORS)
    try:
        if not digits or not set(digits) <= _DIGITS:
            raise RejectedToken(MALFORMED)
        return EnteredToken(
            _to_state(family, DECODERS[family](_to_memory(state), digits, secret)), True, ""
        )
    except RejectedToken as refused:
        return EnteredToken(state, False, str(refused))
    except TokenError:
        return EnteredToken(state, False, MALFORMED)


def display(state: State) -> dict[str, Any]:
    """What the device displays: `kwh` on a meter, else `days` and `unlocked`."""
    if state["family"] in _METERS:
        return {"kwh": state["kwh_tenths"] / 10}
    return {"days": state["hours"] // 24, "unlocked": state["unlocked"]}


def _to_state(family: str, memory: Memory) -> State:
    return asdict(memory) | {"family": family, "used": list(memory.used)}


def _to_memory(state: State) -> Memory:
    fields = {name: value for name, value in state.items() if name != "family"}
    return Memory(**fields | {"used": tuple(state["used"])})
