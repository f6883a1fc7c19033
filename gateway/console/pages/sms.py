"""Texts: what became of each, one sent again as it was, and how long every wording can get."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from core.db.console.messages import SMS, find_sms
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

blueprint = Blueprint("texts", __name__)


def _kinds(unit: Unit) -> Sequence[tuple[str, str]]:
    kinds = {kind_of_text(length.message) for length in sms_lengths(LANGUAGES[0])}
    return [(kind, label(kind)) for kind in sorted(kinds)]


list_page(
    blueprint,
    "/texts/",
    "texts",
    Listing(
        "Texts",
        SMS,
        columns=(
            Column("Written", "created_at", INSTANT, "texts.resend", "text_id"),
            Column("To", "msisdn"),
            Column("About", "kind", LABEL),
            Column("Payment", "receipt", MONOSPACE, "payments.payment", "payment_id", "payment_id"),
            Column("Parts", "segments", COUNT),
            Column("State", "state", STATE),
            Column("Sent", "sent_at", INSTANT),
            Column("Tries", "attempts", COUNT),
            Column("The provider said", "status"),
            Column("Cost", "cost"),
        ),
        filters=(
            msisdn_filter(),
            state_filter("waiting", "sending", "sent", "delivered", "failed", "unknown"),
            choice_filter("kind", "About", _kinds),
            *period_filters(),
        ),
        buttons=(("How long texts can get", "texts.wordings"),),
        intro="What texts said is not shown: there may be a code in it. Open one to send it again.",
    ),
)


@page(blueprint, "/texts/wordings", "view")
def wordings() -> ResponseReturnValue:
    """Every text at its widest, in the language asked for, else in the market's first."""
    translations = product_wording().translations
    with console().read_only_unit() as unit:
        code = request.args.get("language", unit.market.languages[0])
        return render_template(
            "wordings.html",
            unit=unit,
            language=translations.get(code) or abort(404),
            languages=[translations[language] for language in LANGUAGES],
            lengths=sms_lengths(code),
        )


def _summary(unit: Unit, text_id: int) -> list[tuple[str, str]]:
    text = find_sms(unit.connection, text_id) or abort(404)
    return [
        ("To", text.msisdn),
        ("Kind", label(text.kind)),
        ("Written", instant(text.created_at, unit.market)),
        ("State", label(text.state)),
    ]


def _resend(unit: Unit, operator: str, values: Values, text_id: int) -> Done:
    text = find_sms(unit.connection, text_id) or abort(404)
    resend_text(unit, text_id, operator)
    message = f"The same text goes to {text.msisdn} once more."
    if text.payment_id is None:
        return Done(message, "texts.texts", rings=("texts",))
    return Done(message, "payments.payment", {"payment_id": text.payment_id}, ("texts",))


form_page(
    blueprint,
    "/texts/<int:text_id>/resend",
    "resend",
    "resend_sms",
    Form("Send a text again", no_fields, _resend, button="Send again", summary=_summary),
)
