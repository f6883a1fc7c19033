"""Queue an SMS: a row with the text in the recipient's language, once per dedupe key."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone number (E.164) and a language."""

    msisdn: str
    language: str


def new_key() -> str:
    """A part of a dedupe key that is used once: for an SMS that nothing but its recipient tells
    from another. No dedupe key holds a number."""
    return secrets.token_hex(8)


def send_sms_to(
    unit: Unit,
    recipient: Reachable | None,
    message: BoundMessage,
    dedupe_key: str,
    *,
    payment_id: int | None = None,
    token_id: int | None = None,
) -> None:
    """Queue an SMS to the recipient, if there is a number. The same dedupe key again does nothing.

    `payment_id` and `token_id`: what it is about.
    """
    _queue(unit, recipient, message, dedupe_key, payment_id=payment_id, token_id=token_id)


def send_sms_until(
    unit: Unit, recipient: Reachable, message: BoundMessage, dedupe_key: str, expires_at: datetime
) -> None:
    """Queue an SMS that is not sent any more after `expires_at`."""
    _queue(unit, recipient, message, dedupe_key, expires_at=expires_at)


def _queue(
    unit: Unit,
    recipient: Reachable | None,
    message: BoundMessage,
    dedupe_key: str,
    **columns: object,
) -> None:
    if recipient is None or recipient.msisdn is None:
        return
    row = {"payment_id": None, "token_id": None, "expires_at": None} | columns
    row |= text_content(message, recipient.language) | {
        "dedupe_key": dedupe_key,
        "msisdn": recipient.msisdn,
        "created_at": unit.now,
        "next_attempt_at": unit.now,
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
