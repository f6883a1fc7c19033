"""Every page of the console: the modules that hold them, and the menu."""

from __future__ import annotations

from gateway.console import (
    cases,
    codes,
    customers,
    login,
    market,
    payments,
    suspense,
    texts,
    today,
    users,
)

PAGES = (
    login.pages,
    today.pages,
    customers.pages,
    payments.pages,
    suspense.pages,
    codes.pages,
    cases.pages,
    texts.pages,
    market.pages,
    users.pages,
)

# What stands in the menu, for those who may open it.
MENU = (
    ("Today", "today.today"),
    ("Customers", "customers.customers"),
    ("Payments", "payments.payments"),
    ("Suspense", "suspense.suspense"),
    ("Codes", "codes.codes"),
    ("Cases", "cases.cases"),
    ("Market", "market.market"),
    ("Users", "users.users"),
)
