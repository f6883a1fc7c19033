"""Every POST endpoint of the contract under fuzz: never a 5xx, and no refusal leaves a trace
anywhere.

Two generators. One damages the bytes of good bodies. The other knows the shape of each body: it
keeps it and puts near misses and anything at all into its fields. The shapes are those of the
providers, told by good examples (they publish no machine-readable description and ours would be a
second truth to keep), hence Hypothesis and not a generator that reads OpenAPI.

FUZZ_EXAMPLES sets how many bodies each generator makes.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.payment import PaymentNotice
from core.usecases.payments.record import record_payment
from core.usecases.refunds.refund import request_refund
from gateway.payments.proof import Proofs
from simulator.pawapay.signing import signature_headers
from tests.gateway.conftest import AMINA, KEY, PAWAPAY_SECRET, PUBLIC_URL, Web
from tests.gateway.payments.bodies import CHECKOUT, c2b, pawapay_deposit, result, stk_paid
from tests.support.builders import insert_prompt, insert_sms
from tests.support.cast import PROOF_SECRET
from tests.support.scenario import Scenario

REFERENCE = str(UUID(int=7, version=4))
AIRTEL_ID = UUID(int=8, version=4).hex
SCREEN = {
    "sessionId": "ATUid_1",
    "serviceCode": "*384*96#",
    "phoneNumber": AMINA,
    "networkCode": "63902",
    "text": "1*S200",
}
MTN = {
    "externalId": REFERENCE,
    "amount": "500",
    "currency": "UGX",
    "payer": {"partyIdType": "MSISDN", "partyId": "256772000001"},
    "status": "SUCCESSFUL",
    "reason": {"code": "EXPIRED", "message": "x"},
}
AIRTEL = {"transaction": {"id": AIRTEL_ID, "status_code": "TS", "message": "Paid"}, "hash": "eA=="}
PAWAPAY_ID = str(UUID(int=9, version=4))
PAWAPAY = pawapay_deposit(PAWAPAY_ID, paid=True, amount="500", currency="KES")
PAWAPAY_ENDPOINT = f"/payments/pawapay/{KEY}"
REVERSED = result(0, OriginalTransactionID="SKE1A2B3C4", Amount="500.00")
FOUND = result(0, TransactionStatus="Completed", ReceiptNo="SKE9Z9Z9Z9", Amount="500.00")
HELD = result(
    0,
    AccountBalance="Working Account|KES|0.00|0.00|0.00|0.00&Utility Account|KES|500.00|500.00|0|0",
    BOCompletedTime="20261124120000",
)


def address_with_proof(kind: str, end: str = "") -> str:
    """An address that only Daraja is told."""
    return f"/payments/daraja/{KEY}/{kind}/1/{Proofs(PROOF_SECRET).of(kind, 1)}{end}"


# Every POST endpoint of the contract, and those whose addresses we give out ourselves: a good body.
JSON_ENDPOINTS: dict[str, dict[str, Any]] = {
    f"/payments/daraja/{KEY}/validation": c2b(),
    f"/payments/daraja/{KEY}/confirmation": c2b(),
    f"/payments/daraja/{KEY}/stk": stk_paid(),
    f"/payments/daraja/{KEY}/stk/1": stk_paid(),
    f"/payments/daraja/{KEY}/reversal": REVERSED,
    address_with_proof("stk"): stk_paid(),
    address_with_proof("reversal"): REVERSED,
    address_with_proof("reversal", "/timeout"): REVERSED,
    address_with_proof("status"): FOUND,
    address_with_proof("status", "/timeout"): FOUND,
    address_with_proof("word"): FOUND,
    address_with_proof("word", "/timeout"): FOUND,
    address_with_proof("balance"): HELD,
    address_with_proof("balance", "/timeout"): HELD,
    f"/payments/mtn/{KEY}": MTN,
    f"/payments/airtel/{KEY}": AIRTEL,
    PAWAPAY_ENDPOINT: PAWAPAY,
}
FORM_ENDPOINTS: dict[str, dict[str, str]] = {
    f"/ussd/africastalking/{KEY}": SCREEN,
    f"/ussd/africastalking/{KEY}/events": SCREEN | {"status": "Success", "durationInMillis": "9"},
    f"/sms/africastalking/{KEY}/inbound": {"id": "9a1f", "from": AMINA, "text": "PAY S200 150"},
    f"/sms/africastalking/{KEY}/delivery": {"id": "ATXid_1", "status": "Failed"},
}
NEAR_MISSES = (
    *("", " ", "0", "-0", "-1", "1e3", "1E400", "NaN", "Infinity", "0x10", "1_000", "+150", " 150"),
    *("150.005", "00150", "9" * 19, "9" * 400, "\u0661\u0665\u0660", "1,50", "150.", ".5"),
    *("20260231000000", "20261301000000", "2026-01-01", "254711000001", "+254 711", "*" * 20),
    *("%s", "'; DROP TABLE payments; --", "../../etc", "\u202e001M", "M100\n", "\ud83d\ude00" * 40),
    *("\x00", "A" * 101, "A" * 2000, "null", "true", "loan", "S200 LOAN", "m-100 ", "{}"),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
EXAMPLES = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "120")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def good(endpoint: str) -> bytes:
    if endpoint in JSON_ENDPOINTS:
        return json.dumps(JSON_ENDPOINTS[endpoint]).encode()
    return urlencode(FORM_ENDPOINTS[endpoint]).encode()


ALL_ENDPOINTS = st.sampled_from([*JSON_ENDPOINTS, *FORM_ENDPOINTS])


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value in a document, at any depth."""
    keys = document if isinstance(document, dict) else range(len(document))
    for key in keys:
        yield document, key
        if isinstance(document[key], dict | list):
            yield from places(document[key])


