"""`dialwatt doctor`: healthy books are called healthy, and each thing broken is called by name."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from operations.commands.doctor import examine_database
from tests.operations.conftest import Ran
from tests.support.cast import KIT, METER
from tests.support.scenario import Scenario, make_scenario


@pytest.fixture
def scenario(
    engine: Engine,
    environment: dict[str, str],
    roles_of_the_template: None,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Scenario:
    """Payments of every kind: applied, waiting, and without an account."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    scenario = make_scenario(engine)
    scenario.pay("R1", METER, 555_00)
    scenario.pay("R2", KIT, 150_00)
    scenario.apply()
    scenario.pay("R3", METER, 100_00)
    scenario.pay("R4", "NOSUCH", 70_00)
    return scenario


@pytest.fixture
def examined(dialwatt: Callable[..., Ran]) -> Callable[[], tuple[dict[str, dict[str, Any]], int]]:
    """The checks by name, and the exit code."""

    def examine() -> tuple[dict[str, dict[str, Any]], int]:
        ran = dialwatt("doctor", "--json")
        report = json.loads(ran.out)
        assert set(report) == {"ok", "checks"}
        assert report["ok"] is (ran.code == 0)
        assert all(set(check) == {"name", "ok", "detail"} for check in report["checks"])
        return {check["name"]: check for check in report["checks"]}, ran.code

    return examine


def bad(checks: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, check in checks.items() if not check["ok"]}


def fresh(engine: Engine) -> None:
    """Nothing has waited for long."""
    with engine.begin() as connection:
        for statement in (
            "UPDATE payments SET received_at = now()",
            "UPDATE sms SET created_at = now()",
        ):
            connection.execute(text(statement))


def test_healthy_books_are_healthy(
    scenario: Scenario,
    engine: Engine,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    dialwatt: Callable[..., Ran],
) -> None:
    fresh(engine)
    checks, code = examined()
    assert (bad(checks), code) == (set(), 0)
    assert checks["market"]["detail"] == "Jua Energy"
    ran = dialwatt("doctor")
    assert ran.code == 0
    assert "BAD" not in ran.out


def test_a_market_without_a_help_line_is_told_so(
    scenario: Scenario, examined: Callable[[], tuple[dict[str, dict[str, Any]], int]]
) -> None:
    assert "set help_line" in examined()[0]["help line"]["detail"]

    scenario.run("UPDATE market SET help_line = '+254700000000'")
    assert "set help_hours" in examined()[0]["help line"]["detail"]

    scenario.run("UPDATE market SET help_hours = '8-18'")
    assert examined()[0]["help line"]["detail"] == "+254700000000, 8-18"


