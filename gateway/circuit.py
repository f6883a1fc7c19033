"""The circuit of a provider as its adapter sees it; the rule is core.usecases.providers.circuit."""

from __future__ import annotations

from dataclasses import dataclass

from core.unit import OpenUnit
from core.usecases.providers.circuit import call_answered, call_failed, is_call_due


@dataclass(frozen=True, slots=True)
class Circuit:
    """The circuit of `provider`, in short transactions of its own. May be shared by threads."""

    provider: str
    open_unit: OpenUnit

    def is_call_due(self) -> bool:
        """Whether a call may be made now."""
        with self.open_unit() as unit:
            return is_call_due(unit, self.provider)

    def report(self, failure: str | None) -> None:
        """Say how a call went: `failure` is a code, or None when it was answered."""
        with self.open_unit() as unit:
            if failure is None:
                call_answered(unit, self.provider)
            else:
                call_failed(unit, self.provider, failure)
