"""The pages of the console and its menu."""

from __future__ import annotations

from gateway.console.pages import (
    agents,
    appliances,
    approvals,
    audit,
    cases,
    credit,
    dashboard,
    device_entry,
    device_requests,
    devices,
    forgive_debts,
    limits,
    login,
    manufacturers,
    market,
    month,
    own_login,
    own_money,
    payments,
    people,
    plans,
    repairs,
    sale_ends,
    sms,
    suspense,
    tariffs,
    tokens,
    users,
    vends,
    villages,
    waterfall,
)

BLUEPRINTS = (
    login.blueprint,
    own_login.blueprint,
    approvals.blueprint,
    limits.blueprint,
    dashboard.blueprint,
    forgive_debts.blueprint,  # with the other pages of customers
    device_entry.blueprint,
    devices.blueprint,
    repairs.blueprint,
    device_requests.blueprint,
    payments.blueprint,
    sale_ends.blueprint,  # with the other pages of sales
    credit.blueprint,
    suspense.blueprint,
    tokens.blueprint,
    cases.blueprint,
    vends.blueprint,
    agents.blueprint,
    sms.blueprint,
    audit.blueprint,
    own_money.blueprint,
    month.blueprint,
    tariffs.blueprint,
    waterfall.blueprint,
    appliances.blueprint,
    plans.blueprint,
    manufacturers.blueprint,
    villages.blueprint,
    market.blueprint,
    users.blueprint,
    people.blueprint,
)

# (group, its (label, endpoint) pairs), each shown to operators who may open it.
MENU = (
    (
        "Customers",
        (
            ("Dashboard", "dashboard.dashboard"),
            ("Customers", "customers.customers"),
            ("Devices", "devices.devices"),
            ("Device requests", "device_requests.requests"),
            ("Sales", "sales.sales"),
        ),
    ),
    (
        "Money",
        (
            ("Payments", "payments.payments"),
            ("Suspense", "suspense.suspense"),
            ("Agents", "agents.agents"),
            ("Office and bank", "own_money.movements"),
            ("Month export", "month.month"),
        ),
    ),
    (
        "Support",
        (
            ("Manual tokens", "tokens.orders"),
            ("Cases", "cases.cases"),
            ("Vends", "vends.vends"),
            ("SMS", "sms.sms"),
            ("Problem reports", "audit.reports"),
            ("Approvals", "approvals.approvals"),
        ),
    ),
    (
        "Catalogue",
        (
            ("Tariffs", "tariffs.tariffs"),
            ("Order of payment", "waterfall.waterfall"),
            ("Appliances", "appliances.appliances"),
            ("Plans", "plans.plans"),
            ("Manufacturers", "manufacturers.manufacturers"),
            ("Villages", "villages.villages"),
        ),
    ),
    (
        "Administration",
        (
            ("Audit log", "audit.audit"),
            ("Limits", "limits.limits"),
            ("Market", "market.market"),
            ("Users", "users.users"),
            ("Export a person", "people.export"),
            ("Forget a person", "people.forget"),
        ),
    ),
)