BROKEN = [
    ("UPDATE customers SET credit_minor = 7", "every customer's credit equals the ledger"),
    (
        "UPDATE instalments SET paid_minor = 0",
        "open instalments equal receivable:sales",
    ),
    (
        "INSERT INTO access_charges (device_id, customer_id, due_on, amount_minor)"
        " SELECT id, owner_id, '2026-11-24', 100 FROM devices WHERE serial = '01000000016'",
        "open access charges equal receivable:access",
    ),
    (
        "UPDATE payments SET amount_minor = amount_minor + 100 WHERE receipt = 'R3'",
        "waiting payments equal unapplied",
    ),
    (
        "UPDATE payments SET amount_minor = amount_minor + 100 WHERE receipt = 'R4'",
        "unmatched payments equal suspense",
    ),
    (
        "UPDATE payments SET credit_used_minor = 100 WHERE receipt = 'R2'",
        "every payment equals its lines",
    ),
    (
        "UPDATE devices SET token_counter = initial_counter",
        "no token is ahead of its device's counter",
    ),
    (
        "SET session_replication_role = replica;"
        " DELETE FROM postings WHERE id = (SELECT min(id) FROM postings)",
        "every entry balances",
    ),
    (
        "SET session_replication_role = replica;"
        " DELETE FROM postings WHERE id = (SELECT min(id) FROM postings)",
        "the trial balance is zero",
    ),
    (
        "SET session_replication_role = replica;"
        " DELETE FROM entry_ids WHERE id = (SELECT min(id) FROM entry_ids)",
        "every row has its keys",
    ),
    ("UPDATE payment_ids SET receipt = 'R99' WHERE receipt = 'R3'", "every row has its keys"),
    (f"DROP TABLE sms_{datetime.now(UTC).replace(day=1) + timedelta(days=32):%y%m}", "months"),
    (
        "UPDATE payments SET received_at = now() - interval '6 minutes' WHERE receipt = 'R3'",
        "no payment is stuck",
    ),
    ("UPDATE payments SET problem = 'no key' WHERE receipt = 'R3'", "no payment is stuck"),
    (
        "UPDATE payments SET received_at = now() - interval '4 days' WHERE receipt = 'R4'",
        "no unmatched money is forgotten",
    ),
    ("UPDATE sms SET created_at = now() - interval '11 minutes'", "no text is stuck"),
    (
        "INSERT INTO prompts (msisdn, account_reference, customer_id, device_id, amount_minor,"
        " state, created_at) SELECT '+254711000001', serial, owner_id, id, 100, 'unknown',"
        " now() - interval '3 hours' FROM devices WHERE serial = 'LAMP100'",
        "no prompt is unresolved",
    ),
    (
        "UPDATE agents SET float_used_minor = 100",
        "every agent's float and commission equal the ledger",
    ),
    (
        "UPDATE customer_msisdns SET msisdn = '+2540' || right(msisdn, 9)"
        " WHERE msisdn = '+254711000001'",
        "phone numbers",
    ),
    (
        "INSERT INTO journal_entries (kind, idempotency_key, posted_at)"
        " VALUES ('repriced', 'x', now());"
        " INSERT INTO postings (entry_id, account, side, amount_minor, customer_id)"
        " SELECT max(e.id), 'receivable:sales', 'debit', 1, max(c.id)"
        " FROM journal_entries e, customers c",
        "a change of debts holds earlier payments",
    ),
    (
        "SET session_replication_role = replica;"
        " UPDATE devices SET owner_id = NULL WHERE serial = '01000000016'",
        "every device's owner is the one of its last change of hands",
    ),
    (
        "UPDATE sales SET customer_id = (SELECT max(id) FROM customers)",
        "every payment pays its own customer's debts",
    ),
    (
        "UPDATE payments SET customer_id = (SELECT max(id) FROM customers) WHERE state = 'applied'",
        "energy and days were sold to who had the device",
    ),
    (
        "UPDATE payments SET customer_id = (SELECT max(id) FROM customers) WHERE state = 'applied'",
        "every payment is of who had the device when it was paid",
    ),
    ('UPDATE devices SET sts = sts || \'{"sgc": "111111"}\'', "vending keys"),
    ("UPDATE devices SET sts = sts || '{\"ea\": 7}'", "vending keys"),
    ("UPDATE devices SET sts = sts || '{\"ken\": 90}'", "every device can get a code"),
    ("UPDATE devices SET sealed_key = NULL", "every device can get a code"),
    ("UPDATE manufacturers SET token_family = 'calin', sts = NULL", "every device can get a code"),
    ("UPDATE alembic_version SET version_num = '0001'", "migrations"),
]


def test_each_thing_broken_is_called_by_its_name(
    scenario: Scenario, engine: Engine, environment: dict[str, str], subtests: pytest.Subtests
) -> None:
    """Each is broken in a transaction that is rolled back; the doctor looks from within it."""
    fresh(engine)
    for broken, name in BROKEN:
        with subtests.test(name), engine.connect() as connection:
            for statement in broken.split(";"):
                connection.exec_driver_sql(statement)
            checks = {check.name: check for check in examine_database(connection, environment)}
            assert not checks[name].ok
            assert checks[name].detail


