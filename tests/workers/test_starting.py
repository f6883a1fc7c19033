"""No process that sends texts starts with a text that may not go out."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import Any, cast

import pytest

from core.errors import BrokenInvariant
from core.prompt import Prompt
from core.usecases.tokens.token_orders import order_token
from core.wording import product
from core.wording.translation import Translation, make_wording
from tests.support.cast import KIT
from workers import runtime, schedule, worker


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kiswahili with a text that has a letter too many for the alphabet, and one text missing."""
    wording = product.product_wording()
    toml: dict[str, Any] = {"language": {"name": "x", "thousands": ",", "months": ["x"] * 12}}
    for key, template in wording.translations["sw"].templates.items():
        section, name = key.split(".")
        toml.setdefault(section, {})[name] = template
    toml["reminder"]["due_today"] += " \u0142"
    del toml["sms"]["not_paid"]
    broken = make_wording(wording.messages.values(), [Translation("sw", toml)])
    monkeypatch.setattr(product, "product_wording", lambda: broken)


@pytest.mark.parametrize("start", [worker.run_worker, schedule.run])
def test_a_worker_and_the_schedule_refuse_to_start_and_name_every_fault(
    faulty: None, start: Callable[..., Any]
) -> None:
    with pytest.raises(BrokenInvariant) as refused:
        start()

    assert "sw: no wording for sms.not_paid" in str(refused.value)
    assert "reminder.due_today has" in str(refused.value)


def test_the_texts_of_the_product_are_proved() -> None:
    product.check_wording()


def test_a_worker_in_a_market_without_m_pesa_starts_without_its_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {
        "DATABASE_URL": "postgresql+psycopg://no-user@127.0.0.1:9/none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "DEVICE_KEY_SECRET": base64.b64encode(bytes(32)).decode(),
        "AT_USERNAME": "jua",
        "AT_API_KEY": "key",
        "AIRTEL_BASE_URL": "http://127.0.0.1:9",
        "AIRTEL_COUNTRY": "UG",
        "AIRTEL_CLIENT_ID": "id",
        "AIRTEL_CLIENT_SECRET": "secret",
    }
    for name in list(os.environ):
        if name.startswith(("DARAJA_", "MTN_", "AIRTEL_", "PAWAPAY_")):
            monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    made = runtime.runtime.__wrapped__()

    assert made.channel("daraja") is None
    airtel = made.channel("airtel")
    assert airtel is not None
    assert airtel.account_of(cast(Prompt, None)) == "airtel:UG"
    airtel.close()


def test_the_units_of_a_worker_wake_the_queues_that_they_leave_work_for(
    settings: Any, monkeypatch: pytest.MonkeyPatch, woken: Any
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    with runtime.runtime.__wrapped__().open_unit() as unit:
        order_token(unit, KIT, "unlock", 0, "neema", "stuck")
    unit.connection.engine.dispose()

    assert woken() == {"payments"}
