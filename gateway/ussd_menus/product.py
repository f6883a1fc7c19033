"""The product's menu, compiled: every screen, every message, every language, proved at start."""

from __future__ import annotations

from functools import cache

from core.wording.product import product_wording
from gateway.ussd_menus import (
    agent_account,
    agent_collect,
    agent_customer,
    agent_move,
    agent_pin,
    agent_register,
    agent_sell,
    agent_waiting,
    claim,
    devices,
    help,
    home,
    language,
    owe,
    pay,
    tokens,
)
from gateway.ussd_menus.caller import language as spoken_with
from gateway.ussd_menus.compile import compile_menu
from gateway.ussd_menus.menu import Menu

SCREENS = (
    home,
    pay,
    owe,
    tokens,
    devices,
    language,
    help,
    agent_register,
    agent_sell,
    agent_collect,
    agent_customer,
    agent_move,
    agent_account,
    agent_pin,
    agent_waiting,
    claim,
)


@cache
def product_menu() -> Menu:
    """The menu people dial. Raises MenuFaults, all of them together."""
    return compile_menu(home.home, product_wording(), defined_in=SCREENS, speaks=spoken_with)
