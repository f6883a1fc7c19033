"""What pawaPay is asked for when a deposit, or a part of one, goes back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from core.errors import ProviderFailure
from core.refund import Refund
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.refunds import send_back

DEPOSIT = "f4401bd2-1568-4140-bf2d-eb77d2b2b639"


class Api:
    """Keeps what it is asked, and answers with `body`."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.asked: list[dict[str, Any]] = []

    def execute(self, method: str, path: str, *, json: dict[str, Any]) -> SimpleNamespace:
        self.asked.append(json)
        return SimpleNamespace(status=200, body=self.body, error_code=None)

    def query(self, method: str, path: str) -> SimpleNamespace:
        return SimpleNamespace(status=200, body={"data": {"status": "COMPLETED"}})


def refund(amount_minor: int) -> Refund:
    return Refund(
        1, 1, "pawapay:MPESA_KEN", "TKX1", amount_minor, "suspense", "RF1-1", "sending", 1,
        DEPOSIT, 500_00, "KES",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount_minor", "asked"),
    [
        (500_00, {}),
        (200_00, {"amount": "200", "currency": "KES"}),
        (99_50, {"amount": "99.50", "currency": "KES"}),
    ],
)
def test_a_part_is_asked_for_with_its_amount(amount_minor: int, asked: dict[str, str]) -> None:
    api = Api({"status": "ACCEPTED"})

    assert send_back(cast(PawaPayChannel, SimpleNamespace(api=api)), refund(amount_minor)) is True

    [body] = api.asked
    assert {name: body[name] for name in body.keys() - {"refundId", "depositId"}} == asked


def test_a_part_is_not_done_because_something_was_sent_back_before() -> None:
    api = Api({"failureReason": {"failureCode": "DEPOSIT_ALREADY_REFUNDED"}})
    channel = cast(PawaPayChannel, SimpleNamespace(api=api))

    assert send_back(channel, refund(500_00)) is True
    with pytest.raises(ProviderFailure):
        send_back(channel, refund(200_00))
