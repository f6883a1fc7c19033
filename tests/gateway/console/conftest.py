"""The console on a real database, with the test data of the cast and a user for each role.

`console.login("finance")` gives a browser that is logged in. `ids` has an id
for every name in an address: add further ids there.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine
from werkzeug.test import Client, TestResponse

from core.db.audit import open_case
from core.db.engine import make_engine, read_only
from core.pin import Pins
from core.second_factor import TotpSeals
from core.unit import OpenUnit, unit_opener
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.operators.users import ROLES, add_user
from core.usecases.registration.self_service import request_device
from core.usecases.tokens.token_orders import order_token
from gateway.console.app import console_application
from gateway.console.attempts import Attempts
from gateway.console.console_context import BLANK_MARKET, ConsoleContext
from gateway.console.settings import ConsoleSettings
from gateway.guard import Guard, GuardSettings
from gateway.limits import Limits
from gateway.work_queues import WorkQueues
from tests.support.cast import (
    AMINA,
    JUMA,
    KIT,
    METER,
    PEPPER,
    RING,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
)
from tests.support.cast import LAST_KIT as CHIDIS_KIT
from tests.support.channels import CHANNELS
from tests.support.kept_rows import KeptRows, transaction_id_of
from tests.support.scenario import NOW, Scenario, make_scenario

PASSWORD = "correct horse"
SECRET = "s" * 32
CATALOGUE = (
    "SELECT (SELECT id FROM tariffs WHERE code = 'home'),"
    " (SELECT id FROM villages WHERE code = 'KIB'),"
    " (SELECT id FROM manufacturers WHERE code = 'umeme'),"
    " (SELECT id FROM appliances WHERE code = 'tv'),"
    " (SELECT id FROM plan_offers WHERE code = 'tv6')"
)
SALE_OF = "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE serial = :serial"
_CONFIRM = re.compile(r'name="confirmed" value="([^"]+)"')
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class Browser:
    """A browser at the console, with an address. Its posts carry the form token."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.client = Client(app)
        self.address = {"REMOTE_ADDR": address}

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(f"/console{path}", query_string=query, environ_base=self.address)

    def token(self, path: str = "/password") -> str:
        found: str = _TOKEN.findall(self.get(path).text)[-1]
        return found

    def post(self, path: str, **typed: str) -> TestResponse:
        """Fill in and send a form that was opened for it."""
        tokens = {"form_token": self.token(), "once": secrets.token_urlsafe(16)}
        return self.client.post(f"/console{path}", data=tokens | typed, environ_base=self.address)

    def confirm(self, path: str, **typed: str) -> tuple[TestResponse, TestResponse]:
        """Fill in a form, look at what it would do, and confirm that."""
        looked = self.post(path, **typed)
        assert looked.status_code == 200, looked.text
        return looked, self.post(path, **typed, confirmed=_CONFIRM.findall(looked.text)[0])

    def log_in(self, name: str, password: str = PASSWORD, **query: str) -> TestResponse:
        typed = {"form_token": self.token("/login"), "name": name, "password": password}
        return self.client.post(
            "/console/login", data=typed, query_string=query, environ_base=self.address
        )


@dataclass
class Console:
    """The console, and the scenario whose database it shows."""

    app: Flask
    scenario: Scenario
    redis: Redis
    ids: dict[str, Any]

    def browser(self, address: str = "127.0.0.1") -> Browser:
        return Browser(self.app, address)

    def change_context(self, **changes: Any) -> None:
        """Serve with other services of the console from now on."""
        self.app.extensions["console"] = replace(self.app.extensions["console"], **changes)

    def login(self, role: str = "owner") -> Browser:
        """A browser in which the user of that role is logged in."""
        browser = self.browser()
        assert browser.log_in(role).status_code == 302
        return browser

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        return self.scenario.rows(sql, **values)

    def audit(self) -> list[tuple[Any, ...]]:
        """Return (operator, action, subject, reason) of every change, without the setup."""
        return self.rows(
            "SELECT operator, action, subject, reason FROM audit_log"
            " WHERE operator NOT IN ('test', 'dialwatt') AND subject <> 'list' AND action NOT IN"
            " ('log_in', 'log_in_refused', 'log_out', 'look', 'refused') ORDER BY id"
        )

    def noted(self, action: str) -> list[tuple[Any, ...]]:
        """Return (operator, subject, subject_id, details) of what is noted without a change."""
        return self.rows(
            "SELECT operator, subject, subject_id, details FROM audit_log"
            " WHERE action = :action ORDER BY id",
            action=action,
        )


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@dataclass(frozen=True)
class KeptStory:
    """The rows of the cast, the users and the story, and their ids."""

    rows: KeptRows
    ids: dict[str, Any]


_story_of_this_process: list[KeptStory] = []


@pytest.fixture
def scenario(engine: Engine) -> Scenario:
    """The cast, the users and the story."""
    if _story_of_this_process:
        with engine.begin() as connection:
            _story_of_this_process[0].rows.insert(connection)
        return Scenario(engine)
    with engine.begin() as connection:
        first = transaction_id_of(connection)
    scenario = make_scenario(engine)
    ids = add_users(scenario.open_unit) | _story(scenario)
    with engine.begin() as connection:
        rows = KeptRows.inserted_since(connection, first)
    _story_of_this_process.append(KeptStory(rows, ids))
    return scenario


