"""Endpoints: each has keys of its own, and only those that are set up are there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import Client

from core.errors import BadInput
from gateway.app import create_app
from gateway.endpoints import Endpoint, read_address, read_keys, weak_keys
from gateway.settings import ENDPOINTS, endpoints_set_up
from simulator.pawapay.signing import signature_headers
from tests.gateway.conftest import AMINA, PAWAPAY_SECRET, PUBLIC_URL
from tests.gateway.payments.bodies import c2b, pawapay_deposit, stk_paid
from tests.support.endpoint_settings import distinct_keys
from tests.support.scenario import Scenario

Call = Callable[[str], Any]
OLD = "an-old-key"
DARAJA = Endpoint("payments", "daraja")
DIALLED = {
    "sessionId": "ATUid_1",
    "phoneNumber": AMINA,
    "serviceCode": "*384*96#",
    "networkCode": "63902",
    "text": "",
}
ENDED = {"sessionId": "ATUid_1", "phoneNumber": AMINA, "status": "Success"}
# A good callback for every endpoint: the rest of its path, and what is posted there.
PAID: dict[str, tuple[str, dict[str, Any]]] = {
    "payments/daraja": ("/confirmation", {"json": c2b()}),
    "payments/mtn": ("", {"json": {"externalId": f"{0:036x}", "status": "FAILED"}}),
    "payments/airtel": ("", {"json": {"transaction": {"id": "a" * 32, "status_code": "TF"}}}),
    "sms/africastalking": ("/inbound", {"data": {"id": "1", "from": AMINA, "text": "BAL"}}),
    "ussd/africastalking": ("", {"data": DIALLED}),
}
KEYS = distinct_keys()


@pytest.fixture
def client(scenario: Scenario, environment: dict[str, str]) -> Iterator[Client]:
    """The web process with a key for each endpoint, and an old one at Daraja's."""
    keys = KEYS | {DARAJA.key_setting: f"{KEYS[DARAJA.key_setting]},{OLD}"}
    app = create_app(environment | keys)
    yield Client(app)
    app.close()


def post(client: Client, endpoint: str, key: str, **changed: Any) -> int:
    """The status of a good callback at an endpoint with some key."""
    rest, sent = PAID[endpoint]
    return client.post(f"/{endpoint}/{key}{rest}", **sent | changed).status_code


@pytest.mark.parametrize("endpoint", PAID)
def test_another_providers_key_finds_nothing(
    client: Client, scenario: Scenario, endpoint: str
) -> None:
    before = scenario.traces()
    for other in ENDPOINTS:
        if other.name != endpoint:
            assert post(client, endpoint, KEYS[other.key_setting]) == 404, other.name
    assert post(client, endpoint, OLD) == (200 if endpoint == DARAJA.name else 404)
    if endpoint != DARAJA.name:
        assert scenario.traces() == before


def test_a_ussd_aggregator_cannot_forge_a_payment(client: Client, scenario: Scenario) -> None:
    before = scenario.traces()
    stolen = KEYS["USSD_AFRICASTALKING_ENDPOINT_KEY"]
    for rest, body in (("confirmation", c2b()), ("stk", stk_paid()), ("stk/1", stk_paid())):
        answer = client.post(f"/payments/daraja/{stolen}/{rest}", json=body)
        assert (answer.status_code, answer.text) == (404, "not found\n")
    assert scenario.traces() == before


def test_the_new_and_the_old_key_are_both_good(client: Client) -> None:
    for key in (KEYS[DARAJA.key_setting], OLD):
        answer = client.post(f"/payments/daraja/{key}/validation", json=c2b())
        assert answer.status_code == 200
    both = f"{KEYS[DARAJA.key_setting]},{OLD}"
    assert client.post(f"/payments/daraja/{both}/validation", json=c2b()).status_code == 404


def test_a_signature_for_the_old_address_is_good_too(
    scenario: Scenario, environment: dict[str, str]
) -> None:
    app = create_app(environment | {"PAWAPAY_ENDPOINT_KEY": f"new,{OLD}"})
    body = json.dumps(pawapay_deposit(str(uuid4()), paid=True, amount="150"))
    for key, status in (("new", 200), (OLD, 200), ("other", 404)):
        path, kind = f"/payments/pawapay/{key}", "application/json"
        signed = signature_headers(PAWAPAY_SECRET, PUBLIC_URL + path, kind, body.encode())
        answer = Client(app).post(path, data=body, content_type=kind, headers=signed)
        assert answer.status_code == status, answer.text
    app.close()


