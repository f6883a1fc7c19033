"""What a statement leaves in the ledger: value dates, the opening balance, and who is served."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.db.invariants import LEDGER, offenders
from core.usecases.reconciliation.balance import note_balance
from core.usecases.refunds.suspense import match_suspense
from operations.cli import main
from tests.operations.commands.portal_lines import Compare, line, receipts
from tests.support.cast import METER
from tests.support.scenario import ACCOUNT, NOW, Scenario

INGEST, OPENING = ["--ingest"], ["--ingest", "--opening"]


def row(receipt: str, moved: str, balance: str, minute: int, **more: str) -> str:
    """A row at that minute after noon; a withdrawal is a settlement unless `reason` says more."""
    paid_in, withdrawn = ("", moved) if moved.startswith("-") else (moved, "")
    reason = more.pop("reason", "Organization Settlement" if withdrawn else "Pay Bill")
    time = f"2026-11-24 12:{minute:02}:00"
    return line(receipt, paid_in, withdrawn, balance, reason=reason, time=time, **more)


def held_at(scenario: Scenario, ahead: timedelta) -> int:
    """The difference to a provider that holds nothing, at that time."""
    with scenario.open_unit() as unit:
        return -note_balance(unit, ACCOUNT, 0, NOW + ahead)


def test_every_row_counts_from_its_own_time(scenario: Scenario, compare: Compare) -> None:
    rows = [
        row("SKE0000001", "500.00", "500.00", 1),
        row("SKE0000001", "-5.00", "495.00", 1, reason="Pay Bill Charge"),
        row("SKE0000002", "-395.00", "100.00", 2),
    ]
    scenario.ahead = timedelta(days=5)

    for _ in range(2):
        assert compare(*rows, options=INGEST)[0] == 0

    assert scenario.rows("SELECT stated_minor, booked_minor FROM balance_assertions") == [
        (100_00, 100_00)
    ]
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]
    entries = scenario.rows("SELECT DISTINCT value_on::text FROM journal_entries WHERE id > 0"
                            " AND kind IN ('received', 'settlement')")  # fmt: skip
    assert entries == [("2026-11-24",)]


@pytest.mark.parametrize(("opening", "closing"), [("1000.00", "1,100.00"), ("100.00", "200.00")])
def test_the_opening_balance_is_what_was_there_before_the_first_row(
    scenario: Scenario, compare: Compare, opening: str, closing: str
) -> None:
    rows = [row("SKE0000001", "500.00", "", 1), row("SKE0000002", "-400.00", closing, 2)]
    before = scenario.balances().get("equity:opening", 0)

    code, result = compare(*rows, options=OPENING)

    assert (code, result["not_booked"]) == (0, [])
    opened = round(float(opening) * 100)
    assert before - scenario.balances()["equity:opening"] == opened
    assert held_at(scenario, timedelta(0)) == 0
    assert held_at(scenario, timedelta(days=1)) == opened + 100_00
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]


def test_an_opening_balance_waits_until_every_row_is_booked(
    scenario: Scenario, compare: Compare
) -> None:
    rows = [
        row("SKE0000001", "500.00", "", 1),
        row("SKE0000002", "-400.00", "1,100.00", 2, reason="Salary Payment"),
    ]

    code, result = compare(*rows, options=OPENING)

    assert code == 1
    assert result["not_booked"] == ["opening balance: first settle what is not booked or not read"]
    assert main(["movement", "1", "--book", "unclassified", "--reason", "wages"]) == 0
    assert compare(*rows, options=OPENING)[0] == 0
    assert scenario.balances()["clearing:daraja:600123"] == 1100_00


def test_an_opening_balance_needs_a_balance(compare: Compare) -> None:
    code, result = compare(row("SKE0000001", "500.00", "", 1), options=OPENING)

    assert (code, result["not_booked"]) == (
        1,
        ["opening balance: the file does not state the balance"],
    )


def test_money_from_before_we_went_live_is_not_served_again(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000009", METER, 100_00)
    rows = [
        line("SKE0000001", "1,000.00", balance="1,000.00", time="2026-11-01 12:00:00"),
        line("SKE0000002", "", "-300.00", "700.00", reason="Organization Settlement",
             time="2026-11-02 12:00:00"),
        line("SKE0000009", "100.00", balance="800.00"),
    ]  # fmt: skip

    code, result = compare(*rows, options=OPENING)

    assert (code, receipts(result["before_us"])) == (0, ["SKE0000001", "SKE0000002"])
    assert result["missing_here"] == []
    assert len(scenario.states()) == 1
    assert scenario.balances()["clearing:daraja:600123"] == 800_00
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]
    _, printed = compare(*rows, as_json=False)
    assert "before us      2  from before payments were served here" in printed


def test_a_person_says_from_when_on_money_is_ours(scenario: Scenario, compare: Compare) -> None:
    scenario.pay("SKE0000009", METER, 100_00)
    rows = [
        line("SKE0000001", "1,000.00", time="2026-11-23 23:59:59"),
        line("SKE0000002", "1,000.00", time="2026-11-24 10:59:59"),
        line("SKE0000003", "1,000.00", time="2026-11-24 11:00:00"),
        line("SKE0000009", "100.00"),
    ]
    for since, earlier in (("2026-11-24T11:00", 2), ("2026-11-24", 1), ("2026-11-01", 0)):
        _, result = compare(*rows, options=["--since", since])
        assert len(result["before_us"]) == earlier

    code, answer = compare(*rows, options=["--since", "yesterday"])
    assert (code, "--since" in answer) == (1, True)


def test_a_reversal_of_money_from_before_us_is_for_a_person(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000009", METER, 100_00)
    rows = [
        line("SKE0000001", "1,000.00", time="2026-11-01 12:00:00"),
        line("SKE0000009", "100.00"),
        row("SKE0000010", "-1,000.00", "", 5, reason="Reversal", undoes="SKE0000001"),
    ]

    code, result = compare(*rows, options=INGEST)

    assert (code, receipts(result["held"])) == (1, ["SKE0000010"])
    assert scenario.rows("SELECT kind FROM cases") == [("movement_held",)]


@pytest.mark.parametrize(("part", "left_minor"), [("500.00", 0), ("300.00", 200_00)])
def test_no_code_goes_out_for_money_that_the_same_file_takes_back(
    scenario: Scenario, compare: Compare, part: str, left_minor: int
) -> None:
    texts = scenario.rows("SELECT count(*) FROM sms")
    rows = [
        row("SKE0000001", "500.00", "", 1),
        row("SKE0000003", f"-{part}", "", 2, reason="Reversal", undoes="SKE0000001"),
    ]
    assert compare(*reversed(rows), options=INGEST)[0] == 0
    if not left_minor:
        assert scenario.rows("SELECT count(*) FROM sms") == texts
    scenario.ahead = timedelta(days=30)
    scenario.apply()

    used = scenario.rows("SELECT coalesce(sum(amount_minor), 0)::bigint FROM payment_lines")
    assert used == [(left_minor,)]
    assert compare(*rows)[0] == 0
    scenario.check_invariants()


def test_a_clock_that_differs_by_seconds_moves_no_balance(
    scenario: Scenario, compare: Compare
) -> None:
    """Our callback put the last payment after the end of the file, and one more is on the next."""
    scenario.ahead = timedelta(minutes=10)
    scenario.pay("SKE0000002", METER, 100_00, paid_at=NOW + timedelta(minutes=9, seconds=4))
    scenario.pay("SKE0000003", METER, 70_00, paid_at=NOW + timedelta(minutes=8, seconds=58))
    rows = [row("SKE0000001", "500.00", "500.00", 1), row("SKE0000002", "100.00", "600.00", 9)]

    code, result = compare(*rows, options=INGEST)

    assert (code, result["missing_there"]) == (0, [])
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]


def test_the_movements_that_wait_are_listed_and_explained(
    scenario: Scenario, compare: Compare, capsys: pytest.CaptureFixture[str]
) -> None:
    compare(row("SKE0000002", "-400.00", "", 2, reason="Salary Payment"), options=INGEST)

    assert main(["movement"]) == 0
    assert capsys.readouterr().out == (
        "1  daraja:600123  SKE0000002  out  KES 400.00  2026-11-24 12:02  Salary Payment\n"
    )
    assert main(["movement", "1", "--book", "fee", "--reason", "it says so"]) == 0
    assert main(["movement", "1", "--book", "fee", "--reason", "again"]) == 1
    assert "explained already: fee" in capsys.readouterr().err
    assert main(["movement", "7", "--book", "fee", "--reason", "x"]) == 1
    assert main(["movement", "1"]) == 2
    assert main(["movement", "one", "--book", "fee", "--reason", "x"]) == 1
    audit = scenario.rows("SELECT action, subject, reason FROM audit_log WHERE action = 'explain'")
    assert audit == [("explain", "movement", "it says so")]


def test_a_payment_in_suspense_that_was_matched_keeps_its_value_date(
    scenario: Scenario, compare: Compare
) -> None:
    compare(row("SKE0000001", "500.00", "500.00", 1, account="NOBODY"), options=INGEST)
    [(payment_id,)] = scenario.rows("SELECT id FROM payments")
    scenario.ahead = timedelta(days=3)
    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, "ops", "a slip")

    found = scenario.rows(
        "SELECT kind, value_on::text FROM journal_entries WHERE kind IN ('received', 'matched')"
        " ORDER BY kind DESC"
    )
    assert found == [("received", "2026-11-24"), ("matched", "2026-11-27")]


def test_more_than_the_payment_cannot_go_back(scenario: Scenario, compare: Compare) -> None:
    scenario.pay("SKE0000001", METER, 500_00)
    rows = [
        row("SKE0000001", "500.00", "", 0),
        row("SKE0000003", "-700.00", "", 2, reason="Reversal", undoes="SKE0000001"),
    ]

    code, result = compare(*rows, options=INGEST)

    assert (code, result["not_booked"]) == (
        1,
        ["SKE0000003: it cannot be true and is a case: see the console"],
    )
    assert scenario.rows("SELECT kind FROM cases") == [("return_unclear",)]


def test_doctor_names_a_movement_that_was_explained_and_not_booked(
    scenario: Scenario, compare: Compare
) -> None:
    compare(row("SKE0000002", "-400.00", "", 2, reason="Salary Payment"), options=INGEST)
    scenario.run("UPDATE held_movements SET booked_as = 'fee', ended_at = now()")

    with scenario.open_unit() as unit:
        found = offenders(
            unit.connection, LEDGER["every movement that was explained is in the ledger"], unit.now
        )
    assert found == "movement 1 (SKE0000002): fee"


def test_a_simple_file_is_read_as_tolerantly(scenario: Scenario, compare: Compare) -> None:
    content = (
        "sep=;\nreceipt;time;amount;account;kind;direction;undoes;balance\n"
        f"a701;24-11-2026 09:00;1,000.00;{METER};;;;1000.00\n"
        "a701;2026-11-24T09:00:00.000Z;-5.00;;fee;;;995.00\n"
        "a702;2026-11-24T12:05:00+03:00;300;;settlement;in;;1295.00\n"
        "a703;2026-11-24 09:06;40;;other;out;;1255.00\n"
        "a704;soon;40;;;;;1295.00\n"
        "a705;2026-11-24 09:07:00;40;;payment;out;;1255.00\n"
    )
    options = ["--account", "mtn:1", "--ingest"]

    for _ in range(2):
        code, result = compare(provider="mtn", content=content, options=options)

    assert (code, result["matched"], receipts(result["held"])) == (1, 3, ["A703"])
    assert [each["place"] for each in result["unread"]] == ["line 7", "line 8"]
    assert scenario.balances()["clearing:mtn:1"] == 1295_00
