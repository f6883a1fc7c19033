"""The first screens, one per role. Callers know the numbers by heart, so they never change."""

from __future__ import annotations

from core.wording.messages import agent as agent_messages
from core.wording.messages import home as messages
from gateway.ussd_menus import (
    agent_account,
    agent_cash,
    agent_customer,
    agent_meter_transfer,
    agent_pin,
    agent_registration,
    agent_sale,
    debts,
    devices,
    help,
    language,
    payment,
    self_registration,
    tokens,
)
from gateway.ussd_menus.caller import caller, role
from gateway.ussd_menus.help import market
from gateway.ussd_menus.options import option
from gateway.ussd_menus.screens import Choice, Route

customer = Choice(
    "home.customer",
    messages.customer,
    data=caller,
    options=[
        option(messages.pay, to=payment.which_device),
        option(messages.owe, to=debts.debt_list),
        option(messages.tokens, to=tokens.which_device),
        option(messages.devices, to=devices.device_list),
        option(
            messages.register_device,
            to=self_registration.which_serial,
            sets=self_registration.KNOWN_CUSTOMER,
        ),
        option(messages.language, to=language.which, key=6),
        option(messages.help, to=help.how, key=7),
    ],
)
stranger = Choice(
    "home.stranger",
    messages.stranger,
    data=market,
    options=[
        option(messages.pay_serial, to=payment.enter_serial),
        option(
            messages.register_own,
            to=self_registration.which_serial,
            sets=self_registration.KNOWN_CUSTOMER,
        ),
        option(messages.help, to=help.how, key=3),
        option(messages.language, to=language.which, key=4),
    ],
)
agent = Choice(
    "home.agent",
    agent_messages.home,
    data=caller,
    options=[
        option(agent_messages.register, to=agent_registration.entry),
        option(agent_messages.sell, to=agent_sale.which_phone),
        option(agent_messages.collect, to=agent_cash.which_serial),
        option(agent_messages.customer, to=agent_customer.which_phone),
        option(agent_messages.transfer_meter, to=agent_meter_transfer.which_serial),
        option(agent_messages.account, to=agent_account.account),
        option(agent_messages.pin, to=agent_pin.which_pins),
        option(messages.language, to=language.which),
    ],
)
home = Route(
    "home",
    by=role,
    to={
        "customer": customer,
        "agent": agent,
        "new_agent": agent_pin.first,
        "stranger": stranger,
    },
)
