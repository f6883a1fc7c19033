"""Queue a text: what is to be said becomes a row, in the person's language, once per dedupe_key."""

from __future__ import annotations

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


def send_sms_to(
    unit: Unit,
    whom: Reachable | None,
    bound: BoundMessage,
    dedupe_key: str,
    *,
    payment_id: int | None = None,
    token_id: int | None = None,
) -> None:
    """Queue one text to somebody, if there is a number to reach them at."""
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
    """Queue one text. `dedupe_key` is its dedupe key: the same one again does nothing.

    After `expires_at` it is not sent any more.
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
    insert_sms(unit.connection, row)


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
