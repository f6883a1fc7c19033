"""An operator who sells, and whose customers pay and type tokens: what the examples act with."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine
from werkzeug.test import Client

from core.clock import system_clock
from core.refund import NewReturn
from core.tokens.keys import KeyRing, VendingKeys
from core.unit import unit_opener
from core.usecases.payments.apply import apply_payments
from core.usecases.refunds.reversal import record_reversal
from core.usecases.tokens.device_keys import secret_opener
from core.usecases.tokens.vending_keys import publish_keys
from operations import cli
from operations.demo.virtual_devices import device_source
from simulator.devices.virtual_device import display, enter_token, factory_state
from tests.support.builders import NAIROBI

METER, KIT = "01000000016", "KIT1"
OWNER = "+254711000001"
STS = "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;ken=255;base=2014"
CATALOGUE = Path(__file__).with_name("catalogue.toml")
TODAY = system_clock().astimezone(NAIROBI).date()


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


@dataclass
class Operator:
    """An operator with a shell, a short code and the customers' devices."""

    folder: Path
    gateway: Any
    environment: dict[str, str]
    out: Any
    receipts: Any = field(default_factory=lambda: count(1))
    states: dict[str, Any] = field(default_factory=dict)

    def dialwatt(self, *words: str) -> str:
        self.out.readouterr()
        assert cli.main(words) == 0, self.out.readouterr().err
        return str(self.out.readouterr().out)

    def bring_in(self, kind: str, header: str, *lines: str) -> None:
        file = self.folder / f"{kind}.csv"
        file.write_text("\n".join([header, *lines]) + "\n")
        self.dialwatt("import", kind, str(file))

    def meter(self, tariff: str, *, since: int = 0) -> None:
        """Amina's meter; `since` days ago the tariff was put on it."""
        self._device(
            f"{METER},meter,meters,{tariff},{OWNER},{days(-since)},,,,{STS},{days(-since)}"
        )

    def kit(self) -> None:
        key = "bc41ec9530f6dac86b1a29ab82edc5fb"
        self._device(f"{KIT},shs,kits,,{OWNER},{TODAY},{key},516959010,1,,")

    def _device(self, line: str) -> None:
        header = (
            "serial,kind,manufacturer,tariff,owner_msisdn,assigned_on,secret_key,starting_code,"
            "count,sts,access_from"
        )
        self.bring_in("devices", header, line)

    def sale(self, appliance: str, total: int, each: int, first_due_on: date) -> None:
        """A cost-based sale, weekly, without down payment."""
        header = (
            "owner_msisdn,appliance,serial,total,down_payment,scheme,count,instalment,cadence,"
            "sold_on,first_due_on,reference"
        )
        serial = KIT if appliance == "kit" else ""
        self.bring_in(
            "sales",
            header,
            f"{OWNER},{appliance},{serial},{total}.00,0,amount,,{each}.00,weekly,{days(-60)},"
            f"{first_due_on},{appliance}",
        )

    def start_worker(self) -> None:
        """A worker tells which vending keys it holds."""
        engine = create_engine(self.environment["DATABASE_URL"])
        with unit_opener(engine)() as unit:
            publish_keys(unit, VendingKeys(self.environment))
        engine.dispose()

    def ask(self, serial: str, amount: int) -> str:
        """M-Pesa's question before the money moves; the answer's code."""
        return str(self._callback("validation", serial, amount, "")["ResultCode"])

    def pay(self, serial: str, amount: int) -> dict[str, Any]:
        """Money that moved, applied; what `dialwatt show payment` says of it."""
        receipt = f"TKO{next(self.receipts):07}"
        assert self._callback("confirmation", serial, amount, receipt)["ResultCode"] == 0
        engine = create_engine(self.environment["DATABASE_URL"])
        ring = KeyRing.from_settings(self.environment["DEVICE_KEY_SECRET"])
        with unit_opener(engine)() as unit:
            apply_payments(unit, secret_opener(ring, VendingKeys(self.environment)))
        engine.dispose()
        shown: dict[str, Any] = json.loads(self.dialwatt("show", "payment", receipt, "--json"))
        assert shown["state"] == "applied"
        return shown

    def reverse(self, payment: dict[str, Any]) -> None:
        """M-Pesa takes a payment back, as its statement tells."""
        engine = create_engine(self.environment["DATABASE_URL"])
        with unit_opener(engine)() as unit:
            minor = int(payment["amount"].replace(".", ""))
            record_reversal(
                unit,
                "daraja:600123",
                payment["receipt"],
                NewReturn(minor),
                "statement",
                "told by M-Pesa",
            )
        engine.dispose()

    def owes(self) -> list[tuple[str, str]]:
        """What Amina owes, as `dialwatt show` says."""
        customer = json.loads(self.dialwatt("show", "customer", OWNER, "--json"))
        return [(debt["kind"], debt["amount"]) for debt in customer["owes"]]

    def _callback(self, endpoint: str, serial: str, amount: int, receipt: str) -> Any:
        body = {
            "TransactionType": "Pay Bill",
            "TransID": receipt or "TKOASKS",
            "TransTime": f"{datetime.now(ZoneInfo('Africa/Nairobi')):%Y%m%d%H%M%S}",
            "TransAmount": f"{amount}.00",
            "BusinessShortCode": "600123",
            "BillRefNumber": serial,
            "InvoiceNumber": "",
            "OrgAccountBalance": "",
            "ThirdPartyTransID": "",
            "MSISDN": "2547 ***** 001",
            "FirstName": "AMINA",
        }
        answer = Client(self.gateway).post(f"/payments/daraja/demo/{endpoint}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def type(self, token: dict[str, Any]) -> dict[str, Any]:
        """Type a token into its device; how the device then stands."""
        engine = create_engine(self.environment["DATABASE_URL"])
        known = device_source(engine, self.environment)(token["serial"])
        engine.dispose()
        assert known
        _, secret, initial = known
        state = self.states.get(token["serial"]) or factory_state(secret, initial)
        typed = enter_token(state, token["text"], secret)
        assert typed.accepted, typed.reason
        self.states[token["serial"]] = typed.state
        return dict(display(typed.state))


def split(payment: dict[str, Any]) -> list[tuple[str, str]]:
    return [(line["kind"], line["amount"]) for line in payment["lines"]]


def gives(payment: dict[str, Any]) -> list[Any]:
    """What each token gives, by its serial."""
    return [
        (token["serial"], token["kind"], token.get("kwh", token.get("days")))
        for token in payment["tokens"]
    ]
