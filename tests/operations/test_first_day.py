"""The guide for the first day: its commands are run in order, on an empty database."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.clock import system_clock
from core.payment import PaymentNotice
from core.tokens.keys import VendingKeys
from core.unit import unit_opener
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from core.usecases.tokens.device_keys import secrets_from
from core.usecases.tokens.vending_keys import publish_keys
from tests.operations.conftest import Ran

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "first-day.md"
BARAKA = "+254722100002"
# What needs the running set-up itself, or a person at the phone.
ELSEWHERE = {"phone", "wake"}


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert lines[0] == "DIALWATT_DEMO=0 make run"
    assert all(line.startswith(".venv/bin/dialwatt ") for line in lines[1:])
    return [shlex.split(line)[1:] for line in lines[1:]]


@pytest.fixture
def pay(engine: Engine, environment: dict[str, str]) -> Callable[[str, int], str]:
    """Pay by paybill as the guide says, and have it applied; the receipt."""

    def pay(account: str, amount_minor: int) -> str:
        open_unit = unit_opener(engine)
        notice = PaymentNotice(
            "daraja:600123", "SKE1A2B3C4", "c2b", amount_minor, "KES", account, "none", None,
            system_clock(),
        )  # fmt: skip
        with open_unit() as unit:
            record_payment(unit, notice)
        vending_keys = VendingKeys(environment)
        with open_unit() as unit:  # as a worker that starts
            publish_keys(unit, vending_keys)
        with open_unit() as unit:
            apply_payments(unit, secrets_from(environment, vending_keys))
        return "SKE1A2B3C4"

    return pay


@pytest.mark.slow
def test_the_guide_leads_from_an_empty_book_to_a_token(
    dialwatt: Callable[..., Ran],
    pay: Callable[[str, int], str],
    roles_of_the_template: None,
    redis_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_url)
    outputs = {}
    for words in commands():
        if words[0] in ELSEWHERE:
            continue
        words = [str(tmp_path / word) if word.endswith(".dump") else word for word in words]
        words = [str(ROOT / word) if word.startswith("docs/") else word for word in words]
        if "RECEIPT" in words:
            receipt = pay("LAMP3-1001", 750_00)
            words = [receipt if word == "RECEIPT" else word for word in words]
        ran = dialwatt(*words)
        assert ran.code == 0, f"dialwatt {' '.join(words)}: {ran.err}{ran.out}"
        outputs[" ".join(words[:3])] = ran.out

    assert "market: 1 new" in "".join(outputs.values())
    assert "instalment         300.00" in outputs["show customer +254722100001"]
    assert "down_payment       300.00" in outputs["show customer 0722100002"]
    assert "21 days" in outputs["show payment SKE1A2B3C4"]
    assert len(outputs) == 12
