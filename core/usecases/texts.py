"""Queue a text: what is to be said becomes a row, in the person's language, once per occasion."""

from __future__ import annotations

from core.db.texts import insert_text
from core.unit import Unit
from gateway.septets import segments
from gateway.wording.message import Said
from gateway.wording.spoken import say


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
    """Queue one text; the same occasion again does nothing."""
    row = text_row(
        unit,
        said,
        msisdn=msisdn,
        language=language,
        occasion=occasion,
        payment_id=payment_id,
        token_id=token_id,
    )
    insert_text(unit.connection, row)


def text_row(
    unit: Unit,
    said: Said,
    *,
    msisdn: str,
    language: str,
    occasion: str,
    payment_id: int | None = None,
    token_id: int | None = None,
) -> dict[str, object]:
    """A row of `sms`, ready to insert. `occasion` is its dedupe key: `receipt:<payment>:0`."""
    body = say(said, language)
    return {
        "dedupe_key": occasion,
        "kind": said.message.key.removeprefix("sms."),
        "msisdn": msisdn,
        "body": body,
        "payment_id": payment_id,
        "token_id": token_id,
        "segments": len(segments(body)),
        "created_at": unit.now,
        "next_attempt_at": unit.now,
    }
