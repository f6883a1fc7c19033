"""Jobs against providers that fail, contradict or fall silent: nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from core.money import Money
from core.prompt import Prompt
from core.usecases.payments.request import request_payment
from tests.support.cast import AMINA, METER
from tests.workers.conftest import WorkerScenario
from workers import jobs


def texts(scenario: WorkerScenario) -> list[tuple[str, int]]:
    return scenario.rows("SELECT state, attempts FROM sms ORDER BY id")


def delivered(scenario: WorkerScenario) -> int:
    found: int = scenario.rows("SELECT count(*) FROM simulator.sms")[0][0]
    return found


def a_receipt_waits(scenario: WorkerScenario) -> None:
    scenario.pay("R1", METER, 500_00)
    jobs.apply_payments()


def test_a_text_the_provider_cannot_take_now_is_sent_later(scenario: WorkerScenario) -> None:
    a_receipt_waits(scenario)
    scenario.standins.fault("africastalking", "refuse_number", value="407", times=1)

    jobs.send_sms()
    assert texts(scenario) == [("waiting", 1)]
    jobs.send_sms()
    assert texts(scenario) == [("waiting", 1)]

    scenario.ahead = timedelta(seconds=11)
    jobs.send_sms()
    assert texts(scenario) == [("sent", 2)]


def test_a_text_whose_fate_nobody_knows_is_sent_again_with_the_same_words(
    scenario: WorkerScenario,
) -> None:
    a_receipt_waits(scenario)
    scenario.standins.fault("africastalking", "lose_reply", times=1)

    jobs.send_sms()
    scenario.ahead = timedelta(seconds=11)
    jobs.send_sms()

    assert texts(scenario) == [("sent", 2)]
    bodies = scenario.rows("SELECT DISTINCT body FROM simulator.sms")
    assert len(bodies) == 1
    assert delivered(scenario) == 2


def test_a_number_the_provider_refuses_is_not_tried_again(scenario: WorkerScenario) -> None:
    a_receipt_waits(scenario)
    scenario.standins.fault("africastalking", "refuse_number", value="403", times=1)

    jobs.send_sms()
    scenario.ahead = timedelta(days=2)
    jobs.send_sms()

    assert texts(scenario) == [("failed", 1)]


def test_a_worker_that_died_while_sending_only_delays_the_text(scenario: WorkerScenario) -> None:
    a_receipt_waits(scenario)
    with scenario.open_unit() as unit:
        cast(Any, jobs).claim_unsent_sms(unit, 10, "africastalking")

    jobs.send_sms()
    assert delivered(scenario) == 0

    scenario.ahead = timedelta(minutes=2, seconds=1)
    jobs.send_sms()
    assert texts(scenario) == [("sent", 2)]


@pytest.fixture
def prompted(scenario: WorkerScenario) -> WorkerScenario:
    """A prompt that waits to be sent to Amina's phone."""
    with scenario.open_unit() as unit:
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    return scenario


def prompts(scenario: WorkerScenario) -> list[tuple[str]]:
    return scenario.rows("SELECT state FROM prompts")


def shown(scenario: WorkerScenario) -> int:
    found: int = scenario.rows("SELECT count(*) FROM simulator.prompts")[0][0]
    return found


def test_a_prompt_is_sent_once_however_often_the_job_runs(prompted: WorkerScenario) -> None:
    jobs.prompt_payers()
    jobs.prompt_payers()

    assert prompts(prompted) == [("pending",)]
    assert shown(prompted) == 1


def test_a_prompt_whose_answer_was_lost_is_never_sent_again(prompted: WorkerScenario) -> None:
    prompted.standins.fault("safaricom", "lose_reply", operation="stkpush", times=1)

    jobs.prompt_payers()
    for minutes in (1, 5, 70, 1000):
        prompted.ahead = timedelta(minutes=minutes)
        jobs.prompt_payers()

    assert shown(prompted) == 1
    assert prompts(prompted) == [("unknown",)]


def test_a_worker_that_died_while_prompting_leaves_an_unknown_prompt_and_no_second_one(
    prompted: WorkerScenario,
) -> None:
    with prompted.open_unit() as unit:
        cast(Any, jobs).claim_unsent(unit, limit=10)

    prompted.ahead = timedelta(minutes=3)
    jobs.prompt_payers()

    assert shown(prompted) == 0
    assert prompts(prompted) == [("unknown",)]


def test_a_worker_that_dies_strands_only_the_prompts_it_was_sending(
    scenario: WorkerScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        with scenario.open_unit() as unit:
            payer = f"+2547220000{number:02}"
            request_payment(unit, payer, METER, Money(500_00, "KES"))

    def die(prompt: Prompt) -> None:
        raise SystemExit

    monkeypatch.setattr(cast(Any, jobs).runtime().channel("daraja"), "push", die)
    with pytest.raises(SystemExit):
        jobs.prompt_payers()

    stranded = scenario.rows("SELECT count(*) FROM prompts WHERE state = 'sending'")
    assert stranded == [(8,)]


def test_a_prompt_that_never_left_is_tried_again_while_the_payer_waits(
    prompted: WorkerScenario,
) -> None:
    prompted.standins.fault(
        "safaricom", "error_reply", value="500.001.1001", operation="stkpush", times=1
    )

    jobs.prompt_payers()
    assert prompts(prompted) == [("waiting",)]

    prompted.ahead = timedelta(seconds=11)
    jobs.prompt_payers()
    assert prompts(prompted) == [("pending",)]


def test_a_prompt_nobody_sent_for_an_hour_ends_and_surprises_no_one(
    prompted: WorkerScenario,
) -> None:
    prompted.ahead = timedelta(hours=1)
    jobs.prompt_payers()

    assert shown(prompted) == 0
    assert prompts(prompted) == [("failed",)]
    assert prompted.rows("SELECT kind, msisdn FROM sms") == [("not_paid", AMINA)]


def test_a_prompt_that_is_refused_when_it_is_sent_wakes_the_sms_to_its_payer(
    prompted: WorkerScenario, woken: Callable[..., Any]
) -> None:
    prompted.standins.fault(
        "safaricom", "error_reply", value="400.002.02", operation="stkpush", times=1
    )

    jobs.prompt_payers()

    assert prompts(prompted) == [("failed",)]
    assert woken() == {"sms"}


def test_the_look_up_of_a_silent_prompt_ends_it_and_tells_the_payer(
    prompted: WorkerScenario,
) -> None:
    jobs.prompt_payers()
    with prompted.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE simulator.prompts SET result_code = '1032'")

    prompted.ahead = timedelta(seconds=21)
    jobs.prompt_payers()

    assert prompts(prompted) == [("failed",)]
    assert prompted.rows("SELECT kind, msisdn FROM sms") == [("not_paid_because", AMINA)]


@pytest.mark.parametrize("job", [jobs.apply_payments, jobs.prompt_payers, jobs.send_sms])
def test_on_an_empty_book_a_job_finds_nothing_to_do(
    scenario: WorkerScenario, job: Callable[..., Any]
) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM market")

    job()

    assert scenario.rows("SELECT count(*) FROM payments") == [(0,)]
