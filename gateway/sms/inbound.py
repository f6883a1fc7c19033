"""Incoming SMS from Africa's Talking.

It repeats an SMS every minute until it is answered 200, so the SMS is stored once, under its id,
before that. Its `date` has two forms, one without a zone: our own clock is used instead.
"""

from __future__ import annotations

from core.msisdn import parse_msisdn
from core.unit import OpenUnit
from core.usecases.messages.inbound import InboundText
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.limits import SerialGuesses
from gateway.parsing import read_form, text_field
from gateway.sms.answers import answer_text

_PROVIDER = "africastalking"
_MESSAGE_ID = r"[A-Za-z0-9_.:-]{1,100}"
_BODY = r".{1,1600}"


def inbound_route(open_unit: OpenUnit, guesses: SerialGuesses) -> CallbackRoute[InboundText | None]:
    """The route for incoming texts. What no phone sent is taken and dropped: refused, it would come
    again every minute."""

    def handle(text: InboundText | None) -> CallbackResult:
        if text is None:
            return CallbackResult("dropped")
        with open_unit() as unit:
            is_new = answer_text(unit, text, guesses)
        return CallbackResult("stored" if is_new else "known")

    return CallbackRoute("/sms/africastalking/<key>/inbound", "sms_inbound", read_text, handle)


def read_text(body: bytes) -> InboundText | None:
    """Read an SMS from a form body; None where its sender is a name, a short code or no mobile
    number. Raises BadCallback."""
    form = read_form(body)
    sender = text_field(form, "from", r".{1,40}")
    try:
        msisdn = parse_msisdn(sender, "ZZ")
    except ValueError:
        return None
    return InboundText(
        _PROVIDER,
        text_field(form, "id", _MESSAGE_ID),
        msisdn,
        text_field(form, "text", _BODY, default=""),
    )
