"""What every aggregator's adapter must pass: a caller who uses any of the wire formats.

A `Wire` writes callbacks as that aggregator does and reads our answers as it would. `Caller` dials
and answers over one; its clock stands still between a callback and its repeat, and moves on when a
person answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

from tests.support.phone import Answer, post
from tests.support.toy_menu import AMINA

CODE = "*384*96#"
_ids = count(1)
Fields = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One callback to be: `typed` is what was dialled or answered, `history` all answers so far."""

    session: str
    msisdn: str
    typed: str
    history: str
    number: int

    @property
    def opens(self) -> bool:
        return self.number == 1


@dataclass(frozen=True)
class Wire:
    """How an aggregator speaks. `optional` fields may be missing; `numbers` its turns; tells what
    was `dialled`; `ends` makes the fields of its news that a session is over."""

    name: str
    fields: Callable[[Turn], Fields]
    read: Callable[[Answer], tuple[str, bool]]
    optional: frozenset[str] = frozenset()
    method: str = "POST"
    is_json: bool = True
    numbers: bool = False
    has_history: bool = False
    dialled: bool = True
    ends: Callable[[Turn], Fields] | None = None

    @property
    def path(self) -> str:
        return f"/ussd/{self.name}/demo"

    def body(self, fields: Mapping[str, Any]) -> bytes:
        return json.dumps(fields).encode() if self.is_json else urlencode(fields).encode()

    def send(self, app: Any, sent: bytes, path: str = "", **environ: str) -> Answer:
        if self.method == "GET":
            query = {"REQUEST_METHOD": "GET", "QUERY_STRING": sent.decode("latin-1")}
            return post(app, path or self.path, b"", **query, **environ)
        return post(app, path or self.path, sent, **environ)


def _plain(answer: Answer) -> tuple[str, bool]:
    prefix, _, text = answer.text.partition(" ")
    assert prefix in ("CON", "END")
    return text, prefix == "END"


def _freeflow(answer: Answer) -> tuple[str, bool]:
    assert answer.headers["Freeflow"] in ("FC", "FB")
    return answer.text, answer.headers["Freeflow"] == "FB"


def _hubtel(answer: Answer) -> tuple[str, bool]:
    answered = json.loads(answer.body)
    assert answered["Type"] in ("Response", "Release")
    return answered["Message"], answered["Type"] == "Release"


def _arkesel(answer: Answer) -> tuple[str, bool]:
    answered = json.loads(answer.body)
    assert (answered["userID"], answered["msisdn"][0]) == ("JUA", "2")
    return answered["message"], not answered["continueSession"]


def _beem(answer: Answer) -> tuple[str, bool]:
    answered = json.loads(answer.body)
    assert answered["payload"]["request_id"] == 17
    return answered["payload"]["request"], answered["command"] == "terminate"


AFRICASTALKING = Wire(
    "africastalking",
    lambda turn: {
        "sessionId": turn.session,
        "serviceCode": CODE,
        "phoneNumber": turn.msisdn,
        "networkCode": "63902",
        "text": turn.history,
    },
    _plain,
    is_json=False,
    has_history=True,
)
HUBTEL = Wire(
    "hubtel",
    lambda turn: {
        "Type": "Initiation" if turn.opens else "Response",
        "Mobile": turn.msisdn[1:],
        "SessionId": turn.session,
        "ServiceCode": "384",
        "Message": turn.typed,
        "Operator": "mtn",
        "Sequence": turn.number,
        "ClientState": "",
    },
    _hubtel,
    optional=frozenset({"Operator", "ClientState", "Sequence"}),
    numbers=True,
    ends=lambda turn: {
        "Type": "Release",
        "Mobile": turn.msisdn[1:],
        "SessionId": turn.session,
        "ServiceCode": "384",
    },
)


def _without_sequence(turn: Turn) -> Fields:
    return {name: value for name, value in HUBTEL.fields(turn).items() if name != "Sequence"}


