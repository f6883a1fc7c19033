"""`dialwatt phone` against a served gateway: what it writes down is a journey that plays again."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.ussd.drop_off import ends_on
from operations import cli
from tests.journeys.conftest import CAST, StartingData
from tests.journeys.running_gateway import RunningGateway
from tests.support.cast import STRANGER
from tests.support.journeys import play

FOLDER = Path(__file__).parent
OpenGateway = Callable[[StartingData], AbstractContextManager[RunningGateway]]

# With a prompt and a device; of an agent and a customer's text; by paybill; by SMS.
CONVERSATIONS = (
    "pay_meter",
    pytest.param("agent_collects_cash", marks=pytest.mark.slow),
    pytest.param("last_instalment_unlocks", marks=pytest.mark.slow),
    pytest.param("texts_to_us", marks=pytest.mark.slow),
)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """`phone(running, "phone Amina\\n...")`: plays the script; the exit code and the transcript."""

    def run(running: RunningGateway, script: str, *options: str) -> tuple[int, str]:
        written = tmp_path / "played.txt"
        monkeypatch.setattr("sys.stdin", io.StringIO(script))
        with running.at_work():
            named = ["--url", running.url, "--transcript", str(written), "--patience", "60"]
            code = cli.main(["phone", *named, *options])
        return code, written.read_text()

    return run


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_what_the_phone_played_plays_again_as_a_journey(
    name: str, phone: Any, open_gateway: OpenGateway
) -> None:
    script = (FOLDER / f"{name}.txt").read_text().replace("a stranger", STRANGER)
    with open_gateway(CAST) as running:
        code, written = phone(running, script)
    assert code == 0
    assert len(written) > len(script) / 2

    with open_gateway(CAST) as another:
        play(written, another.setup("plain"))


def test_a_script_may_be_what_a_thumb_types_and_ends_with_the_first_step_that_is_not_met(
    phone: Any, open_gateway: OpenGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_gateway(CAST) as running:
        code, written = phone(running, "*384*96#\n1\n500\n", "Amina")
        assert code == 0
        assert "> 500\nCON Pay KES 500 for 01000000016: loan 300, 2.0 kWh.\n1 Pay\n" in written
        code, written = phone(running, "phone Baraka\ndial *384*96#\nCON Goodbye\n\n> 1")

    assert (code, written.count(">")) == (1, 0)
    assert "line 3: expected:\nCON Goodbye\nbut saw:\nCON Hello Baraka" in capsys.readouterr().err


def test_a_call_tells_the_gateway_how_it_ended_once(
    phone: Any, open_gateway: OpenGateway, redis: Any
) -> None:
    script = "phone Amina\n*384*96#\n6\nhang up\n*384*96#\n7\n1\nIt is broken\n*384*96#\n"
    with open_gateway(CAST) as running:
        assert phone(running, script)[0] == 0
        ended = ends_on(redis, datetime.now(UTC).date())

    assert ended == {
        ("language.which", "Incomplete"): 1,
        ("help.thanks", "Success"): 1,
        ("home.customer", "Incomplete"): 1,
    }


def test_texts_sent_at_one_moment_are_read_in_whatever_order_they_came(
    phone: Any, open_gateway: OpenGateway
) -> None:
    script = "text Amina: bal\ntext Amina: loan\nsms Amina: Left on...\nsms Amina: Due now...\n"
    with open_gateway(CAST) as running:
        code, written = phone(running, script)

    assert code == 0
    assert written.index("sms Amina: Left on") < written.index("sms Amina: Due now")
