"""Bodies of providers as they are on the wire, and the prompt that they are about."""

import json
from datetime import datetime
from typing import Any

from gateway.payments.mpesa.parse import EAT
from tests.gateway.conftest import AMINA

Json = dict[str, Any]
# Now, as Safaricom writes it: what is paid is told at once.
STAMP = f"{datetime.now(EAT):%Y%m%d%H%M%S}"

# The fields of a Prompt, as keywords.
PROMPT: Any = {
    "id": 1,
    "channel": "daraja",
    "network": None,
    "msisdn": AMINA,
    "account_reference": "M100",
    "customer_id": 1,
    "device_id": 1,
    "amount_minor": 500_00,
    "currency": "KES",
    "purpose": "device",
    "state": "sending",
    "checkout_reference": None,
    "payment_id": None,
    "attempts": 0,
    "created_at": None,
    "sent_at": None,
    "next_attempt_at": None,
}

C2B = {
    "TransactionType": "Pay Bill",
    "TransID": "SKE1A2B3C4",
    "TransTime": STAMP,
    "TransAmount": "500.00",
    "BusinessShortCode": "600123",
    "BillRefNumber": "m-100",
    "InvoiceNumber": "",
    "OrgAccountBalance": "41880264.80",
    "ThirdPartyTransID": "",
    "MSISDN": "2547 ***** 126",
    "FirstName": "JOHN",
    "MiddleName": "",
    "LastName": "",
}

# Numbers written as Safaricom writes them, which a dict in Python could not keep.
STK_PAID = """{"Body": {"stkCallback": {
  "MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": "ws_CO_31012026174205",
  "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
  "CallbackMetadata": {"Item": [
    {"Name": "Amount", "Value": 500.00}, {"Name": "MpesaReceiptNumber", "Value": "SKE1A2B3C4"},
    {"Name": "Balance"}, {"Name": "TransactionDate", "Value": TIME},
    {"Name": "PhoneNumber", "Value": 254711000001}]}}}}""".replace("TIME", STAMP)

CHECKOUT = "ws_CO_31012026174205"


def c2b(**changed: Any) -> dict[str, Any]:
    return C2B | changed


def stk_ended(code: object, checkout: str = CHECKOUT) -> dict[str, Any]:
    result = {
        "MerchantRequestID": "29115-34620561-1",
        "CheckoutRequestID": checkout,
        "ResultCode": code,
        "ResultDesc": "Request cancelled by user.",
    }
    return {"Body": {"stkCallback": result}}


def pawapay_deposit(reference: str, *, paid: bool, amount: str, currency: str = "UGX") -> Json:
    """A callback about a deposit, version 2 of the API."""
    deposit = {
        "depositId": reference,
        "status": "COMPLETED" if paid else "FAILED",
        "amount": amount,
        "currency": currency,
        "country": "UGA",
        "payer": {
            "type": "MMO",
            "accountDetails": {"phoneNumber": "256752000001", "provider": "AIRTEL_OAPI_UGA"},
        },
        "customerMessage": "Energy M100",
        "created": "2026-11-24T07:38:56Z",
    }
    if paid:
        return deposit | {"providerTransactionId": "FORGED"}
    reason = {"failureCode": "PAYMENT_NOT_APPROVED", "failureMessage": "Not approved"}
    return deposit | {"failureReason": reason}


def stk_paid(receipt: str = "SKE1A2B3C4", amount: str = "500.00") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(STK_PAID)
    items = document["Body"]["stkCallback"]["CallbackMetadata"]["Item"]
    items[0]["Value"], items[1]["Value"] = amount, receipt
    return document


def result(code: Any, **parameters: Any) -> Json:
    """Daraja's result of a reversal, a status or a balance query."""
    listed = [{"Key": key, "Value": value} for key, value in parameters.items()]
    body: Json = {"ResultType": 0, "ResultCode": code, "ResultDesc": "told"}
    if listed:
        body["ResultParameters"] = {"ResultParameter": [*listed, {"Key": "Charge"}]}
    return {"Result": body}
