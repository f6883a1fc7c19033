"""Africa's Talking's delivery reports: what became of an SMS after the provider took it.

Reports come late, twice, in any order and before our own call has returned. Statuses that are not
listed here are stored and change nothing.
"""

from __future__ import annotations

from core.message import DeliveryOutcome, DeliveryReport
from core.unit import OpenUnit
from core.usecases.messages.send import record_delivery
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.parsing import read_form, text_field

_MESSAGE_ID = r"[A-Za-z0-9_.:-]{1,100}"
_WORD = r"[ -~]{1,64}"
# Final statuses, in lower case. Sent, Submitted and Buffered are not final. Source: Africa's
# Talking, delivery reports.
_OUTCOMES: dict[str, DeliveryOutcome] = {
    "success": "delivered",
    "rejected": "failed",
    "failed": "failed",
    "absentsubscriber": "failed",
    "expired": "failed",
}
# Failure reasons that no waiting cures; one is misspelt in places.
_HOPELESS = {
    "userdoesnotexist",
    "userinblacklist",
    "useraccountsuspended",
    "notnetworksubscriber",
    "notnetworksubcriber",
    "usernotsubscribedtoproduct",
    "invalidlinkid",
}


def delivery_route(open_unit: OpenUnit) -> CallbackRoute[DeliveryReport]:
    """The route for delivery reports."""

    def handle(report: DeliveryReport) -> CallbackResult:
        with open_unit() as unit:
            record_delivery(unit, report)
        return CallbackResult("noted")

    return CallbackRoute("/sms/africastalking/<key>/delivery", "sms_delivery", read_report, handle)


def read_report(body: bytes) -> DeliveryReport:
    """Read a report from a form body. Raises BadCallback."""
    form = read_form(body)
    status = text_field(form, "status", _WORD)
    reason = text_field(form, "failureReason", _WORD, default="")
    return DeliveryReport(
        text_field(form, "id", _MESSAGE_ID), status, reason or None, _outcome(status, reason)
    )


def _outcome(status: str, reason: str) -> DeliveryOutcome | None:
    outcome = _OUTCOMES.get(status.lower())
    return "hopeless" if outcome == "failed" and reason.lower() in _HOPELESS else outcome
