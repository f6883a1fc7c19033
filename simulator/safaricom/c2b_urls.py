"""Where a business hears of its C2B payments: what it registered, else contract.md's doors."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from simulator.runtime import SimulatorRuntime


@dataclass(frozen=True, slots=True)
class BusinessUrls:
    """`default` (`Completed` or `Cancelled`) rules when validation does not answer in time."""

    confirmation: str
    validation: str
    default: str


def business_urls(connection: Connection, runtime: SimulatorRuntime) -> BusinessUrls:
    """The addresses of the runtime's one business."""
    shortcode = {"shortcode": runtime.settings.shortcode}
    row = connection.execute(_REGISTERED, shortcode).first()
    if row is not None:
        return BusinessUrls(row.confirmation_url, row.validation_url, row.response_type)
    door = runtime.settings.door
    return BusinessUrls(
        door("/payments/daraja/{key}/confirmation"),
        door("/payments/daraja/{key}/validation"),
        "Cancelled",
    )


def register(connection: Connection, field: dict[str, str]) -> None:
    """Write down checked Daraja fields. Raises IntegrityError the second time."""
    connection.execute(_REGISTER, field)


_REGISTERED = text("SELECT * FROM simulator.registered_urls WHERE shortcode = :shortcode")
_REGISTER = text("""
    INSERT INTO simulator.registered_urls
        (shortcode, response_type, confirmation_url, validation_url)
    VALUES (:ShortCode, :ResponseType, :ConfirmationURL, :ValidationURL)
""")
