"""The first screens, one per role. The numbers are part of the contract: they never shift."""

from __future__ import annotations

from core.wording.messages import agent as agent_say
from core.wording.messages import home as say
from gateway.ussd_menus import (
    agent_account,
    agent_collect,
    agent_customer,
    agent_move,
    agent_pin,
    agent_register,
    agent_sell,
    claim,
    devices,
    help,
    language,
    owe,
    pay,
    tokens,
)
from gateway.ussd_menus.caller import caller, role
from gateway.ussd_menus.help import market
from gateway.ussd_menus.options import option
from gateway.ussd_menus.screens import Choice, Route

customer = Choice(
    "home.customer",
    say.customer,
    facts=caller,
    options=[
        option(say.pay, to=pay.which_device),
        option(say.owe, to=owe.shown),
        option(say.tokens, to=tokens.which_device),
        option(say.devices, to=devices.shown),
        option(say.register_device, to=claim.which_serial, carries=claim.NOBODY_NEW),
        option(say.language, to=language.which, key=6),
        option(say.help, to=help.how, key=7),
    ],
)
stranger = Choice(
    "home.stranger",
    say.stranger,
    facts=market,
    options=[
        option(say.pay_serial, to=pay.enter_serial),
        option(say.register_own, to=claim.which_serial, carries=claim.NOBODY_NEW),
        option(say.help, to=help.how, key=3),
        option(say.language, to=language.which, key=4),
    ],
)
agent = Choice(
    "home.agent",
    agent_say.home,
    facts=caller,
    options=[
        option(agent_say.register, to=agent_register.entry),
        option(agent_say.sell, to=agent_sell.which_phone),
        option(agent_say.collect, to=agent_collect.which_serial),
        option(agent_say.customer, to=agent_customer.which_phone),
        option(agent_say.move, to=agent_move.which_serial),
        option(agent_say.account, to=agent_account.shown),
        option(agent_say.pin, to=agent_pin.which_pins),
        option(say.language, to=language.which),
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
