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
from gateway.console.desk import desk
from gateway.console.forms import Done, Form, Values, form_page, nothing_else
from gateway.console.gate import page
from gateway.console.listing import (
    Column,
    Listing,
    by_number,
    choice,
    days,
    list_page,
    states,
)
from gateway.console.showing import CODE, COUNT, INSTANT, STATE, WORDS, instant, words

pages = Blueprint("texts", __name__)


def _kinds(unit: Unit) -> Sequence[tuple[str, str]]:
    kinds = {kind_of_text(length.message) for length in sms_lengths(LANGUAGES[0])}
    return [(kind, words(kind)) for kind in sorted(kinds)]


list_page(
    pages,
    "/texts/",
    "texts",
    Listing(
        "Texts",
        SMS,
        columns=(
            Column("Written", "created_at", INSTANT, "texts.resend", "text_id"),
            Column("To", "msisdn"),
            Column("About", "kind", WORDS),
            Column("Payment", "receipt", CODE, "payments.payment", "payment_id", "payment_id"),
            Column("Parts", "segments", COUNT),
            Column("State", "state", STATE),
            Column("Sent", "sent_at", INSTANT),
            Column("Tries", "attempts", COUNT),
            Column("The provider said", "status"),
            Column("Cost", "cost"),
        ),
        filters=(
            by_number(),
            states("waiting", "sending", "sent", "delivered", "failed", "unknown"),
            choice("kind", "About", _kinds),
            *days(),
        ),
        buttons=(("How long texts can get", "texts.wordings"),),
        intro="What texts said is not shown: there may be a code in it. Open one to send it again.",
    ),
)


@page(pages, "/texts/wordings", "see")
def wordings() -> ResponseReturnValue:
    """Every text at its widest, in the language asked for, else in the market's first."""
    translations = product_wording().translations
    with desk().reading() as unit:
        code = request.args.get("language", unit.market.languages[0])
        return render_template(
            "wordings.html",
            unit=unit,
            language=translations.get(code) or abort(404),
            languages=[translations[language] for language in LANGUAGES],
            lengths=sms_lengths(code),
        )


def _about(unit: Unit, text_id: int) -> list[tuple[str, str]]:
    text = find_sms(unit.connection, text_id) or abort(404)
    return [
        ("To", text.msisdn),
        ("Kind", words(text.kind)),
        ("Written", instant(text.created_at, unit.market)),
        ("State", words(text.state)),
    ]


def _resend(unit: Unit, operator: str, values: Values, text_id: int) -> Done:
    text = find_sms(unit.connection, text_id) or abort(404)
    resend_text(unit, text_id, operator)
    told = f"The same text goes to {text.msisdn} once more."
    if text.payment_id is None:
        return Done(told, "texts.texts", rings=("sms",))
    return Done(told, "payments.payment", {"payment_id": text.payment_id}, ("sms",))


form_page(
    pages,
    "/texts/<int:text_id>/resend",
    "resend",
    "resend_text",
    Form("Send a text again", nothing_else, _resend, button="Send again", about=_about),
)
