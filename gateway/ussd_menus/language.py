"""Choose the language of screens and SMS."""

from __future__ import annotations

from core.usecases.customers.caller import choose_language
from core.wording.message import Message
from core.wording.messages import languages as messages
from gateway.ussd_menus.effect import CALLER, do
from gateway.ussd_menus.options import Option, option
from gateway.ussd_menus.screen import HOME
from gateway.ussd_menus.screens import Choice


def _language_option(label: Message[[]], code: str) -> Option:
    return option(
        label,
        do=do(choose_language, msisdn=CALLER, language=code),
        to=HOME,
        when=lambda turn: code in turn.unit.market.languages,
    )


which = Choice(
    "language.which",
    messages.which,
    options=[
        _language_option(messages.english, "en"),
        _language_option(messages.swahili, "sw"),
        _language_option(messages.french, "fr"),
    ],
)