HUBTEL_WITHOUT_SEQUENCE = replace(HUBTEL, fields=_without_sequence, numbers=False)
ARKESEL = Wire(
    "arkesel",
    lambda turn: {
        "sessionID": turn.session,
        "userID": "JUA",
        "newSession": turn.opens,
        "msisdn": turn.msisdn[1:],
        "userData": turn.typed,
        "network": "MTN",
    },
    _arkesel,
    optional=frozenset({"network"}),
)
BEEM = Wire(
    "beem",
    lambda turn: {
        "command": "initiate" if turn.opens else "continue",
        "msisdn": turn.msisdn[1:],
        "session_id": turn.session,
        "operator": "vodacom",
        "payload": {"request_id": 17, "response": "" if turn.opens else turn.typed},
    },
    _beem,
    optional=frozenset({"operator"}),
    dialled=False,
    ends=lambda turn: {
        "command": "terminate",
        "msisdn": turn.msisdn[1:],
        "session_id": turn.session,
        "operator": "vodacom",
    },
)
AIRTEL = Wire(
    "airtel",
    lambda turn: {
        "SessionID": turn.session,
        "MSISDN": turn.msisdn[1:],
        "MSC": "254733000000",
        "input": turn.typed.strip("*#") if turn.opens else turn.typed,
        "userid": "flares",
        "password": "secret",
    },
    _freeflow,
    optional=frozenset({"MSC", "userid", "password"}),
    method="GET",
    is_json=False,
    ends=lambda turn: {
        "SessionID": turn.session,
        "msisdn": turn.msisdn[1:],
        "clean": "clean-session",
        "error": "522",
    },
)
WIRES = (AFRICASTALKING, HUBTEL, HUBTEL_WITHOUT_SEQUENCE, ARKESEL, BEEM, AIRTEL)


@dataclass
class Hands:
    """The clock everybody's hands move by."""

    now: datetime = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def think(self, seconds: int = 5) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Caller:
    """A caller who dials over a wire. `screen` gives `CON ...` or `END ...` for every wire."""

    wire: Wire
    app: Any
    hands: Hands
    msisdn: str = AMINA
    session: str = ""
    history: list[str] = field(default_factory=list)
    turn: Turn | None = None

    def of(self, msisdn: str) -> Caller:
        return replace(self, msisdn=msisdn, session="", history=[], turn=None)

    def dial(self, dialled: str = CODE, session: str = "") -> str:
        self.ready_to_dial(dialled, session)
        return self.screen(self.send())

    def ready_to_dial(self, dialled: str = CODE, session: str = "") -> None:
        """The dial, ready to be sent."""
        self.session, after = session or f"s-{next(_ids):06}", dialled.removeprefix("*384*96")
        self.history = [answer for answer in after.strip("*#").split("*") if answer]
        self._ready(dialled, 1)

    def answer(self, typed: str) -> str:
        self.type(typed)
        return self.screen(self.send())

    def type(self, typed: str) -> None:
        """The next answer, ready to be sent."""
        self.history.append(typed)
        assert self.turn is not None
        self._ready(typed, self.turn.number + 1)

    def _ready(self, typed: str, number: int) -> None:
        self.hands.think()
        self.turn = Turn(self.session, self.msisdn, typed, "*".join(self.history), number)

    @property
    def sent(self) -> bytes:
        assert self.turn is not None
        return self.wire.body(self.wire.fields(self.turn))

    def send(self, sent: bytes | None = None) -> Answer:
        """The callback as it stands, or another one; the same again is a repeat."""
        return self.wire.send(self.app, self.sent if sent is None else sent)

    def screen(self, answer: Answer) -> str:
        assert answer.status == 200, answer
        assert answer.headers["Content-Length"] == str(len(answer.body))
        text, ends = self.wire.read(answer)
        return f"{'END' if ends else 'CON'} {text}"
