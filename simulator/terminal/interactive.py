"""A person at the terminal types commands and answers, and sees screens, messages and prompts.

While a screen waits, each line is the answer to it, as on a phone, and Ctrl-D hangs up. Otherwise
each line is a command, and Ctrl-D quits.
"""

from __future__ import annotations

import re
import select
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from simulator.terminal.gateway_client import StepFailed
from simulator.terminal.handset import Handset

HELP = """\
  {code:<20} dial; answers may follow: {stem}*1*500#
  pin 1234, cancel     answer a payment prompt
  pay SERIAL AMOUNT    pay by paybill
  texts                all texts on this phone
  text WORDS           send a text to the gateway, like: text BAL
  type SERIAL [CODE]   type a token on the device; without CODE the last one that came
  device SERIAL        read the device's display
  phone NAME           use another person's phone (a name, or a number)
  people               list the people
  quit                 end (Ctrl-D; during a call Ctrl-D hangs up)"""
_POLL_SECONDS = 0.5


class InteractivePhone:
    """Reads lines from `source`, a terminal, and prints on `out`."""

    def __init__(self, handset: Handset, source: TextIO, out: TextIO) -> None:
        self._handset = handset
        self._source = source
        self._out = out
        self._shown_prompts: set[int] = set()

    def run(self) -> None:
        """Run until the person quits."""
        self._print_line(f"This is {self._handset.name}'s phone. `help` lists what it can do.")
        for line in self._typed_lines():
            try:
                if self._handset.is_in_session:
                    self._print_screen(self._handset.answer(line))
                elif not self._run_command(line.strip()):
                    break
            except StepFailed as failure:
                self._print_line(str(failure))

    def _typed_lines(self) -> Iterator[str]:
        """The typed lines. Ctrl-D hangs up, or ends the iteration when there is no session."""
        while True:
            self._print_input_prompt()
            while not self._has_input():
                if self._print_news():
                    self._print_input_prompt()
            line = self._source.readline()
            if line:
                yield line.rstrip("\r\n")
            elif self._handset.is_in_session:
                self._handset.hang_up()
                self._print_line("\n(hung up)")
            else:
                self._print_line("")
                return

    def _has_input(self) -> bool:
        return bool(select.select([self._source], [], [], _POLL_SECONDS)[0])

    def _print_input_prompt(self) -> None:
        prompt = "answer> " if self._handset.is_in_session else f"{self._handset.name}> "
        print(prompt, end="", file=self._out)
        self._out.flush()

    def _run_command(self, line: str) -> bool:
        """Run one command. False for `quit`."""
        if line in ("quit", "exit"):
            return False
        if line.startswith("*"):
            self._print_screen(self._handset.dial(line))
        elif line:
            word, _, rest = line.partition(" ")
            self._command_table().get(word.lower(), self._unknown_command)(rest.strip())
        return True

    def _command_table(self) -> dict[str, Callable[[str], None]]:
        return {
            "help": lambda _: self._print_help(),
            "dial": lambda code: self._print_screen(self._handset.dial(code)),
            "pin": lambda pin: self._answer_prompt(f"pin {pin}"),
            "cancel": lambda _: self._answer_prompt("cancel"),
            "pay": self._pay_bill,
            "texts": lambda _: self._print_messages(),
            "text": lambda body: self._handset.send_sms(self._handset.name, body),
            "type": self._type_token,
            "device": lambda serial: self._print_display(self._handset.read_device(serial)),
            "phone": self._select_phone,
            "people": lambda _: self._print_people(),
        }

    def _unknown_command(self, _: str) -> None:
        self._print_line("Unknown command; `help` lists what this phone can do.")

    def _print_help(self) -> None:
        code = self._handset.network.service_code
        self._print_line(HELP.format(code=code, stem=code.removesuffix("#")))

    def _select_phone(self, name: str) -> None:
        self._handset.select_phone(name)
        self._shown_prompts.clear()

    def _print_people(self) -> None:
        for contact in self._handset.contacts.all:
            self._print_line(f"  {contact.name:<12} {contact.msisdn:<15} {contact.description}")
        for msisdn in self._handset.contacts.unregistered:
            self._print_line(f"  {'a stranger':<12} {msisdn}")

    def _answer_prompt(self, answer: str) -> None:
        if not self._handset.open_prompts(self._handset.msisdn):
            raise StepFailed("there is no payment prompt on this phone")
        self._print_payment(self._handset.answer_prompt(self._handset.msisdn, answer))

    def _pay_bill(self, rest: str) -> None:
        account, _, amount = rest.rpartition(" ")
        if not account:
            raise StepFailed("say: pay SERIAL AMOUNT")
        self._print_payment(self._handset.pay(self._handset.msisdn, account.strip(), amount))

    def _print_payment(self, result: dict[str, Any]) -> None:
        receipt = result.get("receipt")
        outcome = f"paid, receipt {receipt}" if result["accepted"] else "nothing was paid"
        self._print_line(f"({outcome}; code {result['code']})")

    def _print_messages(self) -> None:
        self._print_news()
        for sms in self._handset.received_sms(self._handset.msisdn):
            self._print_line(f"  {sms['at'][11:16]} {sms['from']}: {sms['text']}")

    def _type_token(self, rest: str) -> None:
        match = re.fullmatch(r"(\S+) ?([*#\d -]*)", rest)
        if not match:
            raise StepFailed("say: type SERIAL, or: type SERIAL CODE")
        self._print_display(self._handset.type_token(match[1], token=match[2].strip()))

    def _print_display(self, display: dict[str, Any]) -> None:
        self._print_line("  " + ", ".join(f"{name} {value}" for name, value in display.items()))

    def _print_news(self) -> bool:
        """Print messages and payment prompts that have come; whether there were any."""
        handset = self._handset
        if handset.is_in_session or not handset.network.has_phones:
            return False
        unread = handset.unread_sms(handset.msisdn)
        for _ in unread:
            self._print_line(f"\n(text) {handset.read_sms(handset.msisdn)}")
        new_prompts = [
            prompt
            for prompt in handset.open_prompts(handset.msisdn)
            if prompt["id"] not in self._shown_prompts
        ]
        for prompt in new_prompts:
            self._shown_prompts.add(prompt["id"])
            amount = f"{handset.network.currency} {prompt['amount']}"
            self._print_line(
                f"\n(request) Pay {amount} for {prompt['account']}? `pin 1234` or `cancel`"
            )
        return bool(unread or new_prompts)

    def _print_screen(self, screen: str) -> None:
        for line in screen[4:].split("\n"):
            self._print_line(f"  | {line}")

    def _print_line(self, text: str) -> None:
        print(text, file=self._out)
