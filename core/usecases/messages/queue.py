"""Queue an SMS: the message becomes a row, in the language of the recipient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.db.messages import insert_sms, texts_since
from core.gsm7 import segments
from core.unit import Unit
from core.wording.message import BoundMessage, Message
from core.wording.product import render


class Reachable(Protocol):
    """A customer, an agent or a payer: perhaps with a number, certainly with a language."""

    @property
    def msisdn(self) -> str | None:
        """Where to text them; None: nowhere."""

    @property
    def language(self) -> str:
        """What to text them in."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone number, and the language to write to it in."""

    msisdn: str
    language: str


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
    """What of a row of `sms` is decided by what is said."""
    body = render(bound, language)
    return {
        "kind": kind_of_text(bound.message),
        "body": body,
        "segments": len(segments(body)),
    }


def times_texted_lately(unit: Unit, msisdn: str, *messages: Message[Any]) -> int:
    """How many texts of these kinds this number was written within the last hour."""
    kinds = [kind_of_text(message) for message in messages]
    return texts_since(unit.connection, msisdn, kinds, unit.now - timedelta(hours=1))


def kind_of_text(message: Message[Any]) -> str:
    """The kind under which texts of this message are stored."""
    return message.key.removeprefix("sms.")
