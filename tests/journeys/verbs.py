"""The verbs of a journey besides typing: what a person does, and what must be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text as sql

from core.money import parse_minor
from core.usecases.messages.inbound import InboundText
from gateway.sms.answers import answer_text
from simulator.africastalking import received_sms
from simulator.devices.store import enter_device_token, read_device
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.safaricom.c2b_payment import pay_by_paybill
from simulator.terminal.journey import find_token, matches, parse_paybill, parse_prompt
from tests.journeys.running_gateway import RunningGateway
from tests.support.builders import insert_village


@dataclass(frozen=True)
class JourneyVerbs:
    """Each verb is a method that takes the rest of its line. `device_of` gives what a device was
    made with, by serial number; `stopped` ends each job of a worker once before it is done."""

    running: RunningGateway
    device_of: Callable[[str], Any]
    stopped: bool

    def by_word(self) -> dict[str, Callable[[str], None]]:
        """The verbs by the word that starts their line."""
        words = (
            "prompt",
            "paybill",
            "sms",
            "silence",
            "type",
            "device",
            "text",
            "speaks",
            "villages",
        )
        return {word: getattr(self, word) for word in words}

    def prompt(self, rest: str) -> None:
        """`prompt Amina KES 500 for 0100...: pin 1234`: the phone asks, the person answers."""
        expected = parse_prompt(rest)
        self.running.work(self.stopped)
        with self.running.simulation.engine.connect() as connection:
            waiting = waiting_prompts(connection, self.running.number(expected.payer))
        assert [prompt.amount_minor for prompt in waiting] == [parse_minor(expected.amount, "KES")]
        assert matches(expected.account, waiting[0].account)
        pin = None if expected.outcome == "cancel" else expected.outcome.removeprefix("pin ")
        answer_prompt(
            self.running.simulation, self.running.number(expected.payer), waiting[0].id, pin
        )

    def paybill(self, rest: str) -> None:
        """`paybill Amina KES 500 to 0100...: 0`: the code says whether it was accepted."""
        expected = parse_paybill(rest)
        amount_minor = parse_minor(expected.amount, "KES")
        answer = pay_by_paybill(
            self.running.simulation,
            self.running.number(expected.payer),
            expected.account,
            amount_minor,
        )
        assert answer.code == expected.outcome

    def sms(self, rest: str) -> None:
        """`sms Amina: Token 1234 ...`: an SMS that was not read yet; its token can be typed. SMS
        that are sent together may come in any order."""
        name, _, wanted = rest.partition(": ")
        self.running.work(self.stopped)
        with self.running.simulation.engine.connect() as connection:
            texts = received_sms(connection, self.running.number(name))
        unread = self.running.unread(name, [sms["text"] for sms in texts])
        body = next((text for text in unread if matches(wanted, text)), None)
        assert body is not None, f"wanted: {wanted}\ngot: {unread}"
        self.running.read[name].append(body)
        self.running.code = find_token(body) or self.running.code

    def silence(self, rest: str) -> None:
        """`silence Amina`: no further SMS came."""
        self.running.work(self.stopped)
        with self.running.simulation.engine.connect() as connection:
            texts = [sms["text"] for sms in received_sms(connection, self.running.number(rest))]
        assert self.running.unread(rest, texts) == []

    def _check_state(self, state: dict[str, Any], wanted: str) -> None:
        for part in wanted.split(", "):
            name, _, value = part.partition(" ")
            assert str(state.get(name)).lower() == value, f"{name} is {state.get(name)}: {state}"

    def type(self, rest: str) -> None:
        """`type LAMP100: accepted true, days 7`: type the last token; the state of the device."""
        serial, _, wanted = rest.partition(": ")
        self._check_state(
            enter_device_token(self.running.simulation, self.device_of, serial, self.running.code),
            wanted,
        )

    def device(self, rest: str) -> None:
        """`device LAMP100: days 7`: the state of the device."""
        serial, _, wanted = rest.partition(": ")
        self._check_state(read_device(self.running.simulation, self.device_of, serial), wanted)

    def text(self, rest: str) -> None:
        """`text Amina: BAL`: an SMS from that phone to the gateway, delivered twice."""
        name, _, body = rest.partition(": ")
        inbound = InboundText(
            "africastalking", f"{name}-{next(self.running.sent)}", self.running.number(name), body
        )
        for _ in range(2):
            with self.running.open_unit() as unit:
                answer_text(unit, inbound, self.running.guesses)

    def speaks(self, rest: str) -> None:
        """`speaks en, sw, fr`: the languages of the market. It comes first, since
        the market is cached."""
        with self.running.simulation.engine.begin() as connection:
            connection.execute(
                sql("UPDATE market SET languages = :languages"), {"languages": rest.split(", ")}
            )

    def villages(self, rest: str) -> None:
        """`villages 40`: insert that many villages, from `V01`."""
        with self.running.open_unit() as unit:
            for number in range(1, int(rest) + 1):
                insert_village(unit.connection, code=f"V{number:02}", name=f"Village {number:02}")
