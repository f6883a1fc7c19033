"""Settings of workers: which queues a process serves, and reconciliation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.environment import Environment, read_setting
from core.errors import BadInput
from core.unit import QueueName
from gateway.work_queues import QUEUES


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


# Applying payments and making tokens calls no provider; everything else does.
_CALLS_NO_PROVIDER = "payments"


def served_queues(environment: Environment) -> tuple[QueueName, ...]:
    """The queues that this process serves, from WORKER_QUEUES (names with blanks between them);
    every queue where that is not set, as for a check of all settings.

    Raises BadInput for an unknown name, and where `payments` would share a process with a queue
    that calls providers: then a slow provider would delay payments.
    """
    named = read_setting(environment, "WORKER_QUEUES", "").split()
    if unknown := sorted({*named} - {*QUEUES}):
        raise BadInput(f"no such queue: {', '.join(unknown)} (there are {', '.join(QUEUES)})")
    if _CALLS_NO_PROVIDER in named and {*named} != {_CALLS_NO_PROVIDER}:
        raise BadInput("payments shares no process with queues that call providers: start two")
    return tuple(name for name in QUEUES if name in named) or QUEUES


def _seconds(environment: Environment, name: str, default: str) -> timedelta:
    text = read_setting(environment, name, default)
    if not text.isdecimal() or not int(text):
        raise BadInput(f"{name} must be a whole number above 0, not {text!r}")
    return timedelta(seconds=int(text))
