"""The handset: everything a person does with the phone in hand, each written into the transcript.

It waits for what comes by itself (texts, requests for money) as long as its patience lasts. What
does not come, or comes otherwise than wanted, is StepFailed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from simulator.terminal.contacts import Contacts
from simulator.terminal.gateway_client import GatewayClient, Network, StepFailed, of_serial
from simulator.terminal.journey import Money, seen, token_in
from simulator.terminal.transcript import Transcript
from simulator.terminal.ussd_session import UssdSession

T = TypeVar("T")
QUIET_S = 2.0
_LOOK_EVERY_S = 0.1
Shown = dict[str, Any]


class Handset:
    """One person's phone at a time, and the devices that stand beside it."""

    def __init__(
        self,
        gateway: GatewayClient,
        network: Network,
        people: Contacts,
        transcript: Transcript,
        patience_s: float,
    ) -> None:
        self.network = network
        self.people = people
        self.msisdn = ""
        self.screen = ""
        self._gateway = gateway
        self._transcript = transcript
        self._patience_s = patience_s
        self._call: UssdSession | None = None
        self._code = ""
        self._old: dict[str, int] = gateway.get("inboxes") if network.has_phones else {}
        self._read: dict[str, list[str]] = defaultdict(list)

    @property
    def name(self) -> str:
        return self.people.name(self.msisdn)

    @property
    def in_call(self) -> bool:
        """Whether a screen waits for an answer."""
        return self._call is not None and not self._call.is_over

    def pick_up(self, who: str) -> None:
        """Take this person's phone, putting down the one in hand."""
        msisdn = self.people.number(who)
        self.hang_up()
        self.msisdn = msisdn
        self._transcript.did("phone", self.name)

    def dial(self, code: str) -> str:
        """Dial the service code, alone or with answers after it."""
        if not self.msisdn:
            raise StepFailed("whose phone is it? Say `phone NAME` first")
        typed = _typed_after(self.network.service_code, code)
        self.hang_up()
        self._transcript.did("dial", code)
        self._call = UssdSession(self._gateway, self.network, self.msisdn)
        return self._shown(self._call.start(typed))

    def answer(self, typed: str) -> str:
        """Answer the screen."""
        if self._call is None or not self.in_call:
            raise StepFailed("there is no screen to answer; dial first")
        self._transcript.did(">", typed)
        return self._shown(self._call.answer(typed))

    def hang_up(self) -> None:
        """End the call, if there is one."""
        if self._call:
            self._call.hang_up()

    def expect(self, wanted: str) -> None:
        """The screen must be this, `CON` or `END` before it."""
        if not seen(wanted, self.screen):
            raise StepFailed(f"wanted:\n{wanted}\nsaw:\n{self.screen}")

    def texts(self, who: str) -> list[Shown]:
        """All texts on that phone, the oldest first."""
        texts: list[Shown] = self._api(f"{self.people.number(who)}/messages")
        return texts

    def unread(self, who: str) -> list[Shown]:
        """Those that came since the handset was switched on and were not read yet."""
        msisdn = self.people.number(who)
        left = self.texts(who)[self._old.get(msisdn, 0) :]
        for body in self._read[msisdn]:
            left.remove(next(one for one in left if one["text"] == body))
        return left

    def read_text(self, who: str, wanted: str = "...") -> str:
        """The next text like this, waited for; its code is the one that `type` types.

        Texts sent at one moment arrive in any order.
        """

        def like_it() -> list[Shown]:
            return [one for one in self.unread(who) if seen(wanted, one["text"])]

        body: str = self._wait(like_it, lambda: self._missed(who, wanted))[0]["text"]
        msisdn = self.people.number(who)
        self._read[msisdn].append(body)
        self._code = token_in(body) or self._code
        self._transcript.saw("sms", f"{self.people.name(msisdn)}: {body}")
        return body

    def _missed(self, who: str, wanted: str) -> str:
        came = [one["text"] for one in self.unread(who)]
        if not came:
            return f"no further text came to {who}"
        return "\n".join(("wanted:", wanted, "got:", *came))

    def hear_nothing(self, who: str) -> None:
        """No further text may come, for a little while."""
        ends_at = time.monotonic() + min(QUIET_S, self._patience_s)
        while time.monotonic() < ends_at:
            if unread := self.unread(who):
                raise StepFailed(f"a text came to {who}:\n{unread[0]['text']}")
            time.sleep(_LOOK_EVERY_S)
        self._transcript.did("silence", self.people.name(self.people.number(who)))

    def send_text(self, who: str, body: str) -> None:
        """A text to the gateway."""
        msisdn = self.people.number(who)
        self._doors_post(f"{msisdn}/sms", {"text": body})
        self._transcript.did("text", f"{self.people.name(msisdn)}: {body}")

    def requests(self, who: str) -> list[Shown]:
        """Requests for mobile money that are open on that phone, the oldest first."""
        requests: list[Shown] = self._api(f"{self.people.number(who)}/prompts")
        return requests

    def settle(self, who: str, outcome: str, wanted: Money | None = None) -> Shown:
        """Answer the oldest request with `pin 1234` or `cancel`, waiting for it to come."""
        nothing = f"no request for money on {who}'s phone"
        request = self._wait(lambda: self.requests(who), lambda: nothing)[0]
        amount, account = _whole(request["amount"]), request["account"]
        if wanted and (_whole(wanted.amount) != amount or not seen(wanted.account, account)):
            raise StepFailed(
                f"wanted {wanted.amount} for {wanted.account}, saw {amount} for {account}"
            )
        body = {"cancel": True} if outcome == "cancel" else {"pin": outcome.removeprefix("pin ")}
        told = self._doors_post(f"{self.people.number(who)}/prompts/{request['id']}", body)
        self._moved("prompt", who, f"{amount} for {account}: {outcome}", told)
        return told

    def pay(self, who: str, account: str, amount: str, wanted_code: str = "...") -> Shown:
        """Pay by paybill; the code is what the payer's phone was told."""
        body = {"account": account, "amount": amount}
        told = self._doors_post(f"{self.people.number(who)}/paybill", body)
        self._moved("paybill", who, f"{_whole(amount)} to {account}: {told['code']}", told)
        if not seen(wanted_code, told["code"]):
            raise StepFailed(f"wanted code {wanted_code}, M-Pesa said {told['code']}")
        return told

    def look_at(self, serial: str, wanted: str = "") -> Shown:
        """The device beside the phone."""
        return self._device("device", serial, self._api(of_serial(serial)), wanted)

    def type_code(self, serial: str, wanted: str = "", code: str = "") -> Shown:
        """Type the last code that came, or another one, on the device's keypad."""
        if not (code or self._code):
            raise StepFailed("no code came by text yet")
        told = self._doors_post(f"{of_serial(serial)}/keypad", {"code": code or self._code})
        played_again = not code or _digits(code) == _digits(self._code)
        return self._device(
            "type" if played_again else "# typed another code on", serial, told, wanted
        )

    def _shown(self, screen: str) -> str:
        self.screen = screen
        self._transcript.saw(*screen.split(" ", 1))
        return screen

    def _moved(self, word: str, who: str, how: str, told: Shown) -> None:
        if receipt := told.get("receipt"):
            self._transcript.receipt(receipt)
        name = self.people.name(self.people.number(who))
        self._transcript.did(word, f"{name} {self.network.currency} {how}")

    def _device(self, word: str, serial: str, told: Shown, wanted: str) -> Shown:
        parts = {name: str(value).lower() for name, value in told.items() if name != "kind"}
        self._transcript.did(word, f"{serial}: {', '.join(f'{n} {v}' for n, v in parts.items())}")
        for part in filter(None, wanted.split(", ")):
            name, _, value = part.partition(" ")
            if parts.get(name) != value:
                raise StepFailed(f"{serial}: {name} is {parts.get(name)}, wanted {value}")
        return told

    def _wait(self, look: Callable[[], list[T]], otherwise: Callable[[], str]) -> list[T]:
        ends_at = time.monotonic() + self._patience_s
        while not (found := look()):
            if time.monotonic() > ends_at:
                raise StepFailed(otherwise())
            time.sleep(_LOOK_EVERY_S)
        return found

    def _api(self, path: str) -> Any:
        self._need_phones()
        return self._gateway.get(path)

    def _doors_post(self, path: str, body: Shown) -> Shown:
        self._need_phones()
        told: Shown = self._gateway.post(path, body)
        return told

    def _need_phones(self) -> None:
        if not self.network.has_phones:
            raise StepFailed("this gateway has no simulated phones: only dialling works here")


def _typed_after(service_code: str, dialled: str) -> str:
    """`*384*96*1*500#` -> `1*500`. Raises StepFailed for a code that is not this operator's."""
    code, written = service_code.removesuffix("#"), dialled.removesuffix("#")
    if not (written == code or written.startswith(code + "*")):
        raise StepFailed(f"the code to dial is {service_code}")
    return written.removeprefix(code).removeprefix("*")


def _whole(amount: str) -> str:
    """`500.00` -> `500`, as screens and journeys write it."""
    return amount.removesuffix(".00")


def _digits(code: str) -> str:
    return "".join(filter(str.isdigit, code))
