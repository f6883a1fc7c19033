"""My devices: serial, kind, and what is left on the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.usecases.list_devices import DeviceState
from core.wording.message import Said
from core.wording.messages import devices as say
from gateway.ussd_menus.caller import money, own_devices
from gateway.ussd_menus.screens import Pick
from gateway.ussd_menus.turn import Turn


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list."""

    serial: str
    kind: str
    state: Said


def lines(turn: Turn) -> Sequence[Line]:
    """Each device with how it stands."""
    return [Line(one.serial, one.kind, _state(turn, one)) for one in own_devices(turn)]


def _state(turn: Turn, device: DeviceState) -> Said:
    if device.plan_left_minor is not None:
        return say.plan_left(left=money(turn, device.plan_left_minor))
    return say.paid_off() if device.is_paid_off else say.as_you_go()


shown: Pick[None] = Pick("devices.list", say.title, rows=lines, shows=say.row, empty=say.none)
