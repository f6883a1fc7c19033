"""Africa's Talking's delivery reports: what became of a text after we handed it over.

Reports come late, twice, in any order and before our own call has returned; which statuses exist is
not ours to say, so unknown ones are kept as told.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.unit import OpenUnit
from core.usecases.messages.send import record_delivery
from gateway.callbacks import CallbackResult, CallbackRoute, read_form, text_field

_MESSAGE_ID = r"[A-Za-z0-9_.:-]{1,100}"
_WORD = r"[ -~]{1,64}"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`message_id` is the provider's, `reason` only where it failed."""

    message_id: str
    status: str
    reason: str | None


def delivery_route(open_unit: OpenUnit) -> CallbackRoute[DeliveryReport]:
    """The route for delivery reports."""

    def handle(report: DeliveryReport) -> CallbackResult:
        with open_unit() as unit:
            record_delivery(unit, report.message_id, report.status, report.reason)
        return CallbackResult("noted")

    return CallbackRoute("/sms/africastalking/<key>/delivery", "sms_delivery", read_report, handle)


def read_report(body: bytes) -> DeliveryReport:
    """The report in a form body. Raises BadCallback."""
    form = read_form(body)
    return DeliveryReport(
        text_field(form, "id", _MESSAGE_ID),
        text_field(form, "status", _WORD),
        text_field(form, "failureReason", _WORD, default="") or None,
    )
