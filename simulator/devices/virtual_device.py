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
_COUNTED = ("openpaygo", "nexus_full", "nexus_small")
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
    memory = Memory(newest=newest.get(secret.family, 0))
    return _to_state(secret.family, memory, secret.kit.divider)


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
        memory = DECODERS[family](_to_memory(state), digits, secret)
        return EnteredToken(_to_state(family, memory, secret.kit.divider), True, "")
    except RejectedToken as refused:
        return EnteredToken(state, False, str(refused))
    except TokenError:
        return EnteredToken(state, False, MALFORMED)


def display(state: State) -> dict[str, Any]:
    """What the device displays: `kwh` on a meter, else `days` and `unlocked`."""
    if state["family"] in _METERS:
        return {"kwh": state["kwh_tenths"] / 10}
    days = state["hours"] // (24 * state.get("divider", 1))
    return {"days": days, "unlocked": state["unlocked"]}


def front(state: State, secret: DeviceSecret) -> dict[str, Any]:
    """What else is on the front of the device: the `keys` of its keypad and, where its codes carry
    a count or an id, the `count` that its second screen shows, the highest that it has accepted."""
    family = state["family"]
    keys = "12345" if family == "nexus_small" else secret.kit.keys
    return {"keys": keys} | ({"count": state["newest"]} if family in _COUNTED else {})


def _to_state(family: str, memory: Memory, divider: int = 1) -> State:
    named = {"family": family, "divider": divider}
    return asdict(memory) | named | {"used": list(memory.used)}


def _to_memory(state: State) -> Memory:
    fields = {name: value for name, value in state.items() if name not in ("family", "divider")}
    return Memory(**fields | {"used": tuple(state["used"])})
