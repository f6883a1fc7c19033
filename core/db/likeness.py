"""Which devices an unmatched payment may have meant, asked by index and never by guess."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text


def owned_among(connection: Connection, serials: Collection[str]) -> list[str]:
    """Those of these serials that are devices with an owner."""
    return list(
        connection.execute(
            text(
                "SELECT serial FROM devices WHERE serial = ANY(:serials) AND owner_id IS NOT NULL"
                " ORDER BY serial"
            ),
            {"serials": list(serials)},
        ).scalars()
    )


def put_in_place_of(connection: Connection, serial: str) -> str | None:
    """The serial of the device that has the place of that one now, if somebody has it."""
    return connection.execute(
        text(
            "SELECT n.serial FROM devices o JOIN devices n ON n.id = o.replaced_by_id"
            " WHERE o.serial = :serial AND n.owner_id IS NOT NULL"
        ),
        {"serial": serial},
    ).scalar_one_or_none()


def owned_by_number(connection: Connection, msisdn: str) -> list[str]:
    """Serials of the devices whose owner holds that number."""
    return list(
        connection.execute(
            text(
                "SELECT d.serial FROM customer_msisdns m JOIN devices d"
                " ON d.owner_id = m.customer_id WHERE m.msisdn = :msisdn ORDER BY d.serial"
            ),
            {"msisdn": msisdn},
        ).scalars()
    )


def paid_before(connection: Connection, payer_kind: str, payer: str) -> list[str]:
    """Serials this payer's money was for earlier, the latest first."""
    return list(
        connection.execute(
            text(
                "SELECT d.serial FROM payments p JOIN devices d ON d.id = p.device_id"
                " WHERE p.payer_kind = :kind AND p.payer = :payer AND d.owner_id IS NOT NULL"
                " GROUP BY d.serial ORDER BY max(p.id) DESC LIMIT 5"
            ),
            {"kind": payer_kind, "payer": payer},
        ).scalars()
    )