def test_offenders_are_named_and_the_rest_counted(
    scenario: Scenario,
    engine: Engine,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customers SET credit_minor = 900")
    detail = examined()[0]["every customer's credit equals the ledger"]["detail"]
    assert detail.count("customer ") == 3
    assert detail.endswith("and 1 more")


def test_everything_missing_in_the_settings_is_reported_together(
    scenario: Scenario,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PIN_PEPPER")
    monkeypatch.setenv("DEVICE_KEY_SECRET", "short")
    detail = examined()[0]["configuration"]["detail"]
    assert "PIN_PEPPER" in detail
    assert "short" not in detail
    assert detail.count(";") == 1


def test_endpoints_are_told_with_what_could_protect_them_better(
    scenario: Scenario,
    environment: dict[str, str],
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = "payments/daraja, sms/africastalking, ussd/africastalking"
    check = examined()[0]["endpoints"]
    unlisted = "without an address list: payments/daraja (set DARAJA_ALLOWED_IPS)"
    assert check == {"name": "endpoints", "ok": True, "detail": f"{served}; {unlisted}"}

    monkeypatch.setenv("DARAJA_ALLOWED_IPS", "196.201.214.0/24")
    key = environment["SMS_AFRICASTALKING_ENDPOINT_KEY"]
    monkeypatch.setenv("SMS_AFRICASTALKING_ENDPOINT_KEY", f"{key},the-old-one")
    detail = examined()[0]["endpoints"]["detail"]
    assert detail == f"{served}; an old key is still good at sms/africastalking"

    monkeypatch.setenv("USSD_AGGREGATORS", "twilio")
    assert not examined()[0]["endpoints"]["ok"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"MTN_BASE_URL": "http://127.0.0.1:9"}, "MTN_TARGET_ENVIRONMENT is not set"),
        ({"AIRTEL_BASE_URL": "http://127.0.0.1:9"}, "AIRTEL_COUNTRY is not set"),
        ({"DARAJA_PASSKEY": ""}, "DARAJA_PASSKEY is not set"),
        ({"TRUSTED_PROXY_HOPS": "1"}, "set TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "many"}, "TRUSTED_PROXIES"),
        ({"DARAJA_ENDPOINT_KEY": "demo"}, "DARAJA_ENDPOINT_KEY must have 16"),
        ({"USSD_AGGREGATORS": "twilio"}, "USSD_AGGREGATORS: twilio"),
        ({"MTN_ALLOWED_IPS": "1.2.3.4.5"}, "MTN_ALLOWED_IPS"),
        ({"SUSPENSE_REFUND_HOURS": "soon"}, "SUSPENSE_REFUND_HOURS must be"),
        ({"DARAJA_SHORTCODE": "", "DARAJA_BASE_URL": ""}, "no mobile-money channel is set up"),
    ],
)
def test_every_section_of_the_settings_is_looked_at(
    scenario: Scenario,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    named: str,
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert named in examined()[0]["configuration"]["detail"]


def test_a_market_without_m_pesa_needs_none_of_its_settings(
    scenario: Scenario,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("BASE_URL", "CONSUMER_KEY", "CONSUMER_SECRET", "SHORTCODE", "PASSKEY"):
        monkeypatch.delenv(f"DARAJA_{name}")
    monkeypatch.setenv("AIRTEL_BASE_URL", "http://127.0.0.1:9")
    for name in ("COUNTRY", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"AIRTEL_{name}", "x")

    check = examined()[0]["configuration"]
    assert check == {"name": "configuration", "ok": True, "detail": ""}


def test_a_redis_that_is_away_hides_nothing_else(
    scenario: Scenario,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    checks, code = examined()
    assert code == 1
    assert "redis" in bad(checks)
    assert checks["every entry balances"]["ok"]


def test_a_database_out_of_reach_fails_one_check(
    scenario: Scenario,
    examined: Callable[[], tuple[dict[str, dict[str, Any]], int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://user@127.0.0.1:1/none")
    checks, code = examined()
    assert code == 1
    assert "cannot reach the database" in checks["database"]["detail"]
    assert checks["redis"]["ok"]
