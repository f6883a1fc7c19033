"""SMS: the list with their states, one sent again, and the maximum length of every template."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from core.db.console.sms import SMS, find_sms
from core.unit import Unit
from core.usecases.messages.queue import kind_of_text
from core.usecases.messages.send import resend_text
from core.wording.product import LANGUAGES, product_wording
from core.wording.sms_lengths import sms_lengths
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import COUNT, INSTANT, LABEL, MONOSPACE, STATE, instant, label
from gateway.console.forms import Done, Form, Values, form_page, no_fields
from gateway.console.listing import (
    Column,
    Listing,
    choice_filter,
    list_page,
    msisdn_filter,
    period_filters,
    state_filter,
)

blueprint = Blueprint("sms", __name__)


def _sms_kinds(unit: Unit) -> Sequence[tuple[str, str]]:
    kinds = {kind_of_text(length.message) for length in sms_lengths(LANGUAGES[0])}
    return [(kind, label(kind)) for kind in sorted(kinds)]


list_page(
    blueprint,
    "/sms/",
    "sms",
    Listing(
        "SMS",
        SMS,
        columns=(
            Column("Written", "created_at", INSTANT, "sms.resend", "sms_id"),
            Column("Phone number", "msisdn"),
            Column("Kind", "kind", LABEL),
            Column("Payment", "receipt", MONOSPACE, "payments.payment", "payment_id", "payment_id"),
            Column("Segments", "segments", COUNT),
            Column("State", "state", STATE),
            Column("Sent", "sent_at", INSTANT),
            Column("Attempts", "attempts", COUNT),
            Column("Provider status", "status"),
            Column("Cost", "cost"),
        ),
        filters=(
            msisdn_filter(),
            state_filter("waiting", "sending", "sent", "delivered", "failed", "unknown"),
            choice_filter("kind", "Kind", _sms_kinds),
            *period_filters(),
        ),
        buttons=(("SMS lengths", "sms.lengths"),),
        intro="The text is not shown, as it may contain a token. Open an SMS to send it again.",
    ),
)


@page(blueprint, "/sms/lengths", "view")
def lengths() -> ResponseReturnValue:
    """Show every SMS template at its longest, in one language (default: the market's first)."""
    translations = product_wording().translations
    with console().read_only_unit() as unit:
        code = request.args.get("language", unit.market.languages[0])
        return render_template(
            "sms_lengths.html",
            unit=unit,
            language=translations.get(code) or abort(404),
            languages=[translations[language] for language in LANGUAGES],
            lengths=sms_lengths(code),
        )


def _sms_summary(unit: Unit, sms_id: int) -> list[tuple[str, str]]:
    found = find_sms(unit.connection, sms_id) or abort(404)
    return [
        ("Phone number", found.msisdn),
        ("Kind", label(found.kind)),
        ("Written", instant(found.created_at, unit.market)),
        ("State", label(found.state)),
    ]


def _resend_sms(unit: Unit, operator: str, values: Values, sms_id: int) -> Done:
    found = find_sms(unit.connection, sms_id) or abort(404)
    resend_text(unit, sms_id, operator)
    message = f"The SMS is sent to {found.msisdn} again."
    if found.payment_id is None:
        return Done(message, "sms.sms")
    return Done(message, "payments.payment", {"payment_id": found.payment_id})


form_page(
    blueprint,
    "/sms/<int:sms_id>/resend",
    "resend",
    "resend_sms",
    Form("Send an SMS again", no_fields, _resend_sms, button="Send again", summary=_sms_summary),
)
