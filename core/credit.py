"""Credit of a customer: given back, or moved to another customer, by an operator."""

from __future__ import annotations

from typing import Literal

CreditActKind = Literal["given_back", "moved"]
# The provider account of payments that are made from credit: no money comes in with them.
CREDIT_ACCOUNT = "credit"
