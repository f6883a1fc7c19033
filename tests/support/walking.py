"""Callers who walk through the product's menu at random, and what must hold at every step."""

from __future__ import annotations

import json
import re
from typing import cast

from core.gsm7 import is_gsm7, septets
from gateway.network_limits import screen_of
from gateway.ussd.request import UssdRequest
from gateway.ussd_menus.replay import expects_secret
from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Ask, Pick
from gateway.ussd_menus.session import UssdSession
from tests.support.cast import (
    AMINA,
    BARAKA,
    DAY_KIT,
    JUMA,
    KIT,
    LAST_KIT,
    METER,
    NEEMA,
    NEW_METER,
    READY_KIT,
    READY_METER,
    STOCK_KIT,
    STOCK_METER,
    ZURI,
)
from tests.support.phone import Answer, Phone
from tests.support.walk_scenario import (
    KEYS,
    LANGUAGES,
    NEXT_PIN,
    PIN,
    PINS,
    REG_TEXTS,
    TOKEN_SEPARATORS,
    WRONG_PIN,
    KnownPerson,
    WalkScenario,
)


class WalkCaller:
    """One person's phone, with the checks that must hold after each of its callbacks."""

    def __init__(self, scenario: WalkScenario, msisdn: str, network: str) -> None:
        self.scenario = scenario
        self.phone = Phone(scenario.endpoint, msisdn, network=network)
        self.typed = " ".join(REG_TEXTS).split() if msisdn == JUMA else []
        self.was_lost = False
        self.last: Answer | None = None
        self.session: UssdSession | None = None

    @property
    def is_asked(self) -> bool:
        """Whether a screen waits for an answer."""
        return self.last is not None and self.last.text.startswith("CON ")

    @property
    def screen(self) -> Screen:
        """The screen that waits for an answer."""
        assert self.session
        return self.scenario.menu.screens[self.session.trail[-1]]

    @property
    def hides_input(self) -> bool:
        assert self.session
        return expects_secret(self.scenario.menu, self.session)

    def dial(self, typed: str = "") -> None:
        self.typed += typed.split("*")
        self.phone.dial(typed)
        self._receive(self.phone.callback())

    def answer(self, typed: str) -> None:
        self.typed += typed.split("*")
        self.phone.text = f"{self.phone.text}*{typed}" if self.phone.text else typed
        self._receive(self.phone.callback())

    def answer_twice_at_once(self, first: str, second: str) -> None:
        """Answer twice where the first callback was lost: the text grows by two answers at once."""
        self.answer(f"{first}*{second}")

    def come_late(self) -> None:
        """Send an earlier callback after a newer one: it is answered, and nothing happens."""
        now, before = self.phone.text, self.scenario.count_traces()
        self.phone.text = now.rpartition("*")[0]
        late = self.phone.callback()
        self.phone.text = now
        self._check_page(late.text)
        assert self.scenario.count_traces() == before, "a late callback did something"

    def repeat(self) -> None:
        """Send the callback again: the same bytes come back, and nothing happens."""
        before = self.scenario.count_traces()
        again = self.phone.callback()
        assert self.last
        assert (again.body, again.headers) == (self.last.body, self.last.headers)
        assert self.scenario.count_traces() == before, "a repeated callback did something"

    def go_home(self) -> None:
        """Go back until the first screen, which must be reached."""
        for _ in range(60):
            if not self.is_asked or self.session is None or len(self.session.trail) == 1:
                return
            self.answer("0")
        raise AssertionError(f"{self.session} has no way home")

    def forget(self) -> None:
        """Let Redis lose what it holds about this phone.

        The rebuilt session may ask another question than the one that was answered: an agent who
        has changed the PIN meanwhile is not asked for one. The typed PIN is then an ordinary answer
        and may be shown again.
        """
        self.was_lost = True
        self.scenario.redis.delete(*self._keys())

    def lose(self) -> None:
        """Let Redis lose the session; the last callback comes again and does nothing twice."""
        before = self.scenario.count_traces()
        self.forget()
        self._receive(self.phone.callback())
        assert self.scenario.count_traces() == before, "a rebuilt session did something again"

    def _receive(self, answer: Answer) -> None:
        self.last = answer
        stored, _ = self.scenario.store.load(self._request())
        assert stored, "a turn was not stored"
        self.session = stored.session
        self.scenario.reached[answer.headers["at-ussd-hop-metadata"]] += 1
        self.scenario.refresh()
        self._check(answer)

    def _request(self) -> UssdRequest:
        phone = self.phone
        return UssdRequest(
            "africastalking",
            phone.ussd_session,
            phone.msisdn,
            phone.service_code,
            phone.network,
            phone.text,
        )

    def _check(self, answer: Answer) -> None:
        self._check_page(answer.text)
        self._check_session()
        screen = answer.headers["at-ussd-hop-metadata"]
        for shown in (answer.text, *self._stored()):
            assert self.was_lost or not PINS.search(shown), f"{screen} holds a PIN: {shown}"
            self._check_secrets(shown, screen)
        logged, self.scenario.log.lines = self.scenario.log.lines, []
        for line in logged:
            assert not PINS.search(line), f"the log holds a PIN: {line}"
            self._check_secrets(line, "the log")
            assert "USSD turn failed" not in line, line

    def _check_page(self, page: str) -> None:
        """Check the prefix, the alphabet, the size, and that there is a way out."""
        prefix, words = page[:4], page[4:]
        assert prefix in ("CON ", "END ")
        assert words.strip() == words
        assert words
        assert is_gsm7(page), page
        assert septets(page) <= screen_of(self.phone.network), page
        if prefix == "CON ":
            assert self.session
            keys = {"0", "98", *self.session.offered.by_key}
            firsts = {line.split(" ")[0] for line in words.split("\n")}
            assert firsts & keys, f"no way out of {page}"

    def _check_session(self) -> None:
        session = self.session
        assert session
        assert UssdSession.from_json(json.loads(json.dumps(session.to_json()))) == session
        assert session.language in LANGUAGES
        assert len(set(session.trail)) == len(session.trail) <= 24
        assert set(session.trail) <= self.scenario.menu.screens.keys()

    def _stored(self) -> list[str]:
        """What Redis holds about this phone."""
        return [
            cast(bytes, value).decode() for value in self.scenario.redis.mget(self._keys()) if value
        ]

    def _keys(self) -> list[str]:
        store, request = self.scenario.store, self._request()
        return list(store.keys(request))

    def _check_secrets(self, shown: str, where: str) -> None:
        assert not [key for key in KEYS if key in shown], f"{where} holds a key"
        plain = TOKEN_SEPARATORS.sub("", shown)
        for token, owners in self.scenario.tokens.items():
            if TOKEN_SEPARATORS.sub("", token) in plain:
                own = self.phone.msisdn in owners and where == "tokens.show"
                assert own, f"{where} shows {self.phone.msisdn} the token of {owners}: {shown}"
        for other in self.scenario.people:
            if other.msisdn != self.phone.msisdn:
                self._check_unknown(other, shown, where)

    def _check_unknown(self, other: KnownPerson, shown: str, where: str) -> None:
        """Check that a number or name of another person is shown only to a caller who typed it."""
        assert other.msisdn not in shown or self._has_typed_number(other.msisdn), (
            f"{where} tells {self.phone.msisdn} of {other.msisdn}: {shown}"
        )
        for name in other.names:
            found = re.search(rf"\b{re.escape(name)}\b", shown, re.IGNORECASE)
            assert not found or self._has_typed(name) or self._is_own(name), (
                f"{where} tells {self.phone.msisdn} of {name}: {shown}"
            )

    def _may_know(self, what: str) -> bool:
        """Whether an agent may know this, because the person asked for a device."""
        return self.phone.msisdn in (JUMA, ZURI) and what in self.scenario.requesters

    def _has_typed_number(self, msisdn: str) -> bool:
        return self._may_know(msisdn) or any(
            re.sub(r"\D", "", typed).endswith(msisdn[-9:]) for typed in self.typed
        )

    def _has_typed(self, name: str) -> bool:
        return self._may_know(name) or any(
            name.casefold() in typed.casefold() for typed in self.typed
        )

    def _is_own(self, name: str) -> bool:
        msisdn = self.phone.msisdn
        return any(
            name in person.names for person in self.scenario.people if person.msisdn == msisdn
        )


