"""Reading the market, tariffs and their versions."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from core.db.devices import Device
from core.market import Market
from core.tariff import TariffVersion


def find_market(connection: Connection) -> Market | None:
    """The deployment's market; None on an empty book."""
    row = connection.execute(
        text(
            "SELECT country, currency, cash_unit_minor, timezone, languages, service_code,"
            " operator, payment_max_minor FROM market"
        )
    ).one_or_none()
    if row is None:
        return None
    return Market(**(row._asdict() | {"languages": tuple(row.languages)}))


def versions_of(
    connection: Connection, devices: Collection[Device]
) -> dict[int, list[TariffVersion]]:
    """All versions of the devices' tariffs, oldest first, by tariff id."""
    return tariff_versions(connection, {device.tariff_id for device in devices if device.tariff_id})


def tariff_versions(
    connection: Connection, tariff_ids: Collection[int]
) -> dict[int, list[TariffVersion]]:
    """All versions of those tariffs, oldest first, by tariff id."""
    if not tariff_ids:
        return {}
    rows = connection.execute(
        text(
            "SELECT tariff_id, valid_from, price_per_kwh_minor, access_rate_minor,"
            " access_every_days, minimum_purchase_minor FROM tariff_versions"
            " WHERE tariff_id = ANY(:ids) ORDER BY tariff_id, valid_from"
        ),
        {"ids": list(tariff_ids)},
    )
    versions: dict[int, list[TariffVersion]] = {}
    for tariff_id, *figures in rows:
        versions.setdefault(tariff_id, []).append(TariffVersion(*figures))
    return versions
