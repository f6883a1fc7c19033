"""The first screens, one per role. The numbers are part of the contract: they never shift."""

from __future__ import annotations

from core.wording.messages import home as say
from gateway.ussd_menus import devices, help, language, owe, pay, tokens
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
        option(say.help, to=help.how, key=3),
        option(say.language, to=language.which, key=4),
    ],
)
home = Route("home", by=role, to={"customer": customer, "stranger": stranger})
