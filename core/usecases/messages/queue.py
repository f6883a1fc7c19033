"""Queue an SMS: a row with the text in the recipient's language, once per dedupe key."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

from core.db.messages import insert_sms, texts_since
from core.gsm7 import segments
from core.unit import Unit
from core.wording.message import BoundMessage, Message
from core.wording.product import render


class Reachable(Protocol):
    """A recipient: a customer, an agent or a payer, with a language and perhaps a number."""

    @property
    def msisdn(self) -> str | None:
        """The number in E.164; None when it is not known."""

    @property
    def language(self) -> str:
        """The language of the recipient."""


def send_sms_to(
    unit: Unit,
    whom: Reachable | None,
    bound: BoundMessage,
    dedupe_key: str,
    *,
    payment_id: int | None = None,
    token_id: int | None = None,
) -> None:
    """Queue an SMS to a recipient, if their number is known."""
    if whom is None or whom.msisdn is None:
        return
    queue_sms(
        unit,
        bound,
        msisdn=whom.msisdn,
        language=whom.language,
        dedupe_key=dedupe_key,
        payment_id=payment_id,
        token_id=token_id,
    )


def queue_sms(
    unit: Unit,
    bound: BoundMessage,
    *,
    msisdn: str,
    language: str,
    dedupe_key: str,
    payment_id: int | None = None,
    token_id: int | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Queue an SMS. A second one with the same `dedupe_key` does nothing.

    It is not sent after `expires_at`.
    """
    row = text_content(bound, language) | {
        "dedupe_key": dedupe_key,
        "msisdn": msisdn,
        "payment_id": payment_id,
        "token_id": token_id,
        "created_at": unit.now,
        "next_attempt_at": unit.now,
        "expires_at": expires_at,
    }
    if insert_sms(unit.connection, row):
        unit.wakes.add("sms")


def text_content(bound: BoundMessage, language: str) -> dict[str, object]:
    """Return the columns of an `sms` row that depend on the message: kind, body, segments."""
    body = render(bound, language)
    return {
        "kind": kind_of_text(bound.message),
        "body": body,
        "segments": len(segments(body)),
    }


def times_texted_lately(unit: Unit, msisdn: str, *messages: Message[Any]) -> int:
    """Return how many SMS of these kinds were queued to this number in the last hour."""
    kinds = [kind_of_text(message) for message in messages]
    return texts_since(unit.connection, msisdn, kinds, unit.now - timedelta(hours=1))


def kind_of_text(message: Message[Any]) -> str:
    """Return the `kind` under which SMS of this message are stored."""
    return message.key.removeprefix("sms.")
