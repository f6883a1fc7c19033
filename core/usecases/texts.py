"""Queue a text: what is to be said becomes a row, in the person's language, once per occasion."""

from __future__ import annotations

from core.db.texts import insert_text
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
) -> None:
    """Queue one text. `occasion` is its dedupe key: the same one again does nothing."""
    row = text_content(said, language) | {
        "dedupe_key": occasion,
        "msisdn": msisdn,
        "payment_id": payment_id,
        "token_id": token_id,
        "created_at": unit.now,
        "next_attempt_at": unit.now,
    }
    insert_text(unit.connection, row)


def text_content(said: Said, language: str) -> dict[str, object]:
    """What of a row of `sms` is decided by what is said."""
    body = say(said, language)
    return {
        "kind": said.message.key.removeprefix("sms."),
        "body": body,
        "segments": len(segments(body)),
    }