def test_two_slashes_are_not_found_before_anything_is_redirected(client: Client) -> None:
    key = KEYS[DARAJA.key_setting]
    for path in (
        f"/payments/daraja/{key}//confirmation",
        f"/payments//daraja/{key}/confirmation",
        f"//payments/daraja/{key}/confirmation",
        f"/payments/daraja/{key}/confirmation/",
        f"/ussd/africastalking/{KEYS['USSD_AFRICASTALKING_ENDPOINT_KEY']}//events",
        f"//ussd/africastalking/{KEYS['USSD_AFRICASTALKING_ENDPOINT_KEY']}",
    ):
        answer = client.post("/", data=b"{}", environ_overrides={"PATH_INFO": path})
        assert (answer.status_code, answer.text.strip()) == (404, "not found"), path


def test_endpoints_follow_what_is_set_up(environment: dict[str, str]) -> None:
    for name in ("MTN_BASE_URL", "PAWAPAY_BASE_URL", "AT_USERNAME"):
        environment.pop(name)
    environment |= {"USSD_AGGREGATORS": "hubtel arkesel"}
    names = {endpoint.name for endpoint in endpoints_set_up(environment)}
    assert names == {"payments/daraja", "payments/airtel", "ussd/hubtel", "ussd/arkesel"}
    app = create_app(environment)
    statuses = {name: post(Client(app), name, "k3y") for name in PAID}
    assert {name for name, status in statuses.items() if status == 404} == PAID.keys() - names
    app.close()


@pytest.mark.parametrize(
    ("aggregators", "served"),
    [("none", set()), ("beem", {"beem"}), ("beem, hubtel", {"beem", "hubtel"})],
)
def test_the_setting_names_the_aggregators(
    environment: dict[str, str], aggregators: str, served: set[str]
) -> None:
    found = endpoints_set_up(environment | {"USSD_AGGREGATORS": aggregators})
    assert {endpoint.provider for endpoint in found if endpoint.purpose == "ussd"} == served


def test_an_aggregator_that_is_not_known_stops_the_start(environment: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="USSD_AGGREGATORS: twilio is not one of africastalking"):
        create_app(environment | {"USSD_AGGREGATORS": "twilio"})


@pytest.mark.parametrize("given", ["a,b,c", "a,", "a b", "a/b", "ké", "%64emo"])
def test_a_key_that_is_none_stops_the_start_and_is_not_shown(given: str) -> None:
    with pytest.raises(BadInput, match="DARAJA_ENDPOINT_KEY must be one key") as refused:
        read_keys({DARAJA.key_setting: given}, DARAJA)
    assert given not in str(refused.value)


def test_the_one_key_of_earlier_releases_is_refused_with_what_to_set() -> None:
    with pytest.raises(BadInput, match=r"CALLBACK_KEY is no longer read.*DARAJA_ENDPOINT_KEY=new"):
        read_keys({"CALLBACK_KEY": "k3y"}, DARAJA)
    assert read_keys({"CALLBACK_KEY": "k3y", DARAJA.key_setting: "a"}, DARAJA) == ("a",)


def test_addresses_are_given_out_with_the_key_of_now() -> None:
    settings = {"PUBLIC_URL": f"{PUBLIC_URL}/", DARAJA.key_setting: f"new,{OLD}"}
    assert read_address(settings, DARAJA) == f"{PUBLIC_URL}/payments/daraja/new"


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({}, None),
        ({"DARAJA_ENDPOINT_KEY": "demo"}, "DARAJA_ENDPOINT_KEY must have 16 characters"),
        ({"DARAJA_ENDPOINT_KEY": f"{KEYS['DARAJA_ENDPOINT_KEY']},demo"}, None),
        ({"DARAJA_ENDPOINT_KEY": "x" * 16 + "MySQL"}, "a word that Safaricom refuses"),
        ({"MTN_ENDPOINT_KEY": KEYS["DARAJA_ENDPOINT_KEY"]}, "DARAJA.* and MTN.* are the same"),
    ],
)
def test_a_weak_or_shared_key_is_told(changed: dict[str, str], complaint: str | None) -> None:
    found = "\n".join(weak_keys(KEYS | changed, ENDPOINTS))
    assert bool(found) is (complaint is not None)
    if complaint:
        assert re.search(complaint, found)
