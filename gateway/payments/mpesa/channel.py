"""What the business has to know of M-Pesa. Source: Safaricom's Daraja documentation."""

from __future__ import annotations

from core.channel import Channel, Reason, after

# Results of an STK push; 1037 is the payer's silence or a phone that was off.
_REASONS: dict[str, Reason] = {
    "1": "no_money",
    "3": "over_limit",
    "4": "over_limit",
    "8": "over_limit",
    "1019": "no_answer",
    "1032": "cancelled",
    "1037": "no_answer",
    "2001": "wrong_pin",
}
# Daraja shows and returns at most 12 characters of an account reference.
REFERENCE_MAX = 12

CHANNEL = Channel(
    "daraja",
    lookups=after(20, 40, 80, 180, 600, 3600),
    wallets={("KE", "Safaricom"): None},
    reference_max=REFERENCE_MAX,
    most_minor={"KES": 250_000_00},
    reasons=_REASONS,
    can_refund=True,
)
