"""What the conformance suite runs against: one channel on real parts, and how its bodies look.

A road is the gateway served over HTTP, the provider's stand-in calling it back, and the workers'
jobs on a clock that tests move forward. It is built once per channel; every test has a payer and a
device of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import requests
from sqlalchemy import text

from core.db.engine import make_engine
from core.money import Money
from core.unit import unit_opener
from core.usecases.payments.request import request_payment
from gateway.app import create_app
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.channel_table import channel_table
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.mtn import MtnChannel, MtnSettings
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.settings import PawaPaySettings
from gateway.payments.proof import Proofs
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.work_queues import WorkQueues
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.pawapay.signing import public_keys, signature_headers
from tests.gateway.payments.bodies import pawapay_deposit, stk_ended, stk_paid
from tests.support.builders import (
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_market,
    insert_tariff,
)
from tests.support.cast import OPEN_SECRET, PROOF_SECRET
from tests.support.endpoint_settings import endpoint_settings
from tests.support.standins import StandIns, served, stand_ins
from workers import jobs
from workers.runtime import Runtime

KEY = "k3y"
PIN = "1234"
AIRTEL_SIGNS = "airtel-signs"
_numbers = count(1)


def _daraja_body(reference: str, *, paid: bool, amount: str) -> str:
    document = stk_paid("FORGED1234", amount) if paid else stk_ended(1032, reference)
    document["Body"]["stkCallback"]["CheckoutRequestID"] = reference
    return json.dumps(document)


def _mtn_body(reference: str, *, paid: bool, amount: str) -> str:
    document = {"externalId": reference, "amount": amount, "currency": "UGX"}
    if paid:
        return json.dumps(document | {"status": "SUCCESSFUL", "financialTransactionId": "666"})
    return json.dumps(document | {"status": "FAILED", "reason": "EXPIRED"})


def _airtel_body(reference: str, *, paid: bool, amount: str) -> str:
    document = {"id": reference, "message": amount, "status_code": "TS" if paid else "TF"}
    body = json.dumps({"transaction": document | {"airtel_money_id": "FORGED"}})
    digest = hmac.digest(AIRTEL_SIGNS.encode(), body.encode(), hashlib.sha256)
    return f'{body[:-1]},"hash":"{base64.b64encode(digest).decode()}"}}'


def _pawapay_body(reference: str, *, paid: bool, amount: str) -> str:
    return json.dumps(pawapay_deposit(reference, paid=paid, amount=amount))


@dataclass(frozen=True)
class Spec:
    """A channel as its stand-in knows it. `told_by`: the callback that is about the prompt;
    `unknown`: a well-formed reference that was never given; `signs`: callbacks verify themselves.
    """

    name: str
    provider: str
    endpoint: str
    push: str
    query: str
    payer: str
    market: dict[str, Any]
    told_by: str
    body: Callable[..., str]
    unknown: str
    asks_first: bool
    signs: bool = False


_UGANDA = {
    "country": "UG",
    "currency": "UGX",
    "cash_unit_minor": 1,
    "timezone": "Africa/Kampala",
    "payment_max_minor": 5_000_000,
}
SPECS = [
    Spec(
        name="daraja",
        provider="safaricom",
        endpoint="daraja/{key}/stk",
        push="stkpush",
        query="stkquery",
        payer="+2547110",
        market={},
        told_by="stk",
        body=_daraja_body,
        unknown="ws_CO_nobody",
        asks_first=False,
    ),
    Spec(
        name="mtn",
        provider="mtn",
        endpoint="mtn/{key}",
        push="requesttopay",
        query="status",
        payer="+2567720",
        market=_UGANDA,
        told_by="",
        body=_mtn_body,
        unknown="00000000-0000-4000-8000-000000000000",
        asks_first=True,
    ),
    Spec(
        name="airtel",
        provider="airtel",
        endpoint="airtel/{key}",
        push="payments",
        query="enquiry",
        payer="+2547330",
        market={},
        told_by="",
        body=_airtel_body,
        unknown="0" * 32,
        asks_first=True,
    ),
    Spec(
        name="pawapay",
        provider="pawapay",
        endpoint="pawapay/{key}",
        push="deposits",
        query="status",
        payer="+2567520",
        market=_UGANDA,
        told_by="",
        body=_pawapay_body,
        unknown="00000000-0000-4000-8000-000000000000",
        asks_first=False,
        signs=True,
    ),
]


@dataclass
class Road:
    """One channel from the payer's request to the ledger."""

    spec: Spec
    url: str
    engine: Any
    standins: StandIns
    currency: str
    manufacturer: int
    tariff: int
    ahead: timedelta = timedelta(0)
    msisdn: str = ""
    serial: str = ""
    amount_minor: int = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def open_unit(self) -> Any:
        return unit_opener(self.engine, self.now, channels=channel_table((self.spec.name,)))()

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def new_payer(self) -> None:
        """A new customer with a meter."""
        number = next(_numbers)
        self.standins.behave()
        self.msisdn, self.serial = f"{self.spec.payer}{number:05d}", f"M{number:05d}"
        self.amount_minor = 5_000
        with self.engine.begin() as connection:
            owner = insert_customer(connection, msisdn=self.msisdn)
            insert_device(
                connection,
                serial=self.serial,
                manufacturer_id=self.manufacturer,
                owner_id=owner,
                tariff_id=self.tariff,
            )

    def ask(self) -> None:
        """The payer asks for a prompt, and a worker sends it."""
        with self.open_unit() as unit:
            amount = Money(self.amount_minor, self.currency)
            request_payment(unit, self.msisdn, self.serial, amount)
        jobs.prompt_payers()
        self.standins.settled()
        jobs.prompt_payers()

    def answer(self, pin: str | None = PIN) -> None:
        """The payer answers on the phone; the callbacks have arrived afterwards, and a worker has
        done what they were woken for."""
        with self.standins.runtime.engine.connect() as connection:
            waiting = waiting_prompts(connection, self.msisdn)
        answer_prompt(self.standins.runtime, self.msisdn, waiting[-1].id, pin)
        self.standins.settled()
        jobs.prompt_payers()

    def wait(self, **time: float) -> None:
        """Time passes, and a worker does what is due."""
        self.ahead += timedelta(**time)
        jobs.prompt_payers()

    def send_callback(
        self, body: str | bytes, key: str = KEY, method: str = "POST", **headers: str
    ) -> int:
        """Send a callback to the channel's endpoint; returns the status of the answer."""
        address = f"{self.url}/payments/{self.spec.endpoint.format(key=key)}"
        return self.send(address, body, method, **headers)

    def send(
        self,
        address: str,
        body: str | bytes,
        method: str = "POST",
        secret: str | None = None,
        **headers: str,
    ) -> int:
        """A callback of this channel's kind, signed where the channel signs: by the provider, or
        with another `secret`, or not at all ("")."""
        sent = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/json"} | headers
        if secret is None and self.spec.signs:
            secret = self.standins.runtime.settings.pawapay_signing_secret
        if secret:
            headers |= signature_headers(secret, address, headers["Content-Type"], sent)
        answer = requests.request(method, address, data=sent, headers=headers, timeout=10)
        return answer.status_code

    def claim(self, *, paid: bool, amount: str = "50.00", reference: str | None = None) -> str:
        """The body of a callback about our prompt that the provider did not send."""
        return self.spec.body(reference or self.reference, paid=paid, amount=amount)

    def callbacks(self) -> list[tuple[str, str]]:
        """(address, body) of whatever the provider owed us about this payer's prompt."""
        about = [self.reference, *(receipt for receipt, _ in self.moved)]
        return [
            (url, body)
            for url, body in self.rows("SELECT url, body FROM simulator.callbacks ORDER BY id")
            if any(word in body for word in about)
        ]

    def fail(self, name: str, operation: str | None = None, **asked: Any) -> None:
        """Ask the stand-in for a fault, only where this payer is concerned if it knows by then."""
        self.standins.fault(self.spec.provider, name, operation=operation, **asked)

    def lose_callbacks(self) -> None:
        self.fail("drop_callback", value=self.spec.told_by, msisdn=self.msisdn)

    @property
    def reference(self) -> str:
        return str(self.rows(f"SELECT checkout_reference {self._prompt}")[0][0])

    @property
    def state(self) -> str:
        return str(self.rows(f"SELECT state {self._prompt}")[0][0])

    @property
    def _prompt(self) -> str:
        return f"FROM prompts WHERE msisdn = '{self.msisdn}'"

    @property
    def booked(self) -> list[tuple[str, int]]:
        """(receipt, amount) of what our books say this payer paid."""
        sql = "SELECT receipt, amount_minor FROM payments WHERE account_raw = :serial"
        return self.rows(sql, serial=self.serial)

    @property
    def moved(self) -> list[tuple[str, int]]:
        """(receipt, amount) of what the provider took from this payer."""
        sql = "SELECT receipt, amount_minor FROM simulator.transactions WHERE msisdn = :msisdn"
        return self.rows(sql, msisdn=self.msisdn)

    @property
    def shown(self) -> int:
        """How many prompts that phone has seen."""
        sql = "SELECT count(*) FROM simulator.prompts WHERE msisdn = :msisdn"
        return int(self.rows(sql, msisdn=self.msisdn)[0][0])

    @property
    def sms_kinds(self) -> list[str]:
        """The kinds of text that wait for this payer."""
        return [kind for (kind,) in self.rows(f"SELECT kind FROM sms WHERE msisdn='{self.msisdn}'")]