def add_users(open_unit: OpenUnit) -> dict[str, Any]:
    """Add a user for each role, whose name is the role; returns the id of one."""
    with open_unit() as unit:
        users = {role: add_user(unit, role, PASSWORD, role, "test") for role in ROLES}
    return {"user_id": users["support"]}


def make_console(
    engine: Engine, redis: Redis, redis_url: str, scenario: Scenario, ids: dict[str, Any]
) -> Console:
    """The console over a database."""

    def clock() -> datetime:
        return NOW + scenario.ahead

    limits = Limits(redis)
    context = ConsoleContext(
        unit_opener(read_only(engine), clock, market_if_none=BLANK_MARKET),
        unit_opener(
            engine,
            clock,
            pins=Pins(PEPPER),
            channels=CHANNELS,
            market_if_none=BLANK_MARKET,
            after_commit=WorkQueues(redis_url).wake,
        ),
        limits,
        redis,
        Guard(GuardSettings(), limits),
        clock,
        Attempts(redis),
        TotpSeals([SECRET]),
        sealing_key=RING.sealing_key(),
    )
    return Console(_application(context), scenario, redis, ids)


_application_of_this_process: list[Flask] = []


def _application(context: ConsoleContext) -> Flask:
    """The application, made once: making it and compiling its pages takes longer than a test."""
    if not _application_of_this_process:
        settings = ConsoleSettings((SECRET,), is_https=False, second_factor_roles=frozenset())
        _application_of_this_process.append(console_application(settings, context))
    (app,) = _application_of_this_process
    app.extensions["console"] = context
    return app


@pytest.fixture
def console(scenario: Scenario, engine: Engine, redis: Redis, redis_url: str) -> Console:
    return make_console(engine, redis, redis_url, scenario, dict(_story_of_this_process[0].ids))


def _insert_vend(scenario: Scenario) -> None:
    """A vend of each order, which waits."""
    scenario.run(
        "INSERT INTO vends (device_id, customer_id, order_id, kind, units, amount_minor,"
        " created_at, next_attempt_at) SELECT device_id, customer_id, id, 'days', 1, 0, :now, :now"
        " FROM token_orders",
        now=NOW,
    )


def _story(scenario: Scenario) -> dict[str, Any]:
    """Something of everything: a payment with its code and text, money in suspense, a case."""
    paid = scenario.pay("RA1", METER, 500_00, payer_kind="msisdn", payer=AMINA)
    scenario.apply()
    lost = scenario.pay("RS1", "LAMP10", 150_00)
    with scenario.open_unit() as unit:
        open_case(unit.connection, unit.now, "odd", "1", "Something is odd", paid)
        request_device(unit, NewCustomer(STRANGER, "Wanjiku", "Kamau", "KIB"), STOCK_METER)
        order_id = order_token(unit, CHIDIS_KIT, "days", 1, "test", "for the tests")
    found = "SELECT (SELECT max(id) FROM tokens), (SELECT max(id) FROM sms), id FROM cases"
    token_id, text_id, case_id = scenario.rows(found)[0]
    scenario.run(
        "INSERT INTO operator_acts (act, user_id, state, value_minor, ids, typed, reason, asked_at,"
        " expires_at) SELECT 'order_token', u.id, 'waiting', 0, '{}', :typed, 'test', :now,"
        " CAST(:now AS timestamptz) + interval '3 days' FROM console_users u"
        " WHERE name = 'support'",
        typed=json.dumps({"serial": CHIDIS_KIT, "kind": "unlock", "reason": "for the tests"}),
        now=NOW,
    )
    _insert_vend(scenario)
    act_id = scenario.rows("SELECT id FROM operator_acts")[0][0]
    agent_id = scenario.rows("SELECT id FROM agents WHERE msisdn = :juma", juma=JUMA)[0][0]
    device_id = scenario.rows("SELECT id FROM devices WHERE serial = :kit", kit=STOCK_KIT)[0][0]
    customer_id = scenario.rows("SELECT customer_id FROM payments WHERE id = :id", id=paid)[0][0]
    sale_id = scenario.rows(SALE_OF, serial=KIT)[0][0]
    tariff_id, village_id, manufacturer_id, appliance_id, plan_id = scenario.rows(CATALOGUE)[0]
    return {
        "act_id": act_id,
        "payment_id": paid,
        "suspense_id": lost,
        "customer_id": customer_id,
        "agent_id": agent_id,
        "request_id": scenario.rows("SELECT max(id) FROM device_requests")[0][0],
        "device_id": device_id,
        "token_id": token_id,
        "sms_id": text_id,
        "case_id": case_id,
        "order_id": order_id,
        "vend_id": scenario.rows("SELECT id FROM vends")[0][0],
        "sale_id": sale_id,
        "tariff_id": tariff_id,
        "village_id": village_id,
        "manufacturer_id": manufacturer_id,
        "appliance_id": appliance_id,
        "plan_id": plan_id,
    }


@pytest.fixture
def later(scenario: Scenario) -> Any:
    """Move the clock on."""

    def move(**by: float) -> None:
        scenario.ahead += timedelta(**by)

    return move
