"""Which ledger account the money of a payment's line goes to, and comes back from."""

from __future__ import annotations

ACCOUNT_OF = {
    "down_payment": "receivable:sales",
    "instalment": "receivable:sales",
    "access_rate": "receivable:access",
    "energy": "income:energy",
    "days": "income:days",
    "credit": "customer_credit",
}
