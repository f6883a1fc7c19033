"""A scenario in which people write texts to the gateway."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import text

from core.gsm7 import segments
from core.usecases.messages.inbound import InboundText
from gateway.limits import SerialGuesses
from gateway.sms.answers import answer_text
from tests.support.scenario import Scenario


@dataclass
class SmsScenario:
    """`text` sends a text to the gateway and gives back the answer, None when there was none."""

    scenario: Scenario
    guesses: SerialGuesses
    ids: count[int] = field(default_factory=count)

    def text(self, msisdn: str, body: str) -> str | None:
        before = self._last()
        with self.scenario.open_unit() as unit:
            message = InboundText("at", f"t{next(self.ids)}", msisdn, body)
            assert answer_text(unit, message, self.guesses)
        answers = self.scenario.rows("SELECT msisdn, body FROM sms WHERE id > :id", id=before)
        assert len(answers) <= 1
        for number, answer in answers:
            assert number == msisdn
            assert len(segments(answer)) <= 2
            found: str | None = answer
            return found
        return None

    def _last(self) -> int:
        found: int = self.scenario.rows("SELECT coalesce(max(id), 0) FROM sms")[0][0]
        return found

    def prompts(self) -> list[tuple[object, ...]]:
        return self.scenario.rows(
            "SELECT p.msisdn, d.serial, amount_minor, purpose FROM prompts p"
            " JOIN devices d ON d.id = p.device_id ORDER BY p.id"
        )

    def run(self, sql: str, **values: object) -> None:
        with self.scenario.engine.begin() as connection:
            connection.execute(text(sql), values)
