"""A kit refuses its code: the count on its screen, or the code, tells which codes it will take."""

from __future__ import annotations

from dataclasses import dataclass

from core.names import mask_name
from core.usecases.devices.repair_kit import (
    MOST_AHEAD_AGENT,
    Repair,
    propose_repair,
    repair_kit_by_agent,
)
from core.usecases.payments.find_account import read_account
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_kit as messages
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import KitReading, Pin
from gateway.ussd_menus.screens import Ask, Choice, Notice
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

serial = session_var("serial", str)
reading = session_var("reading", str)
pin = secret("pin")


@dataclass(frozen=True, slots=True)
class KitOwner:
    """A kit and the masked name of its owner."""

    serial: str
    owner: str


def owner(turn: Turn) -> KitOwner:
    """The kit and its owner. Raises Refused: unknown_serial, device_in_stock."""
    account = read_account(turn.unit, turn[serial])
    return KitOwner(turn[serial], mask_name(account.owner.name, account.owner.surname))


def proposed(turn: Turn) -> Repair:
    """What would be done for the kit. Raises Refused as `propose_repair`."""
    return propose_repair(turn.unit, turn[serial], turn[reading], MOST_AHEAD_AGENT)


done = Notice("kit.done", messages.done)
which_pin = Ask(
    "kit.pin",
    agent_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(repair_kit_by_agent, msisdn=CALLER, pin=pin, serial=serial, reading=reading),
    to=done,
)
confirm = Choice(
    "kit.confirm",
    messages.confirm,
    data=proposed,
    options=[option(messages.send, to=which_pin)],
)
which_reading = Ask(
    "kit.reading",
    messages.which_reading,
    data=owner,
    reader=KitReading,
    stores=reading,
    to=confirm,
)
