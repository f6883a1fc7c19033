"""My devices: serial, kind, days and what is left on the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.usecases.devices.list_devices import state_words
from core.wording.message import BoundMessage
from core.wording.messages import devices as messages
from gateway.ussd_menus.caller import own_devices
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import Turn


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list."""

    serial: str
    kind: str
    state: BoundMessage


def lines(turn: Turn) -> Sequence[Line]:
    """Each device with how it stands."""
    return [Line(one.serial, one.kind, state_words(turn.unit, one)) for one in own_devices(turn)]


shown: Pick[None] = Pick(
    "devices.list",
    messages.title,
    rows=lines,
    row_message=messages.row,
    empty_message=messages.none,
)
