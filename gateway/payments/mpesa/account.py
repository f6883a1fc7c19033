"""Operations of Daraja on our own account: reversal, status, balance, and the list of payments.

Workers only. Daraja answers reversal, status and balance twice: at once that it took the request,
and later, in a callback, with the result. It answers the list (pull transactions) at once, for up
to 48 hours back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.errors import BadCallback, OutcomeUnknown, Permanent, Temporary
from core.movement import Movement, UnreadRow
from core.refund import Refund
from gateway.payments.mpesa.client import DarajaClient, Reply, failure
from gateway.payments.mpesa.parse import EAT
from gateway.payments.mpesa.statement import read_pulled_rows

_PROVIDER = "daraja"
_SHORTCODE_KIND = "4"
_REVERSAL_RECEIVER = "11"
_PULLED, _NOTHING_PULLED = "1000", "1001"
_MOST_PAGES = 200


def request_reversal(client: DarajaClient, refund: Refund) -> None:
    """Ask Daraja to send the whole payment back; the result comes in a callback.

    Raises Temporary, Permanent, OutcomeUnknown. Asking again is safe: a receipt is reversed once.
    """
    shillings, cents = divmod(refund.amount_minor, 100)
    if cents:
        raise Permanent(_PROVIDER, "cannot_ask", "whole shillings only")
    body = _initiated(client, "TransactionReversal", "reversal", refund.id) | {
        "TransactionID": refund.receipt,
        "Amount": shillings,
        "ReceiverParty": client.settings.shortcode,
        "RecieverIdentifierType": _REVERSAL_RECEIVER,  # spelt like this by Daraja
        "Remarks": "Refund",
        "Occasion": refund.client_reference,
    }
    _check_taken(client.ask("/mpesa/reversal/v1/request", body))


def request_status(client: DarajaClient, prompt_id: int, checkout_reference: str) -> None:
    """Ask Daraja for the payment of a prompt; its receipt comes in a callback."""
    _ask_for_status(
        client, ("status", prompt_id), {"OriginalConversationID": checkout_reference}, "Receipt"
    )


def request_word(client: DarajaClient, payment_id: int, receipt: str) -> None:
    """Ask Daraja whether a payment was made; what it says of the receipt comes in a callback.

    Raises Temporary, Permanent, OutcomeUnknown.
    """
    _ask_for_status(client, ("word", payment_id), {"TransactionID": receipt}, "Payment")


def _ask_for_status(
    client: DarajaClient, about: tuple[str, int], named: dict[str, object], remarks: str
) -> None:
    body = (
        _initiated(client, "TransactionStatusQuery", *about)
        | named
        | {
            "PartyA": client.settings.shortcode,
            "IdentifierType": _SHORTCODE_KIND,
            "Remarks": remarks,
        }
    )
    _check_taken(client.ask("/mpesa/transactionstatus/v1/query", body))


def request_balance(client: DarajaClient, asked_at: datetime) -> None:
    """Ask Daraja for the balance of the short code; it comes in a callback."""
    body = _initiated(client, "AccountBalance", "balance", int(asked_at.timestamp())) | {
        "PartyA": client.settings.shortcode,
        "IdentifierType": _SHORTCODE_KIND,
        "Remarks": "Balance",
    }
    _check_taken(client.ask("/mpesa/accountbalance/v1/query", body))


def _initiated(client: DarajaClient, command: str, kind: str, number: int) -> dict[str, object]:
    """The fields that identify the initiator, who may move the account's money, and the addresses
    of the result: only Daraja is told them, so a result that comes there is Daraja's."""
    settings = client.settings
    if not settings.initiator or not settings.security_credential:
        raise Permanent(_PROVIDER, "no_initiator", "DARAJA_INITIATOR is not set")
    root = settings.callback_url.removesuffix("/stk")
    address = f"{root}/{kind}/{number}/{settings.proofs.of(kind, number)}"
    return {
        "Initiator": settings.initiator,
        "SecurityCredential": settings.security_credential,
        "CommandID": command,
        "ResultURL": address,
        "QueueTimeOutURL": f"{address}/timeout",
    }


def _check_taken(reply: Reply) -> None:
    if reply.status != 200 or str(reply.body.get("ResponseCode")) != "0":
        raise failure(reply)


def pull_movements(
    client: DarajaClient, begin: datetime, end: datetime
) -> tuple[list[Movement], list[UnreadRow]]:
    """Return every payment to our short code between two instants of the last 48 hours, and the
    rows that cannot be understood.

    Raises Temporary when a page of the list cannot be had, BadCallback when one is no list.
    """
    rows: list[Any] = []
    for _ in range(_MOST_PAGES):
        page = _page(client, begin, end, len(rows))
        if not page:
            return read_pulled_rows(rows, end)
        rows += page
    raise Temporary(_PROVIDER, "endless", f"more than {len(rows)} rows")


def _page(client: DarajaClient, begin: datetime, end: datetime, offset: int) -> list[Any]:
    body: dict[str, object] = {
        "ShortCode": client.settings.shortcode,
        "StartDate": _stamp(begin),
        "EndDate": _stamp(end),
        "OffSetValue": str(offset),
    }
    try:
        reply = client.ask("/pulltransactions/v1/query", body)
    except OutcomeUnknown as lost:
        raise Temporary(_PROVIDER, lost.code) from lost
    code = str(reply.body.get("ResponseCode", ""))
    if reply.status != 200 or code not in (_PULLED, _NOTHING_PULLED):
        raise Temporary(_PROVIDER, reply.error_code or code or f"http_{reply.status}")
    listed = reply.body.get("Response")
    rows = listed[0] if isinstance(listed, list) and listed else []
    if not isinstance(rows, list):
        raise BadCallback("Response is not a list of rows in a list")
    return rows


def _stamp(instant: datetime) -> str:
    return instant.astimezone(EAT).strftime("%Y-%m-%d %H:%M:%S")
