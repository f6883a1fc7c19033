"""Transfer a meter to another customer, who is found by phone number."""

from __future__ import annotations

from core.names import mask_name
from core.usecases.devices.transfer_meter import find_meter_owner, transfer_meter
from core.wording.messages import agent as agent_messages
from core.wording.messages import agent_meter_transfer as messages
from gateway.ussd_menus.agent_customer import Owner, masked_customer, phone
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Phone, Pin, Serial
from gateway.ussd_menus.screens import Ask, Choice, Notice
from gateway.ussd_menus.session_vars import secret, session_var
from gateway.ussd_menus.turn import Turn

serial = session_var("serial", str)
pin = secret("pin")


def old_owner(turn: Turn) -> Owner:
    """The masked name of the meter's owner. Raises Refused for a device that is no meter, or that
    no customer owns."""
    owner = find_meter_owner(turn.unit, turn[serial])
    return Owner(mask_name(owner.name, owner.surname))


transferred = Notice("meter_transfer.done", messages.transferred)
which_pin = Ask(
    "meter_transfer.pin",
    agent_messages.which_pin,
    reader=Pin,
    stores=pin,
    do=do(transfer_meter, msisdn=CALLER, pin=pin, serial=serial, phone=phone),
    to=transferred,
)
confirm = Choice(
    "meter_transfer.confirm",
    messages.confirm_new_owner,
    data=masked_customer,
    options=[option(agent_messages.yes, to=which_pin)],
)
which_phone = Ask(
    "meter_transfer.phone",
    messages.which_new_owner,
    data=old_owner,
    reader=Phone,
    stores=phone,
    to=confirm,
)
which_serial = Ask(
    "meter_transfer.serial",
    agent_messages.which_serial,
    reader=Serial,
    stores=serial,
    to=which_phone,
)
