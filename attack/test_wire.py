"""Requests that are no good HTTP, bodies that are no good callbacks: each is answered with a 4xx at
once, and the gateway goes on."""

from __future__ import annotations

import socket

import pytest

from attack.deployment import Deployment

CONFIRMATION = "/payments/daraja/demo/confirmation"

_RAW = {
    "two lengths": "Content-Length: 2\r\nContent-Length: 7\r\n\r\n{}",
    "length and chunks": "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "blank before colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "5000 digits": f"Content-Length: {'9' * 5000}\r\n\r\n{{}}",
    "negative": "Content-Length: -1\r\n\r\n{}",
    "1000 headers": "".join(f"X-{n}: 1\r\n" for n in range(1000)) + "\r\n",
}
_BODIES = {
    "deep": b"[" * 60_000,
    "no JSON": b"\x00\xff\xfe",
    "surrogate": b'{"TransID":"\\ud800"}',
    "other type": b'{"TransID":1,"TransAmount":[],"BusinessShortCode":{}}',
    "not a number": b'{"TransID":"A1","TransAmount":NaN}',
    "infinite": b'{"TransID":"A1","TransAmount":1e308}',
    "UTF-16": '{"TransID":"A1"}'.encode("utf-16"),
}


@pytest.mark.parametrize("case", _RAW)
def test_bad_http_is_refused(deployment: Deployment, case: str) -> None:
    with socket.create_connection(("127.0.0.1", deployment.port), timeout=10) as connection:
        head = f"POST {CONFIRMATION} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        connection.sendall((head + _RAW[case]).encode())
        status = connection.recv(4096).split(b" ")[1:2]
    assert status in ([b"400"], [b"413"], [b"431"])
    assert deployment.get("/healthz").status == 200


@pytest.mark.parametrize("case", _BODIES)
def test_a_body_that_is_no_confirmation_is_refused_with_a_line(
    deployment: Deployment, case: str
) -> None:
    answer = deployment.ask("POST", CONFIRMATION, _BODIES[case])
    assert answer.status == 400
    assert answer.text.strip()
    assert "Traceback" not in answer.text


def test_200_megabytes_are_refused_before_they_are_read(deployment: Deployment) -> None:
    with socket.create_connection(("127.0.0.1", deployment.port), timeout=10) as connection:
        head = f"POST {CONFIRMATION} HTTP/1.1\r\nHost: x\r\nContent-Length: {200 << 20}\r\n\r\n"
        connection.sendall(head.encode() + b"{" * 65536)
        assert connection.recv(4096).split(b" ")[1] == b"413"


@pytest.mark.parametrize(
    "path",
    [
        *("/phone/", "/static/../gateway/app.py", "/static/%2e%2e/app.py", "//phone"),
        *("/payments/daraja/DEMO/confirmation", "/payments/daraja/demo%00/confirmation"),
    ],
)
def test_what_is_not_served_is_not_found(deployment: Deployment, path: str) -> None:
    assert deployment.get(path).status in (400, 404, 405)
    assert deployment.post(path, {}).status in (400, 404, 405)
