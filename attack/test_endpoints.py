"""Endpoints from outside: the keys of others, endpoints not set up, addresses that lie."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attack.deployment import Deployment
from tests.gateway.payments.bodies import c2b

SAFARICOM = "196.201.214.200"
_KEYS = (
    *("DARAJA_ENDPOINT_KEY", "MTN_ENDPOINT_KEY", "AIRTEL_ENDPOINT_KEY", "PAWAPAY_ENDPOINT_KEY"),
    *("USSD_AFRICASTALKING_ENDPOINT_KEY", "SMS_AFRICASTALKING_ENDPOINT_KEY"),
)
_DIALLED = {
    "sessionId": "ATUid_endpoints",
    "phoneNumber": "+254711000001",
    "serviceCode": "*384*96#",
    "networkCode": "63902",
    "text": "",
}


def confirm(deployment: Deployment, key: str, receipt: str, **headers: str) -> int:
    """The status of a confirmation with that key."""
    body = json.dumps(c2b(TransID=receipt, BillRefNumber="37000100018", TransAmount="10.00"))
    path = f"/payments/daraja/{key}/confirmation"
    return deployment.ask("POST", path, body.encode(), headers).status


def booked(deployment: Deployment, receipt: str) -> bool:
    return bool(deployment.rows("SELECT 1 FROM payments WHERE receipt = %s", receipt))


def key_of(deployment: Deployment, setting: str) -> str:
    return deployment.settings[setting].partition(",")[0]


def test_a_forged_confirmation_with_another_providers_key_is_not_found(
    deployment: Deployment,
) -> None:
    own = key_of(deployment, "DARAJA_ENDPOINT_KEY")
    for number, setting in enumerate(_KEYS):
        key, receipt = key_of(deployment, setting), f"FORGED{number}"
        is_own = key == own
        assert confirm(deployment, key, receipt) == (200 if is_own else 404), setting
        assert booked(deployment, receipt) is is_own, setting
    assert len({key_of(deployment, setting) for setting in _KEYS}) == len(_KEYS)


@pytest.mark.parametrize("name", ["hubtel", "arkesel", "beem", "airtel"])
def test_an_aggregator_that_was_not_set_up_has_no_endpoint(
    deployment: Deployment, name: str
) -> None:
    for key in ("demo", *(key_of(deployment, setting) for setting in _KEYS)):
        path = f"/ussd/{name}/{key}"
        turn = json.dumps({"Mobile": "254711000111", "SessionId": "h1", "Type": "Initiation"})
        assert deployment.ask("POST", path, turn.encode()).status == 404
        query = "?SessionID=1&MSISDN=254711000111&input=384*96"
        assert deployment.get(path + query).status == 404


def test_two_slashes_are_not_redirected_before_the_gate(deployment: Deployment) -> None:
    for path in ("/payments/daraja/demo//confirmation", "//payments/daraja/demo/confirmation"):
        answer = deployment.post(path, {})
        assert (answer.status, answer.text) == (404, "not found\n")


def test_any_word_of_an_ended_session_makes_no_series(deployment: Deployment) -> None:
    before = len(deployment.get("/metrics").text.splitlines())
    for number in range(40):
        word = "".join(chr(97 + int(digit)) for digit in f"{number:03d}")
        ended = _DIALLED | {"sessionId": f"ATUid_{number}", "status": f"Status{word}"}
        assert deployment.post("/ussd/africastalking/demo/events", ended).status == 200
    assert len(deployment.get("/metrics").text.splitlines()) < before + 10


def test_readiness_and_figures_are_for_this_host(deployment: Deployment) -> None:
    for path in ("/readyz", "/metrics"):
        assert deployment.get(path).status in (200, 503)
        passed_on = {"X-Forwarded-For": "6.6.6.6"}
        assert deployment.get(path, **passed_on).status == 403
    assert deployment.get("/healthz", **{"X-Forwarded-For": "6.6.6.6"}).status == 200


@pytest.fixture(scope="module")
def listed(deployment: Deployment) -> Iterator[Deployment]:
    """Safaricom's callbacks only from its network, texts from none of ours, this host a proxy."""
    deployment.start(
        "web",
        TRUSTED_PROXIES="127.0.0.1",
        DARAJA_ALLOWED_IPS="196.201.214.0/24",
        SMS_AFRICASTALKING_ALLOWED_IPS="192.0.2.0/24",
    )
    yield deployment
    deployment.start("web")


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ({"X-Forwarded-For": SAFARICOM}, 200),
        ({"X-Forwarded-For": f"{SAFARICOM}:41022"}, 200),
        ({"X-Forwarded-For": f"::ffff:{SAFARICOM}"}, 200),
        ({"X-Forwarded-For": f"{SAFARICOM}, 6.6.6.6"}, 403),
        ({"X-Forwarded-For": "6.6.6.6"}, 403),
        ({"X-Forwarded-For": "6.6.6.6", "X_Forwarded_For": SAFARICOM}, 400),
        ({"X_Forwarded_For": SAFARICOM, "X-Forwarded-For": "6.6.6.6"}, 400),
        ({"X_Forwarded_For": SAFARICOM}, 403),
        ({"X-Forwarded_For": SAFARICOM, "X-Forwarded-For": "6.6.6.6"}, 400),
        ({}, 403),
    ],
)
def test_the_address_list_is_not_walked_around(
    listed: Deployment, forwarded: dict[str, str], status: int
) -> None:
    receipt = f"LIST{abs(hash(tuple(forwarded.items()))) % 10**9}"
    assert confirm(listed, "demo", receipt, **forwarded) == status
    assert booked(listed, receipt) is (status == 200)


