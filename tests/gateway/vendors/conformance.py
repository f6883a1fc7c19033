"""What every driver has to pass against its stand-in: a class of tests that each driver's own test
file takes over, with a `Spec` of the vendor.

    class TestStron(Conformance):
        spec = Spec("stron", wrong={"PASSWORD": "another"})

Every test has a device of its own, so faults and counts never mix.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, get_args
from unittest.mock import patch
from uuid import uuid4

import pytest

from core.money import Money
from core.tokens.family import DeviceSecret
from core.vend import (
    Answer,
    DeviceFound,
    DeviceNotFound,
    Done,
    NotDone,
    NotSent,
    Refusal,
    RefusalReason,
    Unknown,
    VendAction,
    VendOrder,
    VendorName,
    is_code,
)
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, VendorHttp
from gateway.vendors.vendor_table import DRIVERS
from simulator.devices.store import enter_device_token, read_device
from tests.support.standins import StandIns, closed_port_url
from tests.support.vendors import VENDOR_CREDENTIALS, account_with

_numbers = count(1)
REASONS: tuple[RefusalReason, ...] = get_args(RefusalReason)
# Answers in JSON that no vendor gives for a vend.
_NONSENSE = (
    *("null", "[]", "{}", "[{}]", "[[]]", '"hello"', '""', "17", "true", "{", "[null]"),
    *('{"data": null}', '{"data": []}', '{"data": {}}', '{"result": null}', '{"Data": 5}'),
    *('{"token": "12"}', '{"token": null}', '{"Token": "ABCDEFGHIJ"}', '[{"Token": true}]'),
    *('{"result_code": 0}', '{"ResultCode": 0}', '{"ReturnCode": 1}', '{"Code": 200}'),
    *('{"error": {"a": 1}}', '{"errors": "x"}', '{"status": {}}', '{"_embedded": []}'),
    *("[" * 20_000, "9" * 5_000, '"\\ud800"', '{"transaction_id": {}}'),
)


@dataclass(frozen=True)
class Spec:
    """A vendor as its stand-in knows it.

    * `wrong`: settings with which it knows no device.
    * `serial`: how its serial numbers begin; `kind`: what its devices are.
    * `action`, `units`, `money`: an ordinary vend, and the money paid for it in minor units.
    * `gives`: what the device then shows, if not the units.
    * `reasons`: what the stand-in's refusals are taken for, where its words do not say.
    * `logs_in`: whether there are logins; `has_login`: whether they are seen to end.
    * `half_read`: answers to a check that are what they should be, save for what is needed of them.
    * `account`: other settings of the account than those of tests.support.vendors.
    """

    token: VendorName
    wrong: Mapping[str, str]
    serial: str = "0"
    kind: str = "meter"
    action: VendAction = "energy"
    units: int = 123
    money: int = 307_50
    reasons: Mapping[RefusalReason, RefusalReason] = field(default_factory=dict)
    logs_in: bool = False
    has_login: bool = False
    half_read: tuple[str, ...] = ()
    account: Mapping[str, str] = field(default_factory=dict)


class Conformance:
    """The tests. `spec` is the vendor."""

    spec: Spec

    @pytest.fixture
    def vendor(self, standins: StandIns) -> HttpDriver:
        account = account_with(self.spec.token, standins.url, **self.spec.account)
        return DRIVERS[self.spec.token](account)

    @pytest.fixture
    def serial(self) -> str:
        return f"{self.spec.serial}{next(_numbers):010}"

    def order(self, serial: str, **changed: Any) -> VendOrder:
        """An ordinary order for the device."""
        order = VendOrder(
            handle=uuid4(),
            serial=serial,
            action=self.spec.action,
            units=self.spec.units,
            money=Money(self.spec.money, "KES"),
            customer_reference="AC123",
            created_at=datetime.now(UTC) - timedelta(hours=2),
            asked_at=datetime.now(UTC) - timedelta(hours=1),
        )
        return replace(order, **changed)

    def ask(self, vendor: HttpDriver, order: VendOrder) -> Answer:
        """Vend as the worker does: the date is fixed first, where the vendor is shown one."""
        if vendor.abilities.needs_date and order.until is None:
            until = vendor.prepare(order)
            if isinstance(until, Refusal | NotSent):
                return until
            order = replace(order, until=until)
        return vendor.vend(order)

    def shown(self, standins: StandIns, serial: str, code: str | None = None) -> dict[str, Any]:
        """What the device shows, after a code was typed where there is one."""
        device = (self.spec.kind, DeviceSecret(serial, self.spec.token), 0)
        if code is None:
            return read_device(standins.runtime, lambda _: device, serial)
        return enter_device_token(standins.runtime, lambda _: device, serial, code)

    def given(self, standins: StandIns, serial: str, answer: Answer) -> float:
        """What a vend gave to the device, in the order's units."""
        assert isinstance(answer, Done)
        for code in answer.codes or [None]:
            shown = self.shown(standins, serial, code)
            assert shown.get("accepted", True)
        return float(shown["kwh"] * 10 if self.spec.kind == "meter" else shown["days"])

    def vended(self, standins: StandIns, serial: str) -> int:
        return len(standins.vends(self.spec.token, serial))

    def fault(
        self, standins: StandIns, serial: str, name: str, value: object = "", **more: Any
    ) -> None:
        standins.fault(self.spec.token, name, msisdn=serial, value=value, **more)

    def nonsense(self, vendor: HttpDriver, method: str, *more: str) -> Iterator[str]:
        """Let the vendor answer requests of that kind (`order`, `ask`) with one after the other."""

        def send(*_: object, **__: object) -> Reply:
            return Reply(200, body, vendor._http.words)

        def pass_on(*request: Any, **more: Any) -> Reply:
            with patch.object(VendorHttp, "_send", send):
                return genuine(*request, **more)

        genuine: Callable[..., Reply] = getattr(vendor._http, method)
        for body in (*_NONSENSE, *more):
            with patch.object(vendor._http, method, pass_on):
                yield body

    def test_a_vend_gives_what_was_ordered(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        answer = self.ask(vendor, self.order(serial))
        assert self.given(standins, serial, answer) == self.spec.units
        assert isinstance(answer, Done)
        assert answer.units in (None, self.spec.units)
        assert bool(answer.codes) is not vendor.abilities.pushes_credit
        assert all(is_code(code, vendor.abilities.code_digits) for code in answer.codes)
        assert self.vended(standins, serial) == 1

    def test_the_next_order_is_another_vend(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        first = self.ask(vendor, self.order(serial))
        until = datetime.now(UTC)
        second = self.ask(vendor, self.order(serial, until_before=until))
        assert isinstance(first, Done)
        self.given(standins, serial, first)
        assert self.given(standins, serial, second) == 2 * self.spec.units
        assert self.vended(standins, serial) == 2

    def test_a_device_it_does_not_know_gets_nothing(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        account = account_with(
            self.spec.token, standins.url, **{**self.spec.account, **self.spec.wrong}
        )
        answer = self.ask(DRIVERS[self.spec.token](account), self.order(serial))
        assert isinstance(answer, Refusal)
        assert answer.reason == "credentials"
        assert self.vended(standins, serial) == 0

    def test_a_device_that_it_does_not_know(self, vendor: HttpDriver, standins: StandIns) -> None:
        serial = f"{'99' if self.spec.serial == '0' else 'NONE'}{next(_numbers):09}"
        answer = self.ask(vendor, self.order(serial))
        assert isinstance(answer, Refusal)
        assert answer.reason == self.spec.reasons.get("unknown_device", "unknown_device")
        assert self.vended(standins, serial) == 0

    @pytest.mark.parametrize("reason", REASONS)
    def test_a_refusal_says_why(
        self, vendor: HttpDriver, standins: StandIns, serial: str, reason: RefusalReason
    ) -> None:
        self.fault(standins, serial, "refuse", reason, operation="vend")
        answer = self.ask(vendor, self.order(serial))
        assert isinstance(answer, Refusal)
        assert answer.reason == self.spec.reasons.get(reason, reason)
        assert self.vended(standins, serial) == 0

    @pytest.mark.parametrize("between", [" ", "-", "\u00a0"])
    def test_codes_come_with_blanks_and_dashes(
        self, vendor: HttpDriver, standins: StandIns, serial: str, between: str
    ) -> None:
        self.fault(standins, serial, "spaced_code", between)
        answer = self.ask(vendor, self.order(serial))
        assert self.given(standins, serial, answer) == self.spec.units

    def test_numbers_come_as_text(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "numbers_as_text")
        answer = self.ask(vendor, self.order(serial))
        assert self.given(standins, serial, answer) == self.spec.units

    def test_a_code_that_comes_as_a_number_is_never_another_code(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "code_as_number")
        answer = self.ask(vendor, self.order(serial))
        [vend] = standins.vends(self.spec.token, serial)
        assert isinstance(answer, Unknown) or (
            isinstance(answer, Done) and answer.codes in ((vend["code"],), ())
        )

    @pytest.mark.parametrize(
        "fault", ["html_reply", "fail_after", "lose_reply", "slow_reply", "missing_code"]
    )
    def test_what_may_have_been_done_is_unknown(
        self,
        vendor: HttpDriver,
        standins: StandIns,
        serial: str,
        fault: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        if fault == "missing_code" and vendor.abilities.pushes_credit:
            pytest.skip("there are no codes")
        monkeypatch.setattr("gateway.vendors.http_client.READ_S", 0.3)
        self.fault(standins, serial, fault, 1 if fault == "slow_reply" else "", operation="vend")
        answer = self.ask(vendor, self.order(serial))
        assert isinstance(answer, Unknown)
        assert self.vended(standins, serial) == 1

    def test_a_server_error_is_unknown_although_nothing_was_done(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "fail_before", operation="vend")
        assert isinstance(self.ask(vendor, self.order(serial)), Unknown)

    def test_a_busy_vendor_has_done_nothing(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.fault(standins, serial, "busy", 5, operation="vend")
        assert isinstance(self.ask(vendor, self.order(serial)), NotSent)
        assert self.vended(standins, serial) == 0

    def test_without_a_connection_nothing_was_sent(self, serial: str) -> None:
        driver = DRIVERS[self.spec.token]
        vendor = driver(account_with(self.spec.token, closed_port_url(), **self.spec.account))
        until = datetime.now(UTC)
        assert isinstance(vendor.vend(self.order(serial, until=until)), NotSent)
        if vendor.abilities.needs_date:
            assert isinstance(vendor.prepare(self.order(serial)), NotSent)
        if vendor.abilities.can_check:
            assert isinstance(vendor.check(serial), NotSent)
        if vendor.abilities.can_look_up:
            assert isinstance(vendor.look_up(self.order(serial)), NotSent)

    def test_nonsense_is_never_taken_for_a_vend(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        order = self.order(serial)
        if vendor.abilities.needs_date:
            until = vendor.prepare(order)
            assert isinstance(until, datetime)
            order = replace(order, until=until)
        for body in self.nonsense(vendor, "order"):
            answer = vendor.vend(replace(order, handle=uuid4()))
            assert isinstance(answer, Refusal | Unknown), body

    def test_a_login_that_has_ended_is_made_again(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        if not self.spec.has_login:
            pytest.skip("each request carries the credentials")
        self.fault(standins, serial, "expire_login", operation="vend", times=1)
        answer = self.ask(vendor, self.order(serial))
        assert self.given(standins, serial, answer) == self.spec.units
        assert self.vended(standins, serial) == 1

    def test_where_no_login_is_to_be_had_nothing_was_vended(
        self, standins: StandIns, serial: str
    ) -> None:
        """Also where the login is answered with nonsense: a person need not look into it."""
        if not self.spec.logs_in:
            pytest.skip("each request carries the credentials")
        account = account_with(self.spec.token, standins.url, **self.spec.account)
        for fault in ("html_reply", "fail_before", "fail_after", "lose_reply", "busy"):
            self.fault(standins, "", fault, operation="login", times=1)
            answer = DRIVERS[self.spec.token](account).vend(self.order(serial))
            assert isinstance(answer, NotSent), fault
        assert self.vended(standins, serial) == 0
        vendor = DRIVERS[self.spec.token](account)
        for body in self.nonsense(vendor, "ask"):
            assert isinstance(vendor.vend(self.order(serial)), NotSent | Refusal), body

    def test_what_makes_no_sense_before_the_order_vended_nothing(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        """Such as who has the meter, where that is asked first."""
        self.ask(vendor, self.order(serial))  # logs in
        action = min(vendor.abilities.actions)
        for body in self.nonsense(vendor, "ask", *self.spec.half_read):
            order = self.order(serial, action=action)
            assert not isinstance(self.ask(vendor, order), Unknown), body

    def test_an_order_that_comes_again_is_one_vend(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        if not vendor.abilities.repeat_is_safe:
            pytest.skip("it is never asked again")
        order = self.order(serial)
        if vendor.abilities.needs_date:
            until = vendor.prepare(order)
            assert isinstance(until, datetime)
            order = replace(order, until=until)
        self.fault(standins, serial, "lose_reply", operation="vend", times=1)
        assert isinstance(vendor.vend(order), Unknown)
        again = vendor.vend(order)
        assert self.given(standins, serial, again) == self.spec.units
        once_more = vendor.vend(order)
        assert isinstance(again, Done)
        assert isinstance(once_more, Done)
        assert once_more.codes == again.codes
        assert self.vended(standins, serial) == 1

    def test_a_look_up_tells_how_an_order_ended(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        if not vendor.abilities.can_look_up:
            pytest.skip("it cannot be asked")
        order = self.order(serial)
        assert isinstance(vendor.look_up(order), NotDone)
        just_now = replace(order, asked_at=datetime.now(UTC))
        assert isinstance(vendor.look_up(just_now), Unknown)
        self.fault(standins, serial, "lose_reply", operation="vend", times=1)
        order = replace(order, asked_at=datetime.now(UTC))
        assert isinstance(self.ask(vendor, order), Unknown)
        assert isinstance(vendor.look_up(order), Done)
        for fault in ("html_reply", "fail_after", "lose_reply", "busy"):
            self.fault(standins, serial, fault, operation="look_up", times=1)
            assert isinstance(vendor.look_up(order), NotSent | Unknown), fault
        # With a login, credentials that are refused once are shown again.
        for reason in {*REASONS} - {"unknown_device", "credentials" if self.spec.has_login else ""}:
            self.fault(standins, serial, "refuse", reason, operation="look_up", times=1)
            assert isinstance(vendor.look_up(order), NotSent | Unknown), reason
        for body in self.nonsense(vendor, "ask"):
            assert not isinstance(vendor.look_up(order), Done), body

    def test_a_check_tells_whether_it_has_a_device(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        if not vendor.abilities.can_check:
            pytest.skip("it cannot be asked")
        unknown = f"{'99' if self.spec.serial == '0' else 'NONE'}{next(_numbers):09}"
        assert isinstance(vendor.check(serial), DeviceFound)
        assert isinstance(vendor.check(unknown), DeviceNotFound)
        for fault in ("html_reply", "fail_after", "lose_reply", "busy"):
            self.fault(standins, serial, fault, operation="check", times=1)
            assert isinstance(vendor.check(serial), NotSent | Unknown), fault
        for reason in ("unknown_device", "credentials", "account_empty"):
            self.fault(standins, serial, "refuse", reason, operation="check", times=1)
            found = vendor.check(serial)
            assert type(found) in (DeviceFound, DeviceNotFound, NotSent, Unknown), reason
            assert isinstance(found, DeviceNotFound) is (reason == "unknown_device"), reason
        for body in self.nonsense(vendor, "ask"):
            assert type(vendor.check(serial)) in (DeviceNotFound, NotSent, Unknown), body
        assert self.vended(standins, serial) == 0

    def test_a_date_that_cannot_be_read_is_not_fixed(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        if not vendor.abilities.needs_date:
            pytest.skip("it is shown no date")
        for fault in ("html_reply", "fail_after", "lose_reply", "busy"):
            self.fault(standins, serial, fault, operation="check", times=1)
            assert isinstance(vendor.prepare(self.order(serial)), NotSent), fault
        for body in self.nonsense(vendor, "ask"):
            assert isinstance(vendor.prepare(self.order(serial)), NotSent | Refusal), body
        assert self.vended(standins, serial) == 0

    def test_every_action_does_what_it_says(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        self.given(standins, serial, self.ask(vendor, self.order(serial)))
        ends: dict[VendAction, tuple[str, object]] = {
            "unlock": ("unlocked", True),
            "lock": ("days", 0),
            "clear_credit": ("kwh", 0.0),
        }
        for action in sorted(vendor.abilities.actions - {"energy", "days"}):  # locks, then unlocks
            order = self.order(serial, action=action, units=0, money=Money(0, "KES"))
            answer = self.ask(vendor, order)
            assert isinstance(answer, Done), action
            shown = self.shown(standins, serial, answer.codes[-1] if answer.codes else None)
            name, wanted = ends.get(action, ("accepted", True))
            assert shown[name] == wanted, action
            assert standins.vends(self.spec.token, serial)[-1]["action"] == action

    def test_nothing_secret_gets_out(
        self,
        vendor: HttpDriver,
        standins: StandIns,
        serial: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        prefix = f"VENDOR_{self.spec.token.upper()}_MAIN_"
        secrets = [
            value
            for name, value in VENDOR_CREDENTIALS.items()
            if name.startswith(prefix) and name.endswith(("PASSWORD", "SECRET", "KEY", "TOKEN"))
        ]
        assert secrets, "a vendor without a password"
        shown = [repr(vendor), repr(vendor._http), repr(vendor._given)]
        with caplog.at_level(logging.INFO):
            done = self.ask(vendor, self.order(serial))
            names = ("error", "message", "Reason", "reason", "ReturnMessage", "detail", "Message")
            echo = json.dumps(
                dict.fromkeys(names, f"wrong: {' '.join(secrets)}")
                | {"ResultCode": 1, "result_code": 1, "ReturnCode": 0, "Code": 1}
            )
            self.fault(standins, serial, "body_reply", echo, operation="vend", times=1)
            shown += [repr(self.ask(vendor, self.order(serial))), repr(done)]
            self.fault(standins, serial, "lose_reply", operation="vend", times=1)
            shown.append(repr(self.ask(vendor, self.order(serial))))
        shown += [record.getMessage() + str(record.__dict__) for record in caplog.records]
        written = "\n".join(shown)
        assert not [secret for secret in secrets if secret in written]
        assert isinstance(done, Done)
        assert not [code for code in done.codes if code in written]
