"""The month export: its files agree with each other and with the ledger, and are streamed."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import pytest

from core.money import Money
from core.refund import NewReturn
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.agents.manage_agents import take_over_cash
from core.usecases.agents.pay_out import pay_commission, write_off_shortfall
from core.usecases.refunds.credit import give_credit_back
from core.usecases.refunds.refund import refund_done, request_refund
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from core.usecases.sales.change_sale import reprice_sale
from core.usecases.sales.end_sale import cancel_sale
from core.usecases.sales.sell import NewSale, sell_by_agent, sell_by_operator
from gateway.console.pages.month_files import zipped
from tests.gateway.console.conftest import Console
from tests.support.builders import terms_by_count
from tests.support.cast import AMINA, JUMA, KIT, LAST_KIT, METER
from tests.support.scenario import NOW

DECEMBER = datetime(2026, 11, 30, 21, 0, tzinfo=UTC)  # its first instant in Nairobi


@pytest.fixture
def busy(console: Console) -> Console:
    """November with everything in it, and a little of December."""
    scenario, context = console.scenario, console.app.extensions["console"]

    def do(action: Callable[..., Any], *arguments: Any) -> Any:
        with context.open_unit() as unit:
            return action(unit, *arguments)

    def at(instant: datetime) -> None:
        scenario.ahead = instant - NOW

    lost = scenario.pay("LOST1", "NOBODY1", 70_00)
    do(match_suspense, lost, KIT, "test", "it was a slip")
    back = scenario.pay("LOST2", "NOBODY2", 80_00)
    refund = do(request_refund, back, "test", "asked for")
    do(refund_done, refund, "0")
    do(collect_cash, JUMA, "4321", METER, Money(500_00, "KES"))
    scenario.apply()
    do(take_over_cash, console.ids["agent_id"], Money(100_00, "KES"), "R1", "test", "on Friday")
    cooker = NewSale(terms_by_count("cooker", 4, "monthly", down_minor=200_00))
    sale = do(sell_by_operator, AMINA, cooker, "test", "by an operator")
    do(reprice_sale, sale, 1400_00, "test", "a dearer one")
    at(DECEMBER - timedelta(seconds=1))
    scenario.pay("LAST", KIT, 20_00)
    at(DECEMBER)
    scenario.apply()
    scenario.pay("NEXT", KIT, 30_00)
    do(cancel_sale, sale, "test", "brought back")
    scenario.apply()
    return console


def month_of(
    console: Console, name: str = "2026-11", role: str = "finance"
) -> dict[str, list[dict[str, str]]]:
    answer = console.login(role).post("/month", month=name)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"] == f'attachment; filename="month-{name}.zip"'
    with ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {
            file.removesuffix(f"-{name}.csv"): list(
                csv.DictReader(io.StringIO(archive.read(file).decode("utf-8-sig")))
            )
            for file in archive.namelist()
        }


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(row[column] or 0) for row in rows), Decimal(0))


def account(files: dict[str, list[dict[str, str]]], name: str) -> dict[str, str]:
    return next(row for row in files["trial_balance"] if row["Account"] == name)


@pytest.mark.parametrize("name", ["2026-11", "2026-12"])
def test_the_files_agree_with_each_other_and_with_the_ledger(busy: Console, name: str) -> None:
    files = month_of(busy, name)

    assert {row["Agrees"] for row in files["checks"]} == {"True"}
    received = [row for row in files["entries"] if row["Kind"] == "received"]
    assert total(files["payments"], "Amount") == total(received, "Debit") > 0
    applied = [row for row in files["entries"] if row["Kind"] == "applied"]
    assert total(files["allocations"], "Amount") == total(applied, "Credit") > 0
    for side in ("Debit", "Credit"):
        assert total(files["trial_balance"], side) == total(files["entries"], side) > 0
    for when in ("Opening", "Closing"):
        debits, credits = (
            total(files["trial_balance"], f"{when} {s}") for s in ("debit", "credit")
        )
        assert debits == credits
    suspense = account(files, "suspense")
    for side in ("Debit", "Credit"):
        assert total(files["suspense"], side) == Decimal(suspense[side])


def test_sales_agents_and_refunds_agree_with_the_trial_balance(busy: Console) -> None:
    files = month_of(busy)

    sold = total(files["sales"], "Total")
    assert [row["Total"] for row in files["sales"]] == ["1000.00"]
    assert total(files["sale_changes"], "Debit") == 400
    assert sold + 400 == Decimal(account(files, "income:sales")["Credit"])
    juma = next(row for row in files["agents"] if row["Number"] == JUMA)
    assert (juma["Owed before"], juma["Cash collected"]) == ("0.00", "500.00")
    assert (juma["Cash paid in"], juma["Owed after"]) == ("110.00", "390.00")
    assert (juma["Commission earned"], juma["Commission paid out"]) == ("10.00", "10.00")
    owed = [row for row in files["trial_balance"] if row["Account"].startswith("clearing:agent")]
    assert total(files["agents"], "Owed after") == total(owed, "Closing debit")
    moved = [row for row in files["agent_movements"] if row["Account"].startswith("clearing")]
    assert total(moved, "Debit") - total(moved, "Credit") == 390
    assert [row["Receipt"] for row in files["suspense"]].count("LOST1") == 2
    assert {row["Receipt"] for row in files["refunds"]} == {"LOST2"}


def test_the_month_ends_at_midnight_of_the_market(busy: Console) -> None:
    november, december = month_of(busy), month_of(busy, "2026-12")

    assert [row["Receipt"] for row in november["payments"]][-1] == "LAST"
    assert [row["Receipt"] for row in december["payments"]] == ["NEXT"]
    assert {row["Receipt"] for row in december["allocations"]} == {"LAST", "NEXT"}
    assert [row["Kind"] for row in december["sale_changes"]] == ["cancelled"]
    opening = {row["Account"]: row["Closing debit"] for row in november["trial_balance"]}
    for row in december["trial_balance"]:
        assert row["Opening debit"] == opening.get(row["Account"], "0.00")


def test_money_belongs_to_the_month_in_which_it_moved(busy: Console) -> None:
    """A payment of November that we hear of in December."""
    busy.scenario.pay("HEARD1", KIT, 40_00, paid_at=DECEMBER - timedelta(minutes=1))
    november, december = month_of(busy), month_of(busy, "2026-12")

    assert "HEARD1" in {row["Receipt"] for row in november["payments"]}
    [received] = [row for row in november["entries"] if row["Receipt"] == "HEARD1"][:1]
    assert (received["Kind"], received["Value date"]) == ("received", "2026-11-30")
    assert "HEARD1" not in {row["Receipt"] for row in december["payments"]}
    for files in (november, december):
        assert {row["Agrees"] for row in files["checks"]} == {"True"}


def test_an_empty_month_has_every_file_without_rows(busy: Console) -> None:
    files = month_of(busy, "2026-03")

    assert len(files) == 14
    assert files["payments"] == files["entries"] == []
    assert {row["Agrees"] for row in files["checks"]} == {"True"}


def test_the_export_contains_no_token_and_no_payer(busy: Console) -> None:
    [(paid_with,)] = busy.rows("SELECT text FROM tokens ORDER BY id LIMIT 1")
    answer = busy.login("owner").post("/month", month="2026-11")

    with ZipFile(io.BytesIO(answer.data)) as archive:
        written = "".join(archive.read(name).decode() for name in archive.namelist())

    assert METER in written
    assert paid_with not in written
    assert AMINA not in written  # she paid RA1 from her phone


def test_every_export_is_in_the_audit_log(busy: Console) -> None:
    month_of(busy)

    assert busy.audit()[-1] == ("finance", "export", "market", "the month 2026-11")


@pytest.mark.parametrize("typed", ["2026-13", "November", "2026-11-01", "9999-12", "2027-01"])
def test_an_unknown_or_future_month_is_not_exported(console: Console, typed: str) -> None:
    answer = console.login("finance").post("/month", month=typed)

    assert answer.status_code == 422
    assert "Write the month like 2026-03" in answer.text
    assert console.audit() == []


def test_only_one_piece_of_a_file_is_in_memory() -> None:
    asked = 0

    def pieces() -> Iterator[str]:
        nonlocal asked
        for number in range(1000):
            asked += 1
            yield f"line {number:06}\n" * 200

    out = io.BytesIO()
    whole = zipped([("many.csv", pieces()), ("few.csv", ["one\n"])])
    for sent, piece in enumerate(whole, start=1):
        assert asked <= sent
        assert len(piece) < 16 * 1024
        out.write(piece)
    with ZipFile(out) as archive:
        assert archive.read("few.csv") == b"one\n"
        assert len(archive.read("many.csv")) == 1000 * 200 * 12


def test_what_customers_owe_is_there_by_age_and_agrees_with_the_trial_balance(
    busy: Console,
) -> None:
    """A payment of 500 for the meter, all of it energy, is taken back in November."""
    busy.scenario.ahead = timedelta(days=1)
    with busy.scenario.open_unit() as unit:
        record_reversal(
            unit, f"agent:{busy.ids['agent_id']}", "AG000001", NewReturn(), "test", "he was robbed"
        )
    busy.scenario.ahead = DECEMBER - NOW

    for name in ("2026-11", "2026-12"):
        files = month_of(busy, name)
        ages = ("Not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days")
        for row in files["receivables"]:
            assert sum(Decimal(row[age]) for age in ages) == Decimal(row["Owed"])
            assert all(Decimal(row[age]) >= 0 for age in ages)
        for which in ("receivable:sales", "receivable:access", "receivable:clawback"):
            rows = [row for row in files["receivables"] if row["Account"] == which]
            found = [row for row in files["trial_balance"] if row["Account"] == which]
            assert total(rows, "Owed") == total(found, "Closing debit")
        credit = [row for row in files["trial_balance"] if row["Account"] == "customer_credit"]
        assert total(files["receivables"], "Credit") == total(credit, "Closing credit")
        (claim,) = files["clawbacks"]
        assert (claim["Receipt"], claim["Amount"], claim["Open"]) == (
            "AG000001",
            "500.00",
            "500.00",
        )
        (owed,) = [row for row in files["receivables"] if row["Account"] == "receivable:clawback"]
        assert owed["1 to 30 days" if name == "2026-11" else "31 to 60 days"] == "500.00"


def test_what_agents_owe_and_earn_is_explained_by_its_columns(console: Console) -> None:
    agent = console.ids["agent_id"]

    def do(action: Callable[..., Any], *arguments: Any) -> Any:
        with console.scenario.open_unit() as unit:
            return action(unit, *arguments)

    cooker = NewSale(terms_by_count("cooker", 4, "monthly"))
    do(sell_by_agent, JUMA, "4321", AMINA, cooker, "s/1")
    do(collect_cash, JUMA, "4321", METER, Money(500_00, "KES"))
    console.scenario.apply()
    out = Money(40_00, "KES")
    do(pay_commission, agent, out, ("office", "V1"), "test", "he asked for it")
    do(cancel_sale, console.rows("SELECT max(id) FROM sales")[0][0], "test", "brought back")
    do(write_off_shortfall, agent, Money(100_00, "KES"), "test", "stolen")

    (juma,) = (row for row in month_of(console)["agents"] if row["Number"] == JUMA)
    columns = {name: Decimal(text or 0) for name, text in juma.items() if name not in _TEXTS}
    assert columns["Owed after"] == (
        columns["Owed before"] + columns["Cash collected"] + columns["Commission owed"]
        - columns["Cash paid in"] - columns["Written off"]
    )  # fmt: skip
    assert columns["Commission after"] == (
        columns["Commission before"] + columns["Commission earned"]
        - columns["Commission paid out"] - columns["Commission taken back"]
    )  # fmt: skip
    assert [columns[name] for name in ("Commission owed", "Commission taken back")] == [30, 20]
    assert [columns[name] for name in ("Written off", "Commission paid out")] == [100, 40]


_TEXTS = ("Agent", "Number")


def test_parts_that_went_back_and_credit_are_in_the_month(console: Console) -> None:
    scenario, context = console.scenario, console.app.extensions["console"]
    payment_id = scenario.pay("PART1", LAST_KIT, 1150_00)
    scenario.apply()
    with context.open_unit() as unit:
        part = NewReturn(150_00, "office", "V1")
        reverse_by_hand(unit, payment_id, part, "test", "asked")
        chidi = scenario.rows("SELECT customer_id FROM payments WHERE receipt = 'PART1'")[0][0]
        give_credit_back(unit, chidi, NewReturn(300_00, "bank", "T1"), None, "test", "asked")

    files = month_of(console)

    assert all(check["Agrees"] == "True" for check in files["checks"])
    [paid] = [row for row in files["payments"] if row["Receipt"] == "PART1"]
    assert paid["Went back"] == "150.00"
    listed = {(row["Receipt"], row["Kind"]) for row in files["refunds"]}
    assert {("PART1", "reversed"), ("T1", "credit_given_back")} <= listed
