"""What a business sends to Daraja: access token, password and a valid STK push."""

import base64
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.replies import json_of

TIMESTAMP = "20261124120000"
PASSWORD = base64.b64encode(f"600123pass{TIMESTAMP}".encode()).decode()
PUSH = {
    "BusinessShortCode": "600123",
    "Password": PASSWORD,
    "Timestamp": TIMESTAMP,
    "TransactionType": "CustomerPayBillOnline",
    "Amount": "500",
    "PartyA": "254711000002",
    "PartyB": "600123",
    "PhoneNumber": "254711000002",
    "AccountReference": "SL100234",
    "TransactionDesc": "Energy",
}


def token(providers: FlaskClient) -> str:
    path = "/oauth/v1/generate?grant_type=client_credentials"
    answer = providers.get(path, auth=("consumer", "secret"))
    assert answer.status_code == 200
    return str(json_of(answer)["access_token"])


def call(providers: FlaskClient, path: str, body: dict[str, Any]) -> TestResponse:
    bearer = {"Authorization": f"Bearer {token(providers)}"}
    return providers.post(path, json=body, headers=bearer)


def push(providers: FlaskClient, callback_url: str, **changed: Any) -> TestResponse:
    body = PUSH | {"CallBackURL": callback_url} | changed
    return call(providers, "/mpesa/stkpush/v1/processrequest", body)


def query(providers: FlaskClient, checkout_id: str) -> TestResponse:
    body = {name: PUSH[name] for name in ("BusinessShortCode", "Password", "Timestamp")}
    path = "/mpesa/stkpushquery/v1/query"
    return call(providers, path, body | {"CheckoutRequestID": checkout_id})