def likely_answers(caller: WalkCaller) -> list[str]:
    """Answers that a caller might give to this screen; those that lead further come often."""
    assert caller.session
    assert caller.last
    screen, offered = caller.screen, list(caller.session.offered.by_key)
    back = ["0", "00"]
    if isinstance(screen, Ask):
        leading = _LEADING_ANSWERS.get(screen.id, [])
        typed = _TYPED_ANSWERS[screen.reader.complaint.key]
        return [*leading * 4, *typed, *typed, *back] if leading else [*typed * 3, *back]
    further = ["98"] if "98 " in caller.last.text else []
    typed = (
        _TYPED_ANSWERS[screen.typed_reader.complaint.key][:4]
        if isinstance(screen, Pick) and screen.typed_reader
        else []
    )
    return [*offered * 6, *further, *typed, *back, "7"]


_OWNED = [METER, KIT, LAST_KIT]
_IN_STOCK = [STOCK_METER, STOCK_KIT, DAY_KIT]
_READY = [READY_METER, READY_KIT, DAY_KIT, STOCK_KIT]
# Answers that lead further, where most serial numbers and phone numbers do not.
_LEADING_ANSWERS = {
    "self_registration.serial": _READY,
    "cash.serial": _OWNED,
    "meter_transfer.serial": [METER],
    "meter_transfer.phone": [NEEMA, BARAKA],
    "payment.serial": _OWNED,
    "registration.phone": [NEEMA, "0722000099"],
    "registration.serial": [*_IN_STOCK, *_READY, NEW_METER],
    "sale.phone": [AMINA, BARAKA, NEEMA],
    "kit_sale.serial": [STOCK_KIT, READY_KIT, DAY_KIT],
    "agent.look_up": [AMINA, BARAKA],
}
_TYPED_ANSWERS = {
    "engine.not_an_amount": ["150", "500", "1,250", "KES 70", "33", "99999999", "0.5", "no"],
    "engine.not_a_serial": [*_OWNED, STOCK_KIT, "lamp-200", "NOSUCH1", "Z" * 32, "?"],
    "engine.not_a_phone": [NEEMA, AMINA, "0722000001", JUMA, "12", "+44 20 7946 0000"],
    "engine.not_a_pin": [PIN] * 9 + [WRONG_PIN, "12"],
    "engine.not_two_pins": [f"{PIN}*{NEXT_PIN}", f"{PIN} {PIN}", f"{WRONG_PIN}-{NEXT_PIN}", "1234"],
    "engine.not_a_text": [
        "Zawadi",
        "Kamau",
        "Wanjikũ Ñandú",
        "O'Brien-Smith",
        "W" * 60,
        "{x}",
        "1",
    ],
    "engine.not_a_number": ["1", "12", "52", "520", "521", "0001", "many"],
    "engine.not_an_option": ["KIB", "mak", "NOSUCH"],
}
