"""The URLs at which a business receives C2B validations and confirmations.

A business registers them once. Until it does, the gateway's own callback paths are used.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from simulator.fault_injection import with_reply_faults
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import DarajaError, error_response, invalid_field
from simulator.safaricom.oauth import authorised

# Words that Safaricom refuses in a callback URL.
_FORBIDDEN_WORDS = re.compile(r"m-?pesa|safaricom|exec?|cmd|sql|query", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class C2bUrls:
    """`default` (`Completed` or `Cancelled`) applies when validation does not answer in time."""

    confirmation: str
    validation: str
    default: str


def c2b_urls(connection: Connection, runtime: SimulatorRuntime) -> C2bUrls:
    """The URLs of the business whose shortcode is in the settings."""
    shortcode = {"shortcode": runtime.settings.shortcode}
    row = connection.execute(_FIND, shortcode).first()
    if row is not None:
        return C2bUrls(row.confirmation_url, row.validation_url, row.response_type)
    callback_url = runtime.settings.callback_url
    return C2bUrls(
        callback_url("payments/daraja", "/confirmation"),
        callback_url("payments/daraja", "/validation"),
        "Cancelled",
    )


@with_reply_faults("safaricom", "registerurl", error_response)
@authorised
def register_url(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Register the URLs of a business. As in production this works only once."""
    try:
        with runtime.engine.begin() as connection:
            connection.execute(_INSERT, _parse_registration(body))
    except IntegrityError:
        raise DarajaError("500.003.1001", "URLs are already registered") from None
    return jsonify(
        OriginatorCoversationID=f"7619-{secrets.randbelow(10**8)}-1",
        ResponseCode="0",
        ResponseDescription="Success",
    )


def _parse_registration(body: Mapping[str, Any]) -> dict[str, str]:
    names = ("ShortCode", "ResponseType", "ConfirmationURL", "ValidationURL")
    fields = {name: str(body.get(name, "")) for name in names}
    if fields["ResponseType"] not in ("Completed", "Cancelled"):
        raise invalid_field("ResponseType")
    if not fields["ShortCode"].isdigit():
        raise invalid_field("ShortCode")
    for name in ("ConfirmationURL", "ValidationURL"):
        url = fields[name]
        if not url.startswith(("http://", "https://")) or _FORBIDDEN_WORDS.search(url):
            raise invalid_field(name)
    return fields


_FIND = text("SELECT * FROM simulator.registered_urls WHERE shortcode = :shortcode")
_INSERT = text("""
    INSERT INTO simulator.registered_urls
        (shortcode, response_type, confirmation_url, validation_url)
    VALUES (:ShortCode, :ResponseType, :ConfirmationURL, :ValidationURL)
""")
