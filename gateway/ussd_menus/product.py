"""The menu of the product, compiled: every screen and message is checked in every language."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import gateway.ussd_menus as package
from core.wording.product import product_wording
from gateway.ussd_menus import caller, home
from gateway.ussd_menus.compile import compile_menu
from gateway.ussd_menus.menu import Menu


@cache
def product_menu() -> Menu:
    """The menu that callers dial. A screen that any module of this folder defines must be
    reachable. Raises MenuFaults that lists all faults."""
    modules = [
        import_module(f"{package.__name__}.{module.name}")
        for module in iter_modules(package.__path__)
    ]
    return compile_menu(
        home.home, product_wording(), defined_in=modules, language_of=caller.language
    )
