"""How rows of a portal file are read: by receipt, kind and direction, in every shape they come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.movement import BookedAs
from core.usecases.operators.audit import ITSELF
from core.usecases.reconciliation.explain import explain_movement
from tests.operations.commands.portal_lines import ABOUT, HEADER, Compare, line, receipts
from tests.support.cast import METER
from tests.support.scenario import Scenario

CLEARING = "clearing:daraja:600123"
INGEST = ["--ingest"]
FILE = "\n".join([ABOUT + HEADER, line("SKE0000001", "500.00", details="Pay Bill")])


def ingest_twice(compare: Compare, *lines: str, exit_code: int = 0) -> None:
    """Ingest, ingest again, compare: each ends with this exit code."""
    for options in (INGEST, INGEST, []):
        code, result = compare(*lines, options=options)
        assert code == exit_code, result


def money(scenario: Scenario) -> dict[str, int]:
    """The accounts that a statement can move, debits minus credits."""
    moved = (CLEARING, "bank", "expense:provider_fee", "unclassified", "suspense", "unapplied")
    return {name: held for name, held in scenario.balances().items() if name in moved}


def cases(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows("SELECT kind, detail FROM cases ORDER BY id")


def test_a_payment_and_its_charge_share_a_receipt(scenario: Scenario, compare: Compare) -> None:
    ingest_twice(
        compare,
        line("SKE0000001", "1,200.00", balance="1,200.00"),
        line("SKE0000001", "", "-12.00", "1,188.00", reason="Pay Bill Charge"),
    )

    assert cases(scenario) == []
    assert scenario.balances()[CLEARING] == 1188_00
    assert scenario.balances()["expense:provider_fee"] == 12_00


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ({"reason": "Pay Bill Charge"}, "fee"),
        ({"reason": "Pay Bill", "details": "Pay Bill Charge"}, "fee"),
        ({"reason": "", "details": "Business Pay Bill Charge"}, "fee"),
        ({"reason": "Organization Settlement"}, "settlement"),
        ({"reason": "", "details": "Organization Settlement to bank by CHARGES LTD"}, "settlement"),
        ({"reason": "Business Payment to Customer", "details": "Fee refund for J. Tariff"}, None),
        ({"reason": "Salary Payment", "details": "Salary of W. REVERSAL"}, None),
        ({"reason": "Pay Bill", "details": "Pay Bill to 888880 - KPLC"}, None),
        ({"reason": "Something New"}, None),
    ],
)
def test_the_type_says_what_a_withdrawal_is(
    scenario: Scenario, compare: Compare, written: dict[str, str], kind: str | None
) -> None:
    row = line("SKE0000009", "", "-60.00", party="", account="", **written)

    code, _ = compare(row, options=INGEST)

    if kind is None:
        assert (code, money(scenario)) == (1, {})
        assert [case for case, _ in cases(scenario)] == ["movement_held"]
    else:
        other_side = {"fee": "expense:provider_fee", "settlement": "bank"}[kind]
        assert (code, money(scenario)) == (0, {CLEARING: -60_00, other_side: 60_00})


def test_money_from_our_bank_is_no_customers_payment(scenario: Scenario, compare: Compare) -> None:
    """F04: `Funds received`, with the type of a settlement."""
    row = line(
        "SJ2A1BB800", "600,000.00", "", "600,000.00", reason="Organization Settlement",
        details="Funds received from KCB current", party="", account="",
    )  # fmt: skip
    ingest_twice(compare, row)

    assert scenario.states() == []
    assert money(scenario) == {CLEARING: 600_000_00, "bank": -600_000_00}


def test_money_of_a_reversed_payout_is_for_a_person(scenario: Scenario, compare: Compare) -> None:
    row = line(
        "SKE0000009", "60.00", reason="Business Payment to Customer Reversal", undoes="SKE0000008"
    )
    for _ in range(2):
        assert compare(row, options=INGEST)[0] == 1

    assert scenario.states() == []
    [(kind, detail)] = cases(scenario)
    assert kind == "movement_held"
    assert "SKE0000009: KES 60.00 went in (Business Payment to Customer Reversal)" in detail


@pytest.mark.parametrize(
    ("booked_as", "account"),
    [
        ("settlement", "bank"),
        ("fee", "expense:provider_fee"),
        ("unclassified", "unclassified"),
        ("nothing", None),
    ],
)
def test_what_a_person_explained_agrees_from_then_on(
    scenario: Scenario, compare: Compare, booked_as: BookedAs, account: str | None
) -> None:
    row = line("SKE0000009", "", "-60.00", reason="Salary Payment")
    assert compare(row, options=INGEST)[0] == 1
    [(held_id,)] = scenario.rows("SELECT id FROM held_movements")

    with scenario.open_unit() as unit:
        explain_movement(unit, held_id, booked_as, ITSELF, "the ledger shows it")

    expected = {CLEARING: -60_00, account: 60_00} if account else {}
    assert money(scenario) == expected
    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]
    assert compare(row)[0] == 0
    assert scenario.rows(
        "SELECT value_on::text FROM journal_entries WHERE kind = 'settlement'"
    ) == ([("2026-11-24",)] if account else [])
    scenario.check_invariants()


def test_a_reversal_read_before_its_payment_leaves_no_question_behind(
    scenario: Scenario, compare: Compare
) -> None:
    payment = line("SKE0000001", "500.00", account="?")
    reversal = line("SKE0000003", "", "-500.00", reason="Reversal", undoes="SKE0000001")
    assert compare(reversal, options=INGEST)[0] == 1
    assert compare(payment, options=INGEST)[0] == 0

    assert compare(payment, reversal, options=INGEST)[0] == 0

    assert scenario.states() == ["reversed"]
    assert money(scenario) == {}
    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]
    assert scenario.rows("SELECT booked_as FROM held_movements") == [("nothing",)]
    scenario.check_invariants()


def test_two_movements_under_one_receipt_are_both_booked(
    scenario: Scenario, compare: Compare
) -> None:
    rows = [
        line("SKE0000009", "", "-60.00", reason="Salary Payment"),
        line("SKE0000009", "", "-3.00", reason="Excise Duty"),
    ]
    assert compare(*rows, options=INGEST)[0] == 1

    for (held_id,) in scenario.rows("SELECT id FROM held_movements"):
        with scenario.open_unit() as unit:
            explain_movement(unit, held_id, "unclassified", ITSELF, "wages and their duty")

    assert money(scenario) == {CLEARING: -63_00, "unclassified": 63_00}
    assert compare(*rows)[0] == 0
    scenario.check_invariants()


@pytest.mark.parametrize(
    ("paid_in", "withdrawn"),
    [("", "-500.00"), ("0.00", "500.00"), ("-500.00", ""), ("-500.00", "0.00"), ("", "(500.00)")],
)
def test_a_reversal_went_out_whichever_column_says_so(
    scenario: Scenario, compare: Compare, paid_in: str, withdrawn: str
) -> None:
    ingest_twice(
        compare,
        line("SKE0000001", "500.00", "0.00"),
        line("SKE0000003", paid_in, withdrawn, reason="Reversal", undoes="ske0000001"),
    )

    assert scenario.states() == ["reversed"]
    assert money(scenario) == {}
    assert scenario.rows("SELECT count(*) FROM sms") == [(0,)]


def test_the_receipt_that_is_undone_may_stand_in_the_details(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000001", METER, 500_00)
    named = line(
        "SKE0000003", "", "-500.00", reason="Transaction Reversal",
        details="Reversal of SKE0000001 requested by JANE DOE",
    )  # fmt: skip
    unnamed = line("SKE0000004", "", "-70.00", reason="Transaction Reversal", details="Reversal")

    code, result = compare(line("SKE0000001", "500.00"), named, unnamed, options=INGEST)

    assert (code, result["matched"], receipts(result["missing_here"])) == (1, 1, ["SKE0000003"])
    assert [row["place"] for row in result["unread"]] == ["line 8"]
    assert scenario.states() == ["reversed"]


def test_receipts_are_compared_without_regard_to_case(scenario: Scenario, compare: Compare) -> None:
    scenario.pay("QF06ATST00", METER, 500_00)

    code, result = compare(line("qf06atst00", "500.00"), options=INGEST)

    assert (code, result["matched"]) == (0, 1)
    assert len(scenario.states()) == 1


@pytest.mark.parametrize(
    "time",
    [
        "24-11-2026 12:00", "2026-11-24 12:00:00.0", "24/11/2026 12:00:00", "2026/11/24 12:00",
        "24.11.2026 12:00:00", "2026-11-24T12:00:00", "2026-11-24T09:00:00.000Z",
        "2026-11-24T12:00:00+03:00", "24-11-2026\r12:00:00", "24-11-2026\r\n12:00:00",
        "24/11/2026 12:00:00 PM", "24-11-202612:00:00",
    ],
)  # fmt: skip
def test_times_are_read_as_portals_write_them(
    scenario: Scenario, compare: Compare, time: str
) -> None:
    assert compare(line("SKE0000001", "500.00", time=time), options=INGEST)[0] == 0
    [(paid_at,)] = scenario.rows("SELECT paid_at FROM payments")
    assert paid_at == scenario.now()


@pytest.mark.parametrize(
    ("account", "details"),
    [
        (METER, "Pay Bill Online from 254711000001 - JANE DOE"),
        ("", f"Pay Bill from 254711000001 - JANE DOE Acc. {METER}"),
        ("", f"Pay Bill Online from 2547 - X Acc. No. {METER}"),
    ],
)
def test_the_account_may_stand_in_the_details(
    scenario: Scenario, compare: Compare, account: str, details: str
) -> None:
    compare(line("SKE0000001", "500.00", account=account, details=details), options=INGEST)

    assert scenario.rows("SELECT account_raw, state FROM payments") == [(METER, "received")]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (line("?", "100.00"), "'?' is no receipt"),
        (line("SKE0000002", "1e3"), "not an amount"),
        (line("SKE0000002", "1.000"), "not an amount"),
        (line("SKE0000002", "100.00", "-5.00"), "money both in and out"),
        (line("SKE0000002", "1", time="today"), "is no time"),
        (line("SKE0000002", "1", time="31-02-2026 10:00"), "is no time"),
        (line("SKE0000002", "1", status="Perhaps"), "status 'perhaps' is not known"),
        (line("", "100.00"), "'' is no receipt"),
    ],
)
def test_one_bad_row_is_one_case_and_the_others_are_read(
    scenario: Scenario, compare: Compare, bad: str, why: str
) -> None:
    good = line("SKE0000001", "500.00", balance="500.00")
    for _ in range(2):
        code, result = compare(good, bad, options=INGEST)
        assert (code, [row["place"] for row in result["unread"]]) == (1, ["line 7"])
        assert why in result["unread"][0]["why"]

    assert scenario.states() == ["received"]
    [(kind, detail)] = cases(scenario)
    assert (kind, detail.startswith("daraja:600123, line 7: ")) == ("row_not_understood", True)
    assert compare(good, bad, as_json=False)[1].count("line 7: ") == 1
    scenario.run("UPDATE cases SET closed_at = now()")
    assert compare(good, bad)[0] == 0


@pytest.mark.parametrize(
    "content",
    [
        FILE.encode("utf-8-sig"),
        FILE.replace("JANE", "ZO\xc9").encode("cp1252"),
        FILE.replace(",", ";").encode(),
        FILE.replace(",", "\t").encode(),
        f"sep=,\r\n{FILE}".encode(),
        FILE.replace("\n", "\r\n").encode(),
    ],
    ids=["BOM", "cp1252", "semicolons", "tabs", "sep=", "CRLF"],
)
def test_files_are_read_as_spreadsheets_write_them(
    scenario: Scenario, compare: Compare, content: bytes
) -> None:
    assert compare(content=content, options=INGEST)[0] == 0
    assert scenario.states() == ["received"]


def test_columns_that_are_missing_are_done_without(scenario: Scenario, compare: Compare) -> None:
    content = (
        "Short Code,600123\nReceipt No.,Completion Time,Details,Paid In,Withdrawn\n"
        f"SKE0000001,24-11-2026 12:00,Pay Bill from 254711000001 - JANE Acc. {METER},500.00,\n"
        "SKE0000001,24-11-2026 12:00,Pay Bill Charge,,5.00\n"
        "SKE0000002,24-11-2026 13:00,Organization Settlement,,100.00\n"
        "Total,,,500.00,105.00\n"
    )
    for _ in range(2):
        assert compare(content=content, options=INGEST)[0] == 0

    assert scenario.balances()[CLEARING] == 395_00
    assert scenario.rows("SELECT payer FROM payments") == [("+254711000001",)]


def test_a_difference_reads_as_two_sums(scenario: Scenario, compare: Compare) -> None:
    scenario.pay("SKE0000001", METER, 250_00)
    expected = "SKE0000001  KES 260.00 on the statement, KES 250.00 in the books"

    code, printed = compare(line("SKE0000001", "260.00"), options=INGEST, as_json=False)

    assert code == 1
    assert f"different      1\n  {expected}\n" in printed
    assert "{" not in printed
    [(_, detail)] = cases(scenario)
    assert detail == expected.replace("SKE0000001 ", "SKE0000001:", 1)


def test_a_fee_that_differs_is_set_beside_a_fee(scenario: Scenario, compare: Compare) -> None:
    fee = line("SKE0000001", "", "-12.00", reason="Pay Bill Charge")
    assert compare(fee, options=INGEST)[0] == 0

    code, result = compare(fee.replace("12.00", "13.00"), options=INGEST)

    assert code == 1
    assert [row["books"]["amount"] for row in result["different"]] == ["12.00"]
    assert "KES 13.00 on the statement, KES 12.00 in the books" in cases(scenario)[0][1]


def test_the_same_name_on_two_rows_with_two_amounts_is_for_a_person(
    scenario: Scenario, compare: Compare
) -> None:
    rows = [line("SKE0000001", "500.00"), line("SKE0000001", "500.00"), line("SKE0000001", "7.00")]

    code, result = compare(*rows, options=INGEST)

    assert (code, receipts(result["missing_here"])) == (1, ["SKE0000001"])
    assert [row["place"] for row in result["unread"]] == ["line 8"]


def test_a_payment_at_the_edge_of_a_file_may_be_on_the_next(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.ahead = timedelta(hours=1, seconds=-3)
    scenario.pay("SKE0000002", METER, 500_00)
    scenario.ahead = timedelta(minutes=30)
    scenario.pay("SKE0000003", METER, 500_00)
    rows = [
        line("SKE0000001", "500.00", balance="500.00"),
        line("SKE0000004", "500.00", balance="1,000.00", time="2026-11-24 13:00:00"),
    ]

    code, result = compare(*rows, options=INGEST)

    assert (code, receipts(result["missing_there"])) == (1, ["SKE0000003"])


def test_parts_that_went_back_agree_and_more_than_the_whole_is_for_a_person(
    scenario: Scenario, compare: Compare
) -> None:
    paid = line("SKE0000001", "500.00")
    first = line("SKE0000003", "", "-200.00", reason="Reversal", undoes="SKE0000001")
    second = line("SKE0000004", "", "-100.00", reason="Reversal", undoes="SKE0000001")
    too_much = line("SKE0000005", "", "-300.00", reason="Reversal", undoes="SKE0000001")

    ingest_twice(compare, paid, first, second)

    assert scenario.rows("SELECT returned_minor FROM payments") == [(300_00,)]
    assert compare(paid, first, second)[0] == 0
    assert compare(paid, first, second, too_much, options=INGEST)[0] == 1
    assert scenario.rows("SELECT kind FROM cases") == [("return_unclear",)]
    assert compare(paid, first, second, too_much, options=INGEST)[0] == 1
    scenario.check_invariants()


def test_a_payment_whose_row_cannot_be_read_is_not_missing_there(
    scenario: Scenario, compare: Compare
) -> None:
    scenario.pay("SKE0000002", METER, 500_00)
    rows = [
        line("SKE0000001", "500.00", time="2026-11-24 11:00:00"),
        line("ske0000002", "500.00", time="noon"),
        line("SKE0000003", "500.00", time="2026-11-24 13:00:00"),
    ]

    _, result = compare(*rows, options=INGEST)

    assert (len(result["unread"]), result["missing_there"]) == (1, [])
    assert [kind for kind, _ in cases(scenario)] == ["row_not_understood"]
