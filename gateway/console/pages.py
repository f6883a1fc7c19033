"""Every page of the console: the modules that hold them, and the menu."""

from __future__ import annotations

from gateway.console import (
    agents,
    appliances,
    cases,
    codes,
    customers,
    devices,
    login,
    manufacturers,
    market,
    month,
    oversight,
    payments,
    plans,
    requests,
    sales,
    suspense,
    tariffs,
    texts,
    today,
    users,
    villages,
)

PAGES = (
    login.pages,
    today.pages,
    customers.pages,
    devices.pages,
    requests.pages,
    payments.pages,
    sales.pages,
    suspense.pages,
    codes.pages,
    cases.pages,
    agents.pages,
    texts.pages,
    oversight.pages,
    month.pages,
    tariffs.pages,
    appliances.pages,
    plans.pages,
    manufacturers.pages,
    villages.pages,
    market.pages,
    users.pages,
)

# What stands in the menu, group by group, for those who may open it.
MENU = (
    (
        "Desk",
        (
            ("Today", "today.today"),
            ("Customers", "customers.customers"),
            ("Devices", "devices.devices"),
            ("Registrations", "requests.requests"),
            ("Sales", "sales.sales"),
        ),
    ),
    (
        "Money",
        (
            ("Payments", "payments.payments"),
            ("Suspense", "suspense.suspense"),
            ("Agents", "agents.agents"),
            ("Export the month", "month.month"),
        ),
    ),
    (
        "What people wait for",
        (
            ("Codes", "codes.codes"),
            ("Cases", "cases.cases"),
            ("Texts", "texts.texts"),
            ("Reports", "oversight.reports"),
        ),
    ),
    (
        "Catalogue",
        (
            ("Tariffs", "tariffs.tariffs"),
            ("Appliances", "appliances.appliances"),
            ("Plans", "plans.plans"),
            ("Manufacturers", "manufacturers.manufacturers"),
            ("Villages", "villages.villages"),
        ),
    ),
    (
        "House",
        (
            ("Audit", "oversight.audit"),
            ("Market", "market.market"),
            ("Users", "users.users"),
        ),
    ),
)
