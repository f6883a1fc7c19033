"""A person at the terminal: lines that are typed, screens that are shown, news that come by itself.

While a screen waits, whatever is typed is the answer to it, as on a phone; Ctrl-D hangs up. With no
screen there are commands, and Ctrl-D puts the phone away.
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
  pin 1234, cancel     answer a request for money
  pay SERIAL AMOUNT    pay by paybill
  texts                all texts on this phone
  text WORDS           send a text to the gateway, like: text BAL
  type SERIAL [CODE]   type a code on the device; without CODE the last one that came
  device SERIAL        look at the device
  phone NAME           take somebody else's phone (a name, or a number)
  people               who there is
  quit                 put the phone away (Ctrl-D; in a call Ctrl-D hangs up)"""
_NEWS_EVERY_S = 0.5


class InteractivePhone:
    """Reads `source`, a terminal, and shows on `out`."""

    def __init__(self, handset: Handset, source: TextIO, out: TextIO) -> None:
        self._handset = handset
        self._source = source
        self._out = out
        self._told: set[int] = set()

    def play(self) -> None:
        """Until the phone is put away."""
        self._say(f"This is {self._who()}'s phone. `help` lists what it can do.")
        for written in self._lines():
            try:
                if self._handset.in_call:
                    self._screen(self._handset.answer(written))
                elif not self._command(written.strip()):
                    break
            except StepFailed as unmet:
                self._say(str(unmet))

    def _lines(self) -> Iterator[str]:
        """What is typed. Ctrl-D hangs up a call; without one it is the end."""
        while True:
            self._prompt()
            while not self._typing():
                if self._news():
                    self._prompt()
            written = self._source.readline()
            if written:
                yield written.rstrip("\r\n")
            elif self._handset.in_call:
                self._handset.hang_up()
                self._say("\n(hung up)")
            else:
                self._say("")
                return

    def _typing(self) -> bool:
        return bool(select.select([self._source], [], [], _NEWS_EVERY_S)[0])

    def _prompt(self) -> None:
        print("answer> " if self._handset.in_call else f"{self._who()}> ", end="", file=self._out)
        self._out.flush()

    def _command(self, written: str) -> bool:
        """Do it; false for the one that ends everything."""
        if written in ("quit", "exit"):
            return False
        if written.startswith("*"):
            self._screen(self._handset.dial(written))
        elif written:
            word, _, rest = written.partition(" ")
            self._commands().get(word.lower(), self._unknown)(rest.strip())
        return True

    def _commands(self) -> dict[str, Callable[[str], None]]:
        return {
            "help": lambda _: self._help(),
            "dial": lambda code: self._screen(self._handset.dial(code)),
            "pin": lambda pin: self._settle(f"pin {pin}"),
            "cancel": lambda _: self._settle("cancel"),
            "pay": self._pay,
            "texts": lambda _: self._texts(),
            "text": lambda words: self._handset.send_text(self._handset.name, words),
            "type": self._type,
            "device": lambda serial: self._device(self._handset.look_at(serial)),
            "phone": self._pick_up,
            "people": lambda _: self._people(),
        }

    def _unknown(self, _: str) -> None:
        self._say("That is nothing this phone knows; `help` lists what it can do.")

    def _help(self) -> None:
        code = self._handset.network.service_code
        self._say(HELP.format(code=code, stem=code.removesuffix("#")))

    def _pick_up(self, who: str) -> None:
        self._handset.pick_up(who)
        self._told.clear()

    def _people(self) -> None:
        for one in self._handset.people.all:
            self._say(f"  {one.called:<12} {one.msisdn:<15} {one.about}")
        for msisdn in self._handset.people.strangers:
            self._say(f"  {'a stranger':<12} {msisdn}")

    def _settle(self, outcome: str) -> None:
        if not self._handset.requests(self._handset.msisdn):
            raise StepFailed("there is no request for money on this phone")
        self._paid(self._handset.settle(self._handset.msisdn, outcome))

    def _pay(self, rest: str) -> None:
        account, _, amount = rest.rpartition(" ")
        if not account:
            raise StepFailed("say: pay SERIAL AMOUNT")
        self._paid(self._handset.pay(self._handset.msisdn, account.strip(), amount))

    def _paid(self, told: dict[str, Any]) -> None:
        paid = f"paid, receipt {told.get('receipt')}" if told["accepted"] else "nothing was paid"
        self._say(f"({paid}; code {told['code']})")

    def _texts(self) -> None:
        self._news()
        for one in self._handset.texts(self._handset.msisdn):
            self._say(f"  {one['at'][11:16]} {one['from']}: {one['text']}")

    def _type(self, rest: str) -> None:
        found = re.fullmatch(r"(\S+) ?([*#\d -]*)", rest)
        if not found:
            raise StepFailed("say: type SERIAL, or: type SERIAL CODE")
        self._device(self._handset.type_code(found[1], code=found[2].strip()))

    def _device(self, told: dict[str, Any]) -> None:
        self._say("  " + ", ".join(f"{name} {value}" for name, value in told.items()))

    def _news(self) -> bool:
        """Show texts and requests that came; whether there were any."""
        if self._handset.in_call or not self._handset.network.has_phones:
            return False
        unread = self._handset.unread(self._handset.msisdn)
        for _ in unread:
            self._say(f"\n(text) {self._handset.read_text(self._handset.msisdn)}")
        fresh = [
            one
            for one in self._handset.requests(self._handset.msisdn)
            if one["id"] not in self._told
        ]
        for one in fresh:
            self._told.add(one["id"])
            amount = f"{self._handset.network.currency} {one['amount']}"
            self._say(f"\n(request) Pay {amount} for {one['account']}? `pin 1234` or `cancel`")
        return bool(unread or fresh)

    def _screen(self, screen: str) -> None:
        for line in screen[4:].split("\n"):
            self._say(f"  | {line}")

    def _say(self, words: str) -> None:
        print(words, file=self._out)

    def _who(self) -> str:
        return self._handset.name