@st.composite
def shaped_json(draw: st.DrawFn, document: dict[str, Any]) -> bytes:
    """The document with some of its values replaced, some missing, some not asked for."""
    changed = deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(places(changed)) or [(changed, "x")]))
        if draw(st.booleans()) or isinstance(container, list):
            container[key] = deepcopy(draw(st.sampled_from(NEAR_MISSES) | ANYTHING))
        else:
            container.pop(key, None)
    if draw(st.booleans()):
        changed[draw(st.text(max_size=8))] = draw(ANYTHING)
    return json.dumps(changed).encode()


@st.composite
def shaped_form(draw: st.DrawFn, fields: dict[str, str]) -> bytes:
    """The form with some values replaced, fields missing, doubled, or not asked for."""
    changed = list(fields.items())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(changed) - 1))
        name, _ = changed[place]
        match draw(st.sampled_from(("value", "value", "double", "name"))):
            case "value":
                changed[place] = (name, draw(st.sampled_from(NEAR_MISSES) | st.text(max_size=30)))
            case "double":
                changed.append((name, draw(st.text(max_size=5))))
            case _:
                changed[place] = (draw(st.text(max_size=8)), "x")
    return urlencode(changed, errors="surrogatepass").encode()


@dataclass
class Watch:
    """The whole database, as one digest, and the log: what a refusal must leave as it was."""

    scenario: Scenario
    errors: list[str] = field(default_factory=list)
    seen: str = ""

    def look(self) -> str:
        [(digest,)] = self.scenario.rows(self._sql())
        return str(digest)

    def _sql(self) -> str:
        tables = self.scenario.rows(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE' ORDER BY 1"
        )
        whole = " || ".join(
            f"(SELECT count(*) || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')"
            f" FROM {table} t)"
            for (table,) in tables
        )
        return f"SELECT md5({whole})"


class _Errors(logging.Handler):
    def __init__(self, kept: list[str]) -> None:
        super().__init__(logging.ERROR)
        self.kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append(record.getMessage())


