"""Every page of the console: the modules that hold them, and the menu."""

from __future__ import annotations

from gateway.console import (
    agents,
    cases,
    codes,
    customers,
    devices,
    login,
    market,
    payments,
    sales,
    suspense,
    texts,
    today,
    users,
)

PAGES = (
    login.pages,
    today.pages,
    customers.pages,
    devices.pages,
    payments.pages,
    sales.pages,
    suspense.pages,
    codes.pages,
    cases.pages,
    agents.pages,
    texts.pages,
    market.pages,
    users.pages,
)

# What stands in the menu, for those who may open it.
MENU = (
    ("Today", "today.today"),
    ("Customers", "customers.customers"),
    ("Devices", "devices.devices"),
    ("Payments", "payments.payments"),
    ("Sales", "sales.sales"),
    ("Suspense", "suspense.suspense"),
    ("Codes", "codes.codes"),
    ("Cases", "cases.cases"),
    ("Agents", "agents.agents"),
    ("Market", "market.market"),
    ("Users", "users.users"),
)
