"""The roles of the database suffice: the web process orders, a worker forgets and purges."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import make_url

from core.clock import Clock
from core.db.engine import make_engine
from core.db.rights import Role
from core.db.roles import grant_rights, role_names
from core.unit import OpenUnit, unit_opener
from core.usecases.people.export import export_person
from core.usecases.people.forget import forget_next, order_erasure, what_would_go
from core.usecases.people.purge import RetentionSettings
from tests.support.cast import BARAKA, KIT, NEEMA
from tests.support.scenario import Scenario
from workers.purge import purge_rules

AsRole = Callable[[Role], OpenUnit]


@pytest.fixture
def as_role(scenario: Scenario) -> AsRole:
    """Opens Units on the scenario's database with the rights of a process."""
    with scenario.engine.begin() as connection:
        grant_rights(connection, {})
        names = role_names(connection)
    clock: Clock = scenario.now

    def opener(role: Role) -> OpenUnit:
        url = make_url(scenario.url()).set(username=names[role])
        engine = make_engine(url.render_as_string(hide_password=False), pool_size=0)
        return unit_opener(engine, clock)

    return opener


def test_the_web_process_orders_and_a_worker_forgets(scenario: Scenario, as_role: AsRole) -> None:
    scenario.run("UPDATE instalments SET paid_minor = amount_minor")
    scenario.run("UPDATE sales SET state = 'complete'")
    with as_role("web")() as unit:
        assert export_person(unit, NEEMA, "owner", "asked")["person"] == ["Neema Achieng"]
        order_erasure(unit, BARAKA, "owner", "asked by Baraka")
        assert f"{KIT} is taken out of use for good." in what_would_go(unit)

    with as_role("worker")() as unit:
        assert forget_next(unit) == 1

    assert scenario.rows("SELECT state FROM erasures") == [("done",)]
    assert scenario.rows("SELECT reason FROM audit_log WHERE action = 'forget'") == [
        ("asked by forgotten",)
    ]
    assert scenario.rows("SELECT name FROM customers WHERE forgotten_at IS NOT NULL") == [
        ("forgotten",)
    ]


def test_a_worker_purges_by_every_rule(scenario: Scenario, as_role: AsRole) -> None:
    scenario.ahead = timedelta(days=10_000)

    purge_rules(as_role("worker"), RetentionSettings.from_environment({}).days)
