"""Every page of the console: the modules that hold them, and the menu."""

from __future__ import annotations

from gateway.console import login, today, users

PAGES = (login.pages, today.pages, users.pages)

# What stands in the menu, for those who may open it.
MENU = (
    ("Today", "today.today"),
    ("Users", "users.users"),
)
