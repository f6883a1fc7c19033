"""The caller's devices: serial number, kind, days left and what is left to pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.usecases.devices.list_devices import list_own_devices, state_words
from core.wording.message import BoundMessage
from core.wording.messages import devices as messages
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import Turn


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A row of the list of devices."""

    serial: str
    kind: str
    state: BoundMessage


def device_rows(turn: Turn) -> Sequence[DeviceRow]:
    """Each device of the caller with its state."""
    return [
        DeviceRow(device.serial, device.kind, state_words(turn.unit, device))
        for device in list_own_devices(turn.unit, turn.msisdn)
    ]


device_list: Pick[None] = Pick(
    "devices.list",
    messages.title,
    rows=device_rows,
    row_message=messages.row,
    empty_message=messages.none,
)
