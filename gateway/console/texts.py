"""Texts: one of them sent again, as it was."""

from __future__ import annotations

from flask import Blueprint, abort

from core.db.console_texts import find_text
from core.unit import Unit
from core.usecases.resend_text import resend_text
from gateway.console.forms import Done, Form, Values, form_page, nothing_else
from gateway.console.showing import instant, words

pages = Blueprint("texts", __name__)


def _about(unit: Unit, text_id: int) -> list[tuple[str, str]]:
    text = find_text(unit.connection, text_id) or abort(404)
    return [
        ("To", text.msisdn),
        ("Kind", words(text.kind)),
        ("Written", instant(text.created_at, unit.market)),
        ("State", words(text.state)),
    ]


def _resend(unit: Unit, who: str, values: Values, text_id: int) -> Done:
    text = find_text(unit.connection, text_id) or abort(404)
    resend_text(unit, text_id, who)
    told = f"The same text goes to {text.msisdn} once more."
    if text.payment_id is None:
        return Done(told, "today.today", rings=("texts",))
    return Done(told, "payments.payment", {"payment_id": text.payment_id}, ("texts",))


form_page(
    pages,
    "/texts/<int:text_id>/resend",
    "resend",
    "resend_text",
    Form("Send a text again", nothing_else, _resend, button="Send again", about=_about),
)
