"""The demo: customers, agents, devices and sales of a small operator.

It is loaded and imported from the files beside this one, by the same functions as any operator's
files. Dates in them count from today (`today-5`), so that one loan is always overdue. The device
keys are of devices that exist only on the phone page.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine

from core.act import default_rules
from core.clock import Clock, system_clock
from core.db.statements import set_started_at
from core.db.tariffs import find_market
from core.environment import Environment
from core.errors import BrokenInvariant
from core.tokens.keys import VendingKeys
from core.unit import Unit
from core.usecases.acts.limits import set_rules
from core.usecases.operators.audit import ITSELF
from core.usecases.tokens.vending_keys import publish_keys
from operations.demo.people import cast as cast
from operations.demo.virtual_devices import device_source as device_source
from operations.importing.import_file import import_file
from operations.importing.load_catalogue import load_into

_FOLDER = Path(__file__).parent
# The operator of the demo did not begin today.
_RUNNING_FOR = timedelta(days=365)
_DAY = re.compile(r"\btoday(?:([+-])([0-9]+))?")


def load_demo(engine: Engine, environment: Environment, clock: Clock = system_clock) -> bool:
    """Fill an empty database, whole or not at all. Returns False where there is a market."""
    with engine.begin() as connection:
        if find_market(connection) is not None:
            return False
        load_into(connection, _read_file("catalogue.toml"), environment, clock)
        market = find_market(connection)
        if market is None:
            raise BrokenInvariant("the demo's catalogue was loaded without a market")
        now = clock()
        set_started_at(connection, now - _RUNNING_FOR)
        for kind in ("customers", "devices", "sales"):
            unit = Unit(connection, now, market)
            content = on_day(_read_file(f"{kind}.csv"), unit.today)
            import_file(unit, kind, content, environment)
        rules = replace(default_rules(market), second_person="off")
        # The workers tell it when they start; the phone may be quicker.
        publish_keys(unit, VendingKeys(environment))
        set_rules(unit, rules, ITSELF, "the demo has one person at the console")
    return True


def on_day(content: str, today: date) -> str:
    """Replace `today`, `today-5` and `today+2` by dates."""

    def written(match: re.Match[str]) -> str:
        sign, days = match.groups()
        return (today + timedelta(days=int(f"{sign}{days}") if sign else 0)).isoformat()

    return _DAY.sub(written, content)


def _read_file(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
