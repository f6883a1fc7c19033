"""Queue a text: what is to be said becomes a row, in the person's language, once per occasion."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.db.texts import insert_text, texts_since
from core.septets import segments
from core.unit import Unit
from core.wording.message import Said
from core.wording.spoken import say


def queue_text(
    unit: Unit,
    said: Said,
    *,
    msisdn: str,
    language: str,
    occasion: str,
    payment_id: int | None = None,
    token_id: int | None = None,
    expires_at: datetime | None = None,
) -> None:
    """Queue one text. `occasion` is its dedupe key: the same one again does nothing.

    After `expires_at` it is not sent any more.
    """
    row = text_content(said, language) | {
        "dedupe_key": occasion,
        "msisdn": msisdn,
        "payment_id": payment_id,
        "token_id": token_id,
        "created_at": unit.now,
        "next_attempt_at": unit.now,
        "expires_at": expires_at,
    }
    insert_text(unit.connection, row)


def text_content(said: Said, language: str) -> dict[str, object]:
    """What of a row of `sms` is decided by what is said."""
    body = say(said, language)
    return {
        "kind": _kind(said),
        "body": body,
        "segments": len(segments(body)),
    }


def was_texted_lately(unit: Unit, msisdn: str, said: Said) -> bool:
    """Whether this number got a text of that kind within the last hour."""
    return texts_since(unit.connection, msisdn, _kind(said), unit.now - timedelta(hours=1)) > 0


def _kind(said: Said) -> str:
    return said.message.key.removeprefix("sms.")
