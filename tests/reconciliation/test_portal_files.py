"""Months of a generator with a ledger of its own, through `dialwatt statement`: ours ends as the
generator's ledger, and no case is opened."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from core.usecases.reconciliation.balance import review_balances
from operations.cli import main
from tests.support.cast import METER
from tests.support.portal_files import PortalMonth
from tests.support.scenario import NOW, Scenario

BEGIN = NOW + timedelta(hours=1)
ACCOUNTS = (METER, "NOBODY", "?")


@pytest.fixture
def statement(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StatementCommand:
    monkeypatch.setenv("DATABASE_URL", scenario.engine.url.render_as_string(hide_password=False))
    scenario.ahead = timedelta(days=40)
    return StatementCommand(scenario, tmp_path / "portal.csv")


class StatementCommand:
    """`dialwatt statement daraja` on a month."""

    def __init__(self, scenario: Scenario, file: Path) -> None:
        self.scenario, self.file = scenario, file

    def run(self, month: PortalMonth, *options: str) -> int:
        self.file.write_bytes(month.content())
        since = f"{NOW:%Y-%m-%d}"
        return main(["statement", "daraja", str(self.file), "--since", since, *options])

    def balance(self, account: str) -> int:
        return self.scenario.balances().get(account, 0)


def record_some(scenario: Scenario, month: PortalMonth) -> None:
    """Record some payments as their callbacks did, by a clock that differs by seconds."""
    random = Random(month.seed)
    for row in month.payments:
        if random.random() < 0.5:
            told_at = row.at + timedelta(seconds=random.randint(-4, 4))
            scenario.ahead += told_at - scenario.now()
            account = f"daraja:{month.shortcode}"
            scenario.pay(row.receipt, row.account, row.signed_minor, provider_account=account)
    scenario.ahead = timedelta(0)


def check_month(statement: StatementCommand, seed: int) -> None:
    """Ingest, ingest again, compare; then ours is the generator's ledger."""
    month = PortalMonth(seed, f"6{seed % 100_000:05d}", BEGIN, ACCOUNTS)
    account, scenario = f"daraja:{month.shortcode}", statement.scenario
    before = {name: statement.balance(name) for name in ("bank", "expense:provider_fee")}
    opening_before = statement.balance("equity:opening")
    record_some(scenario, month)
    opening = ["--opening"] if month.has_balance else []
    codes = [
        statement.run(month, "--ingest", *opening),
        statement.run(month, "--ingest"),
        statement.run(month),
    ]
    with scenario.open_unit() as unit:
        review_balances(unit)

    assert codes == [0, 0, 0], seed
    assert scenario.rows("SELECT kind, detail FROM cases") == [], seed
    opened = month.opening_minor if month.has_balance else 0
    assert opening_before - statement.balance("equity:opening") == opened, seed
    held = month.closing_minor - month.opening_minor + opened
    assert statement.balance(f"clearing:{account}") == held, seed
    assert statement.balance("bank") - before["bank"] == month.bank_minor, seed
    fees = statement.balance("expense:provider_fee") - before["expense:provider_fee"]
    assert fees == month.fees_minor, seed
    booked = scenario.rows(
        "SELECT receipt, amount_minor, returned_minor FROM payments WHERE provider_account = :a",
        a=account,
    )
    expected = [(p.receipt, p.signed_minor, month.returned[p.receipt]) for p in month.payments]
    assert sorted(booked) == sorted(expected), seed


def test_generated_months_end_as_the_generators_ledger(statement: StatementCommand) -> None:
    for seed in range(3):
        check_month(statement, seed)
    statement.scenario.check_invariants()


def test_what_is_no_customers_business_waits_for_a_person_and_then_agrees(
    statement: StatementCommand,
) -> None:
    month = PortalMonth(7, "600777", BEGIN, ACCOUNTS, with_others=True)
    scenario = statement.scenario
    month.missing.discard("Balance")
    assert month.others

    for _ in range(2):
        assert statement.run(month, "--ingest", "--opening") == 1
    held = scenario.rows("SELECT id FROM held_movements")
    assert len(held) == len(scenario.rows("SELECT FROM cases")) == len(month.others)
    for (number,) in held:
        assert main(["movement", str(number), "--book", "unclassified", "--reason", "wages"]) == 0

    assert statement.run(month, "--ingest", "--opening") == statement.run(month) == 0
    assert scenario.rows("SELECT FROM cases WHERE closed_at IS NULL") == []
    assert statement.balance("unclassified") == month.others_minor
    assert statement.balance(f"clearing:daraja:{month.shortcode}") == month.closing_minor
    scenario.check_invariants()


@pytest.mark.slow
def test_hundreds_of_generated_months_end_as_the_generators_ledger(
    statement: StatementCommand,
) -> None:
    for seed in range(400):
        check_month(statement, seed)
    statement.scenario.check_invariants()
