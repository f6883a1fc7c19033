"""What every simulated provider and phone needs: a database, settings and a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import Engine

from core.clock import Clock, system_clock
from simulator.settings import SimulatorSettings


@dataclass(frozen=True, slots=True)
class SimulatorRuntime:
    """The simulator's engine (schema `simulator`), its settings and its clock."""

    engine: Engine
    settings: SimulatorSettings
    clock: Clock = system_clock

    def now(self) -> datetime:
        """The current time, with its time zone."""
        return self.clock()


def current_runtime() -> SimulatorRuntime:
    """The runtime of the Flask application that handles this request."""
    runtime: SimulatorRuntime = current_app.extensions["simulator"]
    return runtime
