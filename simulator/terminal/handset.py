"""The handset: everything a person does with a phone, each action written into the transcript.

It waits for messages and payment prompts as long as its patience lasts. A step that cannot be done,
or whose outcome is not the expected one, raises StepFailed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from simulator.terminal.contacts import Contacts
from simulator.terminal.gateway_client import GatewayClient, Network, StepFailed, device_path
from simulator.terminal.journey import PaymentStep, find_token, matches
from simulator.terminal.transcript import Transcript
from simulator.terminal.ussd_session import UssdSession

T = TypeVar("T")
QUIET_SECONDS = 2.0
_POLL_SECONDS = 0.1
# Of a device, what is no part of its display in a transcript.
_FRONT = ("kind", "keys", "count")
Json = dict[str, Any]


class Handset:
    """One selected phone at a time, and the devices of its owner."""

    def __init__(
        self,
        gateway: GatewayClient,
        network: Network,
        contacts: Contacts,
        transcript: Transcript,
        patience_s: float,
    ) -> None:
        self.network = network
        self.contacts = contacts
        self.msisdn = ""
        self.screen = ""
        self._gateway = gateway
        self._transcript = transcript
        self._patience_s = patience_s
        self._session: UssdSession | None = None
        self._last_token = ""
        # How many messages each phone had when the handset was switched on.
        self._old_sms_count: dict[str, int] = gateway.get("inboxes") if network.has_phones else {}
        self._read_sms: dict[str, list[str]] = defaultdict(list)

    @property
    def name(self) -> str:
        """The name of the selected phone's owner, or its number."""
        return self.contacts.name(self.msisdn)

    @property
    def is_in_session(self) -> bool:
        """Whether a screen waits for an answer."""
        return self._session is not None and not self._session.is_over

    def select_phone(self, name: str) -> None:
        """Use this person's phone. An open session on the previous one is ended."""
        msisdn = self.contacts.number(name)
        self.hang_up()
        self.msisdn = msisdn
        self._transcript.action("phone", self.name)

    def dial(self, code: str) -> str:
        """Dial the service code, alone or with answers after it. Returns the screen."""
        if not self.msisdn:
            raise StepFailed("no phone is selected; say `phone NAME` first")
        answers = _dialled_answers(self.network.service_code, code)
        self.hang_up()
        self._transcript.action("dial", code)
        self._session = UssdSession(self._gateway, self.network, self.msisdn)
        return self._show_screen(self._session.start(answers))

    def answer(self, text: str) -> str:
        """Answer the screen. Returns the next one."""
        if self._session is None or not self.is_in_session:
            raise StepFailed("there is no screen to answer; dial first")
        self._transcript.action(">", text)
        return self._show_screen(self._session.answer(text))

    def hang_up(self) -> None:
        """End the session, if there is one."""
        if self._session:
            self._session.hang_up()

    def expect_screen(self, expected: str) -> None:
        """Check the screen, including its `CON` or `END`. Raises StepFailed."""
        if not matches(expected, self.screen):
            raise StepFailed(f"expected:\n{expected}\nbut saw:\n{self.screen}")

    def received_sms(self, name: str) -> list[Json]:
        """All messages on that phone, oldest first."""
        messages: list[Json] = self._get_json(f"{self.contacts.number(name)}/messages")
        return messages

    def unread_sms(self, name: str) -> list[Json]:
        """The messages that came after the handset was switched on and were not read yet."""
        msisdn = self.contacts.number(name)
        unread = self.received_sms(name)[self._old_sms_count.get(msisdn, 0) :]
        for body in self._read_sms[msisdn]:
            unread.remove(next(sms for sms in unread if sms["text"] == body))
        return unread

    def read_sms(self, name: str, expected: str = "...") -> str:
        """Wait for an unread message that matches, and return its text.

        Messages sent at the same moment arrive in any order. The token of the message is the one
        that `type_token` types next.
        """

        def matching() -> list[Json]:
            return [sms for sms in self.unread_sms(name) if matches(expected, sms["text"])]

        body: str = self._wait_for(matching, lambda: self._no_match(name, expected))[0]["text"]
        msisdn = self.contacts.number(name)
        self._read_sms[msisdn].append(body)
        self._last_token = find_token(body) or self._last_token
        self._transcript.result("sms", f"{self.contacts.name(msisdn)}: {body}")
        return body

    def _no_match(self, name: str, expected: str) -> str:
        unread = [sms["text"] for sms in self.unread_sms(name)]
        if not unread:
            return f"no further text came to {name}"
        return "\n".join(("expected:", expected, "but got:", *unread))

    def expect_no_sms(self, name: str) -> None:
        """Check for a short time that no further message comes. Raises StepFailed."""
        ends_at = time.monotonic() + min(QUIET_SECONDS, self._patience_s)
        while time.monotonic() < ends_at:
            if unread := self.unread_sms(name):
                raise StepFailed(f"a text came to {name}:\n{unread[0]['text']}")
            time.sleep(_POLL_SECONDS)
        self._transcript.action("silence", self.contacts.name(self.contacts.number(name)))

    def send_sms(self, name: str, body: str) -> None:
        """Send an SMS from that phone to the gateway."""
        msisdn = self.contacts.number(name)
        self._post_json(f"{msisdn}/sms", {"text": body})
        self._transcript.action("text", f"{self.contacts.name(msisdn)}: {body}")

    def open_prompts(self, name: str) -> list[Json]:
        """The payment prompts that are open on that phone, oldest first."""
        prompts: list[Json] = self._get_json(f"{self.contacts.number(name)}/prompts")
        return prompts

    def answer_prompt(self, name: str, answer: str, expected: PaymentStep | None = None) -> Json:
        """Wait for a payment prompt and answer it with `pin 1234` or `cancel`.

        Raises StepFailed when its amount or account is not the expected one.
        """
        no_prompt = f"no payment prompt on {name}'s phone"
        prompt = self._wait_for(lambda: self.open_prompts(name), lambda: no_prompt)[0]
        amount, account = _short_amount(prompt["amount"]), prompt["account"]
        if expected and (
            _short_amount(expected.amount) != amount or not matches(expected.account, account)
        ):
            raise StepFailed(
                f"expected {expected.amount} for {expected.account}, saw {amount} for {account}"
            )
        body = {"cancel": True} if answer == "cancel" else {"pin": answer.removeprefix("pin ")}
        result = self._post_json(f"{self.contacts.number(name)}/prompts/{prompt['id']}", body)
        self._write_payment("prompt", name, f"{amount} for {account}: {answer}", result)
        return result

    def pay(self, name: str, account: str, amount: str, expected_code: str = "...") -> Json:
        """Pay by paybill. Raises StepFailed when the phone shows another code than expected."""
        body = {"account": account, "amount": amount}
        result = self._post_json(f"{self.contacts.number(name)}/paybill", body)
        code = result["code"]
        self._write_payment(
            "paybill", name, f"{_short_amount(amount)} to {account}: {code}", result
        )
        if not matches(expected_code, code):
            raise StepFailed(f"expected code {expected_code}, M-Pesa answered {code}")
        return result

    def read_device(self, serial: str, expected: str = "") -> Json:
        """Read the display of a device. `expected` is such as `days 7, unlocked false`."""
        return self._check_device("device", serial, self._get_json(device_path(serial)), expected)

    def type_token(self, serial: str, expected: str = "", token: str = "") -> Json:
        """Type a token on the device; without one, the last that came by SMS."""
        if not (token or self._last_token):
            raise StepFailed("no token came by text yet")
        body = {"code": token or self._last_token}
        display = self._post_json(f"{device_path(serial)}/keypad", body)
        is_last_token = not token or _digits_of(token) == _digits_of(self._last_token)
        word = "type" if is_last_token else "# typed another code on"
        return self._check_device(word, serial, display, expected)

    def _show_screen(self, screen: str) -> str:
        self.screen = screen
        self._transcript.result(*screen.split(" ", 1))
        return screen

    def _write_payment(self, word: str, name: str, description: str, result: Json) -> None:
        if receipt := result.get("receipt"):
            self._transcript.add_receipt(receipt)
        payer = self.contacts.name(self.contacts.number(name))
        self._transcript.action(word, f"{payer} {self.network.currency} {description}")

    def _check_device(self, word: str, serial: str, display: Json, expected: str) -> Json:
        values = {name: str(value).lower() for name, value in display.items() if name not in _FRONT}
        shown = ", ".join(f"{name} {value}" for name, value in values.items())
        self._transcript.action(word, f"{serial}: {shown}")
        for part in filter(None, expected.split(", ")):
            name, _, value = part.partition(" ")
            if values.get(name) != value:
                raise StepFailed(f"{serial}: {name} is {values.get(name)}, expected {value}")
        return display

    def _wait_for(self, poll: Callable[[], list[T]], reason: Callable[[], str]) -> list[T]:
        """Poll until there is something. Raises StepFailed with the reason when time is over."""
        ends_at = time.monotonic() + self._patience_s
        while not (found := poll()):
            if time.monotonic() > ends_at:
                raise StepFailed(reason())
            time.sleep(_POLL_SECONDS)
        return found

    def _get_json(self, path: str) -> Any:
        self._require_phones()
        return self._gateway.get(path)

    def _post_json(self, path: str, body: Json) -> Json:
        self._require_phones()
        reply: Json = self._gateway.post(path, body)
        return reply

    def _require_phones(self) -> None:
        if not self.network.has_phones:
            raise StepFailed("this gateway has no simulated phones: only dialling works here")


def _dialled_answers(service_code: str, dialled: str) -> str:
    """`*384*96*1*500#` -> `1*500`. Raises StepFailed for another service code."""
    own, typed = service_code.removesuffix("#"), dialled.removesuffix("#")
    if not (typed == own or typed.startswith(own + "*")):
        raise StepFailed(f"the code to dial is {service_code}")
    return typed.removeprefix(own).removeprefix("*")


def _short_amount(amount: str) -> str:
    """`500.00` -> `500`, as screens and journeys write it."""
    return amount.removesuffix(".00")


def _digits_of(token: str) -> str:
    return "".join(filter(str.isdigit, token))
