"""The Daraja client against the stand-in Safaricom over HTTP, and back to our own endpoints."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from core.db.prompts import lock_prompt
from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Temporary
from core.prompt import Prompt
from core.usecases.payments.prompts import prompt_accepted
from gateway.payments.channel import Approved, Ended, Pending
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.proof import Proofs
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from tests.gateway.conftest import AMINA, KEY, SHORTCODE, Web
from tests.gateway.payments.bodies import PROMPT
from tests.support.builders import insert_prompt
from tests.support.cast import PROOF_SECRET
from tests.support.scenario import Scenario
from tests.support.standins import StandIns, canned, closed_port_url, served, stand_ins

PIN = "1234"


@dataclass(frozen=True)
class Safaricom:
    """The stand-in with a client of ours, and prompts to send."""

    standins: StandIns
    settings: DarajaSettings
    client: DarajaClient
    scenario: Scenario

    def prompt(self, **changed: Any) -> Prompt:
        row = {"account_reference": "M100", "msisdn": AMINA, "state": "sending"} | changed
        with self.scenario.engine.begin() as connection:
            number = insert_prompt(connection, device_id=self.scenario.device_id("M100"), **row)
            found = lock_prompt(connection, number)
        assert found is not None
        return found

    def answer(self, pin: str | None) -> None:
        """Amina answers the prompt on her phone; the callbacks have arrived afterwards."""
        with self.standins.runtime.engine.begin() as connection:
            waiting = waiting_prompts(connection, AMINA)
        answer_prompt(self.standins.runtime, AMINA, waiting[-1].id, pin)
        self.standins.settled()

    def fail(self, name: str, operation: str = "stkpush", **asked: Any) -> int:
        return self.standins.fault("safaricom", name, operation=operation, **asked)


PROOFS = Proofs(PROOF_SECRET)


def settings_for(base_url: str, public_url: str = "http://127.0.0.1:9") -> DarajaSettings:
    callback_url = f"{public_url}/payments/daraja/{KEY}/stk"
    return DarajaSettings(base_url, "consumer", "secret", SHORTCODE, "pass", callback_url, PROOFS)


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def safaricom(scenario: Scenario, web: Web) -> Iterator[Safaricom]:
    with served(web.client.application) as public_url:
        with stand_ins(scenario.url(), public_url, KEY) as standins:
            settings = settings_for(standins.url, public_url)
            client = DarajaClient(settings)
            yield Safaricom(standins, settings, client, scenario)
            client.close()


def test_a_prompt_is_shown_approved_and_booked_once(safaricom: Safaricom) -> None:
    prompt = safaricom.prompt()
    reference = safaricom.client.push(prompt)
    with safaricom.scenario.open_unit() as unit:
        prompt_accepted(unit, prompt.id, reference)
    waiting = replace(prompt, checkout_reference=reference)
    assert safaricom.client.look_up(waiting) == Pending()
    safaricom.answer(PIN)
    assert safaricom.client.look_up(waiting) == Approved()
    assert safaricom.scenario.rows("SELECT state, checkout_reference FROM prompts") == [
        ("paid", reference)
    ]
    # announced twice, by the result and by the confirmation
    assert safaricom.scenario.rows("SELECT amount_minor FROM payments") == [(500_00,)]


def test_a_cancelled_prompt_has_ended(safaricom: Safaricom) -> None:
    prompt = safaricom.prompt()
    reference = safaricom.client.push(prompt)
    safaricom.answer(None)
    assert safaricom.client.look_up(replace(prompt, checkout_reference=reference)) == Ended("1032")
    assert safaricom.scenario.rows("SELECT state FROM prompts") == [("failed",)]
    assert safaricom.scenario.rows("SELECT count(*) FROM payments") == [(0,)]


@pytest.mark.parametrize("fault", ["callback_first", "lose_reply", "fail_after"])
def test_a_result_finds_its_prompt_though_our_call_has_no_answer_yet(
    safaricom: Safaricom, fault: str
) -> None:
    prompt = safaricom.prompt()
    safaricom.fail(fault)
    if fault == "callback_first":
        reference = safaricom.client.push(prompt)
        safaricom.standins.settled()
        with safaricom.scenario.open_unit() as unit:
            prompt_accepted(unit, prompt.id, reference)
    else:
        with pytest.raises(OutcomeUnknown):
            safaricom.client.push(prompt)
        safaricom.answer(PIN)
    assert safaricom.scenario.rows("SELECT state FROM prompts") == [("paid",)]
    assert safaricom.scenario.rows("SELECT count(*) FROM payments") == [(1,)]


def test_a_failure_says_whether_the_prompt_went_out(safaricom: Safaricom) -> None:
    meanings: list[tuple[str, type[ProviderFailure]]] = [
        ("400.002.02", Permanent),
        ("404.001.03", Temporary),
        ("405.001", Permanent),
        ("500.001.1001", Temporary),
        ("500.003.02", Temporary),
        ("500.003.03", Temporary),
        ("500.003.1001", OutcomeUnknown),
    ]
    prompt = safaricom.prompt()
    for code, meaning in meanings:
        safaricom.fail("error_reply", value=code)
        with pytest.raises(meaning) as failure:
            safaricom.client.push(prompt)
        assert failure.type is meaning, code
        assert failure.value.code == code
        safaricom.standins.behave()


def test_what_daraja_cannot_be_asked_is_not_sent(safaricom: Safaricom) -> None:
    for changed in ({"amount_minor": 500_50}, {"account_reference": "A" * 13}):
        with pytest.raises(Permanent):
            safaricom.client.push(safaricom.prompt(**changed))
    with pytest.raises(Permanent, match=r"400\.002\.02"):
        safaricom.client.push(safaricom.prompt(msisdn="+256711000001"))


def test_a_token_daraja_forgot_is_fetched_again(safaricom: Safaricom) -> None:
    safaricom.client.push(safaricom.prompt())
    safaricom.fail("error_reply", value="404.001.03", times=1)
    assert safaricom.client.push(safaricom.prompt()).startswith("ws_CO_")


def test_eight_callers_share_one_token(safaricom: Safaricom) -> None:
    counter = safaricom.fail("delay_reply", operation="oauth", value="0.05")
    prompts = [safaricom.prompt() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        references = list(pool.map(safaricom.client.push, prompts))
    assert len(set(references)) == 8
    drawn = safaricom.scenario.rows("SELECT draws FROM simulator.faults WHERE id = :id", id=counter)
    assert drawn == [(1,)]


def test_trouble_with_the_token_means_that_nothing_was_sent(safaricom: Safaricom) -> None:
    for fault in ("lose_reply", "fail_before"):
        safaricom.fail(fault, operation="oauth")
        with pytest.raises(Temporary, match="oauth"):
            safaricom.client.push(safaricom.prompt())
        safaricom.standins.behave()
    stranger = DarajaClient(replace(safaricom.settings, consumer_secret="wrong"))
    with pytest.raises(Temporary, match="oauth"):
        stranger.push(safaricom.prompt())
    stranger.close()


def test_a_look_up_without_an_answer_can_be_repeated(safaricom: Safaricom) -> None:
    prompt = replace(safaricom.prompt(), checkout_reference="ws_CO_nobody")
    with pytest.raises(Temporary, match=r"400\.002\.02"):
        safaricom.client.look_up(prompt)
    safaricom.fail("lose_reply", operation="stkquery")
    with pytest.raises(Temporary):
        safaricom.client.look_up(prompt)


TOKEN = '"access_token": "t", "expires_in": 3599'


def test_an_unreachable_provider_means_that_nothing_was_sent() -> None:
    client = DarajaClient(settings_for(closed_port_url()))
    with pytest.raises(Temporary):
        client.push(Prompt(**PROMPT))
    client.close()


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, f"{{{TOKEN}}}", OutcomeUnknown),
        (200, f'{{{TOKEN}, "ResponseCode": "0"}}', OutcomeUnknown),
        (200, f'{{{TOKEN}, "ResponseCode": "1"}}', Permanent),
        (403, f"{{{TOKEN}}}", Temporary),
        (429, f"{{{TOKEN}}}", Temporary),
        (502, f"{{{TOKEN}}}", OutcomeUnknown),
    ],
)
def test_an_answer_that_is_not_darajas_is_judged_by_its_status(
    status: int, body: str, meaning: type[ProviderFailure]
) -> None:
    with canned(status, "application/json", body) as url:
        client = DarajaClient(settings_for(url))
        with pytest.raises(meaning):
            client.push(Prompt(**PROMPT))
        client.close()
