"""`dialwatt statement`: a provider's file compared with the ledger, and what is missing booked."""

from __future__ import annotations

import json

import pytest

from operations.cli import main
from tests.operations.commands.portal_lines import HEADER, Compare, line, receipts
from tests.support.cast import AMINA, METER
from tests.support.scenario import Scenario


def test_a_statement_that_agrees_is_matched_line_by_line(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE1A2B3C4", METER, 1500_00)

    code, result = compare(line("SKE1A2B3C4", "1,500.00", balance="1,500.00"))

    assert code == 0
    assert result["matched"] == 1
    assert result["missing_here"] == result["missing_there"] == result["different"] == []


def test_each_kind_of_disagreement_is_listed_and_nothing_is_changed(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000001", METER, 100_00)
    scenario.pay("SKE0000002", METER, 200_00)
    scenario.pay("SKE0000003", METER, 300_00)

    code, result = compare(
        line("SKE0000001", "100.00"),
        line("SKE0000002", "250.00"),
        line("SKE0000004", "400.00"),
    )

    assert code == 1
    assert result["matched"] == 1
    assert receipts(result["missing_here"]) == ["SKE0000004"]
    assert receipts(result["missing_there"]) == ["SKE0000003"]
    assert [row["books"]["amount"] for row in result["different"]] == ["200.00"]
    assert len(scenario.states()) == 3
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]


def test_ingesting_takes_in_what_is_missing_once_and_asks_a_person_for_the_rest(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000003", METER, 300_00)
    lines = (
        line("SKE0000004", "400.00", balance="400.00", time="2026-11-24 11:00:00"),
        line("SKE0000005", "50.00", balance="450.00", time="2026-11-24 12:30:00", account="?"),
    )

    assert compare(*lines, options=["--ingest"])[0] == 1
    code, result = compare(*lines)

    assert result["missing_here"] == []
    assert code == 1
    assert scenario.rows("SELECT receipt, source, state FROM payments ORDER BY receipt")[1:] == [
        ("SKE0000004", "statement", "received"),
        ("SKE0000005", "statement", "suspense"),
    ]
    kinds = scenario.rows("SELECT kind FROM cases ORDER BY kind")
    assert kinds == [("balance_differs",), ("not_on_statement",)]
    scenario.apply()
    scenario.check_invariants()


def test_the_closing_balance_is_asserted_against_the_books(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000001", METER, 100_00)

    code, _ = compare(line("SKE0000001", "100.00", balance="100.00"), options=["--ingest"])

    assert code == 0
    asserted = scenario.rows("SELECT provider_account, stated_minor, booked_minor"
                         " FROM balance_assertions")  # fmt: skip
    assert asserted == [("daraja:600123", 100_00, 100_00)]


def test_the_balance_before_the_statement_is_booked_on_demand(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000001", METER, 100_00)
    lines = (line("SKE0000001", "100.00", balance="1,100.00"),)

    assert compare(*lines, options=["--ingest", "--opening"])[0] == 0

    assert scenario.balances()["equity:opening"] == -1000_00
    assert scenario.rows("SELECT stated_minor, booked_minor FROM balance_assertions") == [
        (1100_00, 1100_00)
    ]
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]
    scenario.check_invariants()
    code, result = compare(*lines, options=["--ingest", "--opening"])
    assert (code, "booked already" in result) == (1, True)


def test_an_opening_balance_is_not_booked_by_the_way(
    compare: Compare,
) -> None:
    code, result = compare(line("SKE0000001", "100.00"), options=["--opening"])
    assert (code, "--opening goes with --ingest" in result) == (2, True)


@pytest.mark.parametrize(
    ("provider", "account"), [("airtel", "airtel:KE"), ("pawapay", "pawapay:MPESA_KEN")]
)
def test_the_balance_column_of_a_simple_file_is_asserted(
    scenario: Scenario,
    compare: Compare,
    provider: str,
    account: str,
) -> None:
    content = (
        "receipt,time,amount,account,balance\n"
        f"701,2026-11-24T09:00:00,100.00,{METER},100.00\n"
        f"702,2026-11-24T09:05:00,50.00,{METER},150.00\n"
    )

    code, _ = compare(
        provider=provider, content=content, options=["--ingest", "--account", account]
    )

    assert code == 0
    asserted = scenario.rows("SELECT provider_account, stated_minor, booked_minor"
                         " FROM balance_assertions")  # fmt: skip
    assert asserted == [(account, 150_00, 150_00)]


def test_reversals_settlements_and_fees_are_booked_too(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000001", METER, 500_00)
    scenario.pay("SKE0000002", METER, 500_00)
    lines = (
        line("SKE0000001", "500.00"),
        line("SKE0000002", "500.00"),
        line("SKE0000003", "", "-500.00", reason="Transaction Reversal", undoes="SKE0000001"),
        line("SKE0000004", "", "-5.00", reason="Pay Merchant Charge"),
        line("SKE0000005", "", "-395.00", reason="Organization Settlement", balance="100.00"),
    )

    assert compare(*lines)[0] == 1
    assert compare(*lines, options=["--ingest"])[0] == 0
    code, result = compare(*lines)

    assert (code, result["matched"]) == (0, 5)
    assert scenario.states() == ["reversed", "received"]
    balances = scenario.balances()
    assert (balances["bank"], balances["expense:provider_fee"]) == (395_00, 5_00)
    assert balances["clearing:daraja:600123"] == 100_00
    scenario.check_invariants()


def test_rows_that_moved_nothing_are_passed_over(
    compare: Compare,
) -> None:
    assert compare(line("SKE0000001", "100.00", status="Failed"))[1]["matched"] == 0


def test_the_rows_of_the_pull_api_are_read_as_well(scenario: Scenario, compare: Compare) -> None:
    scenario.pay("SKE0000001", METER, 100_00)
    row = {
        "transactionId": "SKE0000001",
        "trxDate": "2026-11-24T09:00:00Z",
        "msisdn": "a" * 64,
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": METER,
        "amount": "100.00",
    }

    for document in ({"ResponseCode": "1000", "Response": [[row]]}, [row]):
        assert compare(content=json.dumps(document))[1]["matched"] == 1


def test_another_providers_payments_come_as_a_simple_file(
    scenario: Scenario, compare: Compare
) -> None:
    content = (
        "receipt,time,amount,account,payer\n"
        f"1234567,2026-11-24T09:00:00+00:00,100,{METER},+254711000001\n"
    )

    assert compare(provider="mtn", content=content)[1].count("--account") == 1
    options = ["--account", "mtn:KE"]
    code, result = compare(provider="mtn", content=content, options=[*options, "--ingest"])
    assert (code, receipts(result["missing_here"])) == (0, ["1234567"])
    assert compare(provider="mtn", content=content, options=options)[1]["matched"] == 1


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("+254711000001", ("msisdn", AMINA)),
        ("254711000001", ("msisdn", AMINA)),
        ("0711 000001", ("msisdn", AMINA)),
        ("A. Odhiambo", ("none", None)),
        ("", ("none", None)),
    ],
)
def test_a_payer_is_the_same_person_however_the_number_is_written(
    scenario: Scenario,
    compare: Compare,
    written: str,
    known: tuple[str, str | None],
) -> None:
    content = (
        "receipt,time,amount,account,payer\n"
        f"1234567,2026-11-24T09:00:00+00:00,100,{METER},{written}\n"
    )

    compare(provider="mtn", content=content, options=["--account", "mtn:KE", "--ingest"])

    assert scenario.rows("SELECT payer_kind, payer FROM payments") == [known]
    assert scenario.rows("SELECT count(*) FROM sms WHERE kind = 'paid_for'") == [(0,)]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a,b,c\n1,2,3\n", "no header"),
        (HEADER + "\n" + line("SKE1A2B3C4", "1"), "short code"),
        ('{"Response": {"amount": "1"}}', "no list"),
        ("{nothing", "not JSON"),
    ],
)
def test_a_file_that_is_not_understood_says_where(
    compare: Compare, content: str, place: str
) -> None:
    code, result = compare(content=content)

    assert code == 1
    assert place in result


@pytest.mark.usefixtures("compare")
def test_a_missing_file_ends_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["statement", "daraja", "nowhere.csv"]) == 1
    assert "cannot read nowhere.csv" in capsys.readouterr().err


def test_a_file_without_rows_is_of_the_days_that_are_given(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000003", METER, 300_00)

    assert compare()[1]["missing_there"] == []
    code, result = compare(options=["--covers", "2026-11-24", "2026-11-24"])

    assert code == 1
    assert receipts(result["missing_there"]) == ["SKE0000003"]