@pytest.fixture
def watch(scenario: Scenario) -> Iterator[Watch]:
    """A book in which every endpoint has something to be about."""
    with scenario.engine.begin() as connection:
        common: dict[str, Any] = {
            "device_id": scenario.device_id("S200"),
            "account_reference": "S200",
        }
        insert_prompt(connection, checkout_reference=CHECKOUT, **common)
        for channel, reference in (("mtn", REFERENCE), ("airtel", AIRTEL_ID)):
            insert_prompt(connection, channel=channel, checkout_reference=reference, **common)
        insert_prompt(
            connection,
            channel="pawapay",
            network="MPESA_KEN",
            checkout_reference=PAWAPAY_ID,
            **common,
        )
        insert_sms(connection, state="sent", provider_message_id="ATXid_1", next_attempt_at=None)
    notice = PaymentNotice(
        "daraja:600123", "SKE1A2B3C4", "c2b", 500_00, "KES", "NOBODY", "none", None,
        datetime(2026, 11, 24, tzinfo=UTC),
    )  # fmt: skip
    with scenario.open_unit() as unit:
        request_refund(unit, record_payment(unit, notice).payment_id, "ops@jua", "nobody's")
    watch = Watch(scenario)
    handler = _Errors(watch.errors)
    logging.getLogger().addHandler(handler)
    watch.seen = watch.look()
    yield watch
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def knock(web: Web, watch: Watch) -> Callable[[str, bytes, str], int]:
    """Send a body from an address of its own; fails on a 5xx, an error logged, or a trace."""

    def send(endpoint: str, body: bytes, source: str) -> int:
        kind = (
            "application/json"
            if endpoint in JSON_ENDPOINTS
            else "application/x-www-form-urlencoded"
        )
        signed = {}
        if endpoint == PAWAPAY_ENDPOINT:  # otherwise nothing would ever get past the signature
            signed = signature_headers(PAWAPAY_SECRET, PUBLIC_URL + endpoint, kind, body)
        answer = web.client.post(
            endpoint,
            data=body,
            content_type=kind,
            headers=signed,
            environ_overrides={"REMOTE_ADDR": source},
        )
        assert answer.status_code < 500, (endpoint, answer.text)
        assert not watch.errors, (endpoint, watch.errors)
        now = watch.look()
        if answer.status_code >= 400:
            assert now == watch.seen, endpoint
        watch.seen = now
        return answer.status_code

    return send


SOURCES = st.ip_addresses(v=4).map(str)


def test_the_good_bodies_are_good(knock: Callable[[str, bytes, str], int]) -> None:
    """Otherwise the fuzz would only ever see the first refusal."""
    answers = {
        endpoint: knock(endpoint, good(endpoint), "192.0.2.1")
        for endpoint in [*JSON_ENDPOINTS, *FORM_ENDPOINTS]
    }
    assert set(answers.values()) == {200}, answers


@given(endpoint=ALL_ENDPOINTS, source=SOURCES, data=st.data())
@EXAMPLES
def test_damaged_bytes_are_refused_or_understood_and_leave_no_trace_of_a_refusal(
    knock: Callable[[str, bytes, str], int], endpoint: str, source: str, data: st.DataObject
) -> None:
    damaged = bytearray(good(endpoint))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged)))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))

    knock(endpoint, bytes(damaged), source)


@given(endpoint=ALL_ENDPOINTS, source=SOURCES, data=st.data())
@EXAMPLES
def test_well_shaped_nonsense_is_refused_or_understood_and_leaves_no_trace_of_a_refusal(
    knock: Callable[[str, bytes, str], int], endpoint: str, source: str, data: st.DataObject
) -> None:
    shaped = (
        shaped_json(JSON_ENDPOINTS[endpoint])
        if endpoint in JSON_ENDPOINTS
        else shaped_form(FORM_ENDPOINTS[endpoint])
    )

    knock(endpoint, data.draw(shaped), source)


def _served_address(rule: str) -> str:
    kind = rule.removeprefix("/payments/daraja/<key>/").partition("/")[0]
    rule = re.sub("<int[^>]*>", "1", rule.replace("<key>", KEY))
    return re.sub("<string[^>]*>", Proofs(PROOF_SECRET).of(kind, 1), rule)


def test_every_post_endpoint_of_the_web_process_is_fuzzed(web: Web) -> None:
    """An endpoint that is added has to be added here."""
    beside_ussd = inspect.getclosurevars(cast(Any, web.client.application).serve).nonlocals["rest"]
    rules = beside_ussd.__self__.url_map.iter_rules()
    endpoints = {
        _served_address(rule.rule)
        for rule in rules
        if "POST" in rule.methods and "<key>" in rule.rule
    }
    assert endpoints == {
        endpoint
        for endpoint in [*JSON_ENDPOINTS, *FORM_ENDPOINTS]
        if not endpoint.startswith("/ussd/")
    }