@contextmanager
def road(spec: Spec, database_url: str, redis_url: str) -> Iterator[Road]:
    """A channel on a book of its own."""
    engine = make_engine(database_url, pool_size=16)
    with engine.begin() as connection:
        insert_market(connection, **spec.market)
        manufacturer, tariff = (
            insert_manufacturer(connection, token_family="none"),
            insert_tariff(connection),
        )
    gateway: Any = None

    def serve(environ: Any, start_response: Any) -> Any:
        assert gateway is not None
        return gateway(environ, start_response)

    # It has to know its own address, which is signed, before it can be made.
    with served(serve) as url, stand_ins(database_url, url, KEY) as standins:
        gateway = create_app(_environment(database_url, redis_url, url, standins))
        currency = spec.market.get("currency", "KES")
        made = Road(spec, url, engine, standins, currency, manufacturer, tariff)
        runtime = _runtime(made, redis_url)
        with patch.object(jobs, "runtime", lambda: runtime):
            yield made
        for name in ("daraja", *runtime.other_channels):
            channel = runtime.channel(name)
            assert channel is not None
            channel.close()
    gateway.close()
    engine.dispose()


def _environment(database_url: str, redis_url: str, url: str, standins: StandIns) -> dict[str, str]:
    keys = public_keys(standins.runtime.settings.pawapay_signing_secret)
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": url,
        **endpoint_settings(KEY),
        "DARAJA_SHORTCODE": "600123",
        "MTN_BASE_URL": "http://127.0.0.1:9",
        "AIRTEL_BASE_URL": "http://127.0.0.1:9",
        "AIRTEL_CALLBACK_KEY": AIRTEL_SIGNS,
        "PAWAPAY_BASE_URL": "http://127.0.0.1:9",
        "PAWAPAY_PUBLIC_KEYS": json.dumps(keys),
        "PIN_PEPPER": "pepper",
    }


def _runtime(made: Road, redis_url: str) -> Runtime:
    provider, callback = made.standins.url, f"{made.url}/payments"
    queues = WorkQueues(redis_url)
    return Runtime(
        open_unit=unit_opener(
            made.engine,
            made.now,
            channels=channel_table((made.spec.name,)),
            after_commit=queues.wake,
        ),
        open_secret=OPEN_SECRET,
        daraja=DarajaClient(
            DarajaSettings(
                provider,
                "consumer",
                "secret",
                "600123",
                "pass",
                f"{callback}/daraja/{KEY}/stk",
                Proofs(PROOF_SECRET),
            )
        ),
        sender=AfricasTalkingSender(SmsSettings("jua", "at-key", None, provider)),
        work_queues=queues,
        other_channels={
            "mtn": MtnChannel(
                MtnSettings(
                    provider,
                    "mtnuganda",
                    "subscription",
                    "api-user",
                    "api-key",
                    f"{callback}/mtn/{KEY}",
                )
            ),
            "airtel": AirtelChannel(AirtelSettings(provider, "KE", "client", "secret")),
            "pawapay": PawaPayChannel(PawaPaySettings(provider, "pawapay-token")),
        },
    )
