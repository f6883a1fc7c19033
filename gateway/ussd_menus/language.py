"""Choose the language of screens and texts."""

from __future__ import annotations

from core.usecases.choose_language import choose_language
from core.wording.message import Message
from core.wording.messages import languages as say
from gateway.ussd_menus.options import CALLER, HOME, Option, do, option
from gateway.ussd_menus.screens import Choice


def _language(label: Message[[]], code: str) -> Option:
    return option(
        label,
        do=do(choose_language, msisdn=CALLER, language=code),
        to=HOME,
        when=lambda turn: code in turn.unit.market.languages,
    )


which = Choice(
    "language.which",
    say.which,
    options=[
        _language(say.english, "en"),
        _language(say.swahili, "sw"),
        _language(say.french, "fr"),
    ],
)