def test_texts_have_a_list_too(listed: Deployment) -> None:
    for address, status in (("192.0.2.7", 200), ("6.6.6.6", 403)):
        report = {"id": "ATXid_none", "status": "Success"}
        forwarded = {"X-Forwarded-For": address}
        answer = listed.post("/sms/africastalking/demo/delivery", report, **forwarded)
        assert answer.status == status


def test_who_is_no_proxy_is_not_believed(deployment: Deployment) -> None:
    deployment.start("web", TRUSTED_PROXIES="192.0.2.1", DARAJA_ALLOWED_IPS="196.201.214.0/24")
    forged = confirm(deployment, "demo", "NOPROXY", **{"X-Forwarded-For": SAFARICOM})
    deployment.start("web")
    assert (forged, booked(deployment, "NOPROXY")) == (403, False)


def test_it_listens_on_this_host_only(deployment: Deployment) -> None:
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {local for _, local, _, state, *_ in sockets if state == "0A"}
    port = f"{deployment.port:04X}"
    assert {local for local in listening if local.endswith(f":{port}")} == {f"0100007F:{port}"}


def test_a_second_gateway_on_the_port_is_refused_by_name(deployment: Deployment) -> None:
    second = deployment.dialwatt("web")
    assert second.returncode == 1
    (line,) = second.stderr.strip().splitlines()
    assert str(deployment.port) in line
    names = {deployment.get("/healthz").headers["x-dialwatt-instance"] for _ in range(20)}
    assert len(names) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"CALLBACK_KEY": "k3y", "DARAJA_ENDPOINT_KEY": ""},
        {"TRUSTED_PROXY_HOPS": "1"},
        {"DARAJA_ENDPOINT_KEY": "demo"},
        {"USSD_AGGREGATORS": ""},
    ],
)
def test_a_setting_that_opens_too_much_stops_the_start(
    deployment: Deployment, changed: dict[str, str]
) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "operations.cli", "web"],
        env={"PATH": ""} | deployment.of_web() | changed | {"PORT": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert next(iter(changed)) in refused.stderr
    assert "Traceback" not in refused.stderr
