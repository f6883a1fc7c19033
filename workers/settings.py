"""Settings of reconciliation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.environment import Environment, read_setting
from core.errors import BadInput


@dataclass(frozen=True, slots=True)
class ReconciliationSettings:
    """How often a provider's list of payments is asked for, and after which time unmatched payments
    are refunded; None means never. `balances`: the channels whose balance is read every day.
    Daraja's balance is asked for where its list is. Workers only."""

    pull_every: timedelta | None
    refund_after: timedelta | None
    balances: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls, environment: Environment) -> ReconciliationSettings:
        every_s = _seconds(environment, "DARAJA_PULL_EVERY_S", "600")
        after_h = read_setting(environment, "SUSPENSE_REFUND_HOURS", "")
        balances = {
            "mtn": read_setting(environment, "MTN_BALANCE", "0"),
            "airtel": read_setting(environment, "AIRTEL_BALANCE", "0"),
        }
        return cls(
            pull_every=every_s if read_setting(environment, "DARAJA_PULL", "0") == "1" else None,
            refund_after=_seconds(environment, "SUSPENSE_REFUND_HOURS", "") * 3600
            if after_h
            else None,
            balances=frozenset(name for name, wanted in balances.items() if wanted == "1"),
        )


def _seconds(environment: Environment, name: str, default: str) -> timedelta:
    text = read_setting(environment, name, default)
    if not text.isdecimal() or not int(text):
        raise BadInput(f"{name} must be a whole number above 0, not {text!r}")
    return timedelta(seconds=int(text))
