"""The circuit of a provider: after five calls in a row that failed it opens, and calls wait.

On an open circuit one call is made every 15 seconds; the first that succeeds closes it. A call has
failed when it would have failed for anybody: the provider is away, or answers with nonsense, or our
account with it is empty. A refusal of one number or one payer is an answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.db.audit import close_cases_by_key, open_case
from core.db.circuits import add_failure, claim_probe, close_circuit, is_open
from core.unit import Unit

FAILURES_TO_OPEN = 5
PROBE_EVERY = timedelta(seconds=15)
# The case about an open circuit, closed when the circuit is.
PROVIDER_AWAY = "provider_away"


def is_call_due(unit: Unit, provider: str) -> bool:
    """Return whether a call may be made now; on an open circuit this claims the call."""
    if not is_open(unit.connection, provider):
        return True
    return claim_probe(unit.connection, provider, unit.now, unit.now + PROBE_EVERY)


def call_failed(unit: Unit, provider: str, code: str) -> bool:
    """Count a failed call; `code` is the provider's. A case is opened with the circuit. Returns
    whether the circuit is open."""
    instants = (unit.now, unit.now + PROBE_EVERY)
    failures = add_failure(unit.connection, provider, code, instants, FAILURES_TO_OPEN)
    if failures == FAILURES_TO_OPEN:
        detail = (
            f"{provider} did not take {failures} calls in a row, the last for: {code}. What is for"
            f" it waits and goes by itself once it answers; it is asked every"
            f" {PROBE_EVERY.seconds} seconds. Is the account empty, or a password expired?"
        )
        open_case(unit.connection, unit.now, PROVIDER_AWAY, _key(provider, unit.now), detail)
    return failures >= FAILURES_TO_OPEN


def call_answered(unit: Unit, provider: str) -> None:
    """A call was answered: the circuit is closed, and its case."""
    open_since = close_circuit(unit.connection, provider)
    if open_since is not None:
        key = f"{PROVIDER_AWAY}:{_key(provider, open_since)}"
        close_cases_by_key(unit.connection, unit.now, key)


def _key(provider: str, open_since: datetime) -> str:
    return f"{provider}:{open_since:%Y-%m-%dT%H:%M:%SZ}"
