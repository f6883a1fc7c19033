"""Change the PIN. An agent who still has the first PIN must do so before anything else."""

from __future__ import annotations

from core.usecases.agents.pin import change_pin
from core.wording.messages import agent_account as messages
from gateway.ussd_menus.caller import caller
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import TwoPins
from gateway.ussd_menus.screens import Ask, Choice, Notice
from gateway.ussd_menus.session_vars import secret

pins = secret("pins")

changed = Notice("pin.changed", messages.pin_changed)
which_pins = Ask(
    "pin.which",
    messages.new_pin,
    reader=TwoPins,
    stores=pins,
    do=do(change_pin, msisdn=CALLER, pins=pins),
    to=changed,
)
first = Choice(
    "pin.first",
    messages.first_pin,
    data=caller,
    options=[option(messages.change_now, to=which_pins)],
)
