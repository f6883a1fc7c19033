"""A menu of three screens that reads nothing, behind the server of production with all its guards:
what the engine alone costs. Served as `bench.plain:app`."""

from __future__ import annotations

import os
import tomllib

from bench import plain_messages as messages
from core.money import Money
from core.wording.message import messages_of
from core.wording.product import product_wording
from core.wording.translation import Translation, folder, make_wording
from gateway.app import create_app
from gateway.rsgi import make_server
from gateway.serving.rsgi import Server
from gateway.ussd_menus.compile import compile_menu
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.options import option
from gateway.ussd_menus.readers import Amount
from gateway.ussd_menus.screens import Ask, Choice, Notice
from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn

_WORDS = {
    "welcome": "Welcome to the bench. What would you like to do today?",
    "pay": "Pay",
    "which_amount": "Enter the amount that you would like to pay:",
    "done": "Pay {amount} for {caller}. Thank you.",
}


def plain_menu() -> Menu:
    """The menu, compiled and checked as the product's is."""
    amount = session_var("amount", Money)

    def caller(turn: Turn) -> dict[str, str]:
        return {"caller": turn.msisdn}

    done = Notice("plain.done", messages.done, data=caller)
    ask = Ask("plain.amount", messages.which_amount, reader=Amount, stores=amount, to=done)
    home = Choice("plain.home", messages.welcome, options=[option(messages.pay, to=ask)])
    english = tomllib.loads((folder / "en.toml").read_text("utf-8"))
    translation = Translation("en", english | {"plain_messages": _WORDS})
    wording = make_wording(
        [*product_wording().messages.values(), *messages_of([messages])], [translation]
    )
    return compile_menu(home, wording)


def __getattr__(name: str) -> Server:
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = make_server(create_app(os.environ, plain_menu()))
    return made
