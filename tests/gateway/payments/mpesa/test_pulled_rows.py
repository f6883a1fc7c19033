"""Rows of the pull API: what is understood, and what is left for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.payments.mpesa.statement import read_pulled_rows

UNTIL = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)


def row(**changed: Any) -> dict[str, Any]:
    return {
        "transactionId": "SKE1A2B3C4",
        "trxDate": "2026-11-24T12:00:00+03:00",
        "msisdn": "254711000001",
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": "M100",
        "amount": "2697.0",
    } | changed


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-24T09:00:00.000Z", "2026-11-24T09:00:00Z", "2026-11-24 12:00:00",
        "2026-11-24T12:00:00+03:00", "2026-11-24T12:00:00.5+0300",
    ],
)  # fmt: skip
def test_times_say_their_zone_or_are_east_african(time: str) -> None:
    [read], unread = read_pulled_rows([row(trxDate=time)], UNTIL)
    assert (read.happened_at, read.amount_minor) == (UNTIL - timedelta(minutes=5), 2697_00)
    assert unread == []


def test_times_in_z_that_lie_ahead_are_east_african() -> None:
    rows = [row(trxDate="2026-11-24T12:00:00Z"), row(trxDate="2026-11-24T09:30:00Z"), row()]
    read, _ = read_pulled_rows(rows, UNTIL)
    assert [each.happened_at.hour for each in read] == [9, 6, 9]


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        (row(trxDate="yesterday"), "no time"),
        (row(transactionId=""), "no receipt"),
        (row(amount="100.000"), "not an amount"),
        (row(amount="0.00"), "nothing"),
        ({"amount": "1"}, "'transactionId' is missing"),
        (row(transactiontype="c2b-pay-bill-reversal"), "c2b-pay-bill-reversal is no customer"),
        (row(transactiontype="b2c-salary"), "b2c-salary is no customer"),
        ("a line", ""),
        (None, ""),
    ],
)
def test_one_odd_row_never_hides_the_others(odd: Any, why: str) -> None:
    read, unread = read_pulled_rows(
        [row(), odd, row(transactionId="SKE1A2B3C5", transactiontype="c2b-buy-goods-debit")], UNTIL
    )
    assert [each.receipt for each in read] == ["SKE1A2B3C4", "SKE1A2B3C5"]
    assert [(each.place, why in each.why) for each in unread] == [("row 2", True)]
