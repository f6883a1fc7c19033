"""Queries for the market, tariffs and their versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.db.devices import COLUMNS, FROM, access_anchor
from core.device import Device
from core.market import Market
from core.tariff import TariffVersion

_MARKET_COLUMNS = [column.name for column in fields(Market)]
_MARKET = f"SELECT {', '.join(_MARKET_COLUMNS)} FROM market"


def find_market(connection: Connection) -> Market | None:
    """Return the market of this deployment; None on an empty database."""
    rows = connection.exec_driver_sql(_MARKET).all()
    if not rows:
        return None
    values = dict(zip(_MARKET_COLUMNS, rows[0], strict=True))
    lists = {name: tuple(values[name]) for name in ("languages", "sms_countries")}
    return Market(**(values | lists))


def versions_of(
    connection: Connection, devices: Collection[Device]
) -> dict[int, list[TariffVersion]]:
    """Return all versions of the devices' tariffs, now and before, oldest first, by tariff id."""
    now = {device.tariff_id for device in devices if device.tariff_id}
    before = {tariff_id for device in devices for tariff_id, _ in device.past_tariffs or ()}
    return tariff_versions(connection, now | before)


def tariff_versions(
    connection: Connection, tariff_ids: Collection[int]
) -> dict[int, list[TariffVersion]]:
    """Return all versions of those tariffs, oldest first, by tariff id."""
    if not tariff_ids:
        return {}
    rows = connection.execute(
        text(
            "SELECT tariff_id, valid_from, price_per_kwh_thousandths, access_rate_minor,"
            " access_every_days, minimum_purchase_minor FROM tariff_versions"
            " WHERE tariff_id = ANY(:ids) ORDER BY tariff_id, valid_from"
        ),
        {"ids": list(tariff_ids)},
    )
    versions: dict[int, list[TariffVersion]] = {}
    for tariff_id, *figures in rows:
        versions.setdefault(tariff_id, []).append(TariffVersion(*figures))
    return versions


def prices_per_kwh(connection: Connection, on: date) -> list[tuple[str, str, int]]:
    """Return (code, name, price in thousandths of a minor unit) on that day of the tariffs that
    have begun, by name."""
    rows = connection.execute(
        text(
            "SELECT code, name, (SELECT v.price_per_kwh_thousandths FROM tariff_versions v"
            " WHERE v.tariff_id = t.id AND v.valid_from <= :on"
            " ORDER BY v.valid_from DESC LIMIT 1) AS price FROM tariffs t ORDER BY name"
        ),
        {"on": on},
    )
    return [(row.code, row.name, row.price) for row in rows if row.price]


def delete_future_version(
    connection: Connection, tariff_id: int, valid_from: date, today: date
) -> None:
    """Delete the version of a tariff that begins on that day, if that is after today."""
    connection.execute(
        text(
            "DELETE FROM tariff_versions WHERE tariff_id = :tariff AND valid_from = :day"
            " AND valid_from > :today"
        ),
        {"tariff": tariff_id, "day": valid_from, "today": today},
    )


def energy_paid_between(
    connection: Connection, tariff_id: int, begin_on: date, end_on: date
) -> bool:
    """Return whether energy for any meter of the tariff was paid for from the first to the last
    day: it was sold, or the payment waits to be applied."""
    return _any(
        connection,
        "SELECT FROM payments p JOIN devices d ON d.id = p.device_id WHERE d.tariff_id = :tariff"
        " AND p.paid_on BETWEEN :begin AND :end AND (p.state = 'received' OR EXISTS ("
        "SELECT FROM payment_lines l WHERE l.payment_id = p.id AND l.kind = 'energy'))",
        {"tariff": tariff_id, "begin": begin_on, "end": end_on},
    )


def charged_between(connection: Connection, tariff_id: int, begin_on: date, end_on: date) -> bool:
    """Return whether any fee of its meters was due from the first to the last day."""
    return _any(
        connection,
        "SELECT FROM access_charges c JOIN devices d ON d.id = c.device_id"
        " WHERE d.tariff_id = :tariff AND c.due_on BETWEEN :begin AND :end",
        {"tariff": tariff_id, "begin": begin_on, "end": end_on},
    )


def moved_away_since(connection: Connection, tariff_id: int, begin_on: date, zone: str) -> bool:
    """Return whether meters were moved from it to another tariff since that day."""
    return _any(
        connection,
        "SELECT FROM audit_log WHERE subject = 'tariff' AND subject_id = :tariff"
        " AND action = 'move_meters' AND details->>'meters' <> '0'"
        " AND CAST(acted_at AT TIME ZONE :zone AS date) >= :begin",
        {"tariff": tariff_id, "begin": begin_on, "zone": zone},
    )


def _any(connection: Connection, query: str, values: dict[str, object]) -> bool:
    return bool(connection.execute(text(f"SELECT EXISTS ({query})"), values).scalar_one())


def access_anchors(connection: Connection, tariff_id: int) -> list[date]:
    """Return the days from which the next fees of its owned meters run, each once."""
    return list(
        connection.execute(
            text(
                "SELECT DISTINCT access_anchor_on FROM devices WHERE tariff_id = :tariff"
                " AND owner_id IS NOT NULL AND access_anchor_on IS NOT NULL"
            ),
            {"tariff": tariff_id},
        ).scalars()
    )


def lock_meters_of_tariff(connection: Connection, tariff_id: int) -> list[Device]:
    """Lock the meters on a tariff, in stock or owned, in order of id."""
    rows = connection.execute(
        text(
            f"SELECT {COLUMNS} {FROM} WHERE d.tariff_id = :id ORDER BY d.id FOR NO KEY UPDATE OF d"
        ),
        {"id": tariff_id},
    )
    return [Device(*row) for row in rows]


def put_on_tariff(
    connection: Connection, device_ids: Collection[int], tariff_id: int, now: datetime, on: date
) -> None:
    """Move meters to another tariff; for owned meters the access rate runs from that day. What was
    paid for them until now is served at the prices of the tariff they leave."""
    connection.execute(
        text(
            "INSERT INTO past_tariffs (device_id, tariff_id, until_at)"
            " SELECT id, tariff_id, :now FROM devices WHERE id = ANY(:ids) AND owner_id IS NOT NULL"
        ),
        {"ids": list(device_ids), "now": now},
    )
    connection.execute(
        text(
            "UPDATE devices d SET tariff_id = :tariff, access_anchor_on ="
            f" CASE WHEN owner_id IS NOT NULL THEN {access_anchor('CAST(:on AS date)')} END"
            " WHERE id = ANY(:ids)"
        ),
        {"ids": list(device_ids), "tariff": tariff_id, "on": on},
    )


def has_payments(connection: Connection) -> bool:
    """Return whether any payment was ever recorded."""
    return bool(connection.execute(text("SELECT EXISTS (SELECT FROM payments)")).scalar_one())


def families_in_use(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Return the token family by manufacturer code, where devices have keys or meter data."""
    rows = connection.execute(
        text(
            "SELECT m.code, m.token_family FROM manufacturers m WHERE m.code = ANY(:codes)"
            " AND EXISTS (SELECT FROM devices d WHERE d.manufacturer_id = m.id"
            " AND (d.has_key OR d.sts IS NOT NULL))"
        ),
        {"codes": list(codes)},
    )
    return {row.code: row.token_family for row in rows}


def kinds_in_use(connection: Connection, codes: Sequence[str]) -> dict[str, set[str]]:
    """Return the kinds of registered devices by manufacturer code."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT m.code, d.kind FROM manufacturers m"
            " JOIN devices d ON d.manufacturer_id = m.id WHERE m.code = ANY(:codes)"
        ),
        {"codes": list(codes)},
    )
    kinds: dict[str, set[str]] = {}
    for row in rows:
        kinds.setdefault(row.code, set()).add(row.kind)
    return kinds


def appliances_sold(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Return the kind by code of the appliances that have been sold."""
    rows = connection.execute(
        text(
            "SELECT a.code, a.kind FROM appliances a WHERE a.code = ANY(:codes)"
            " AND EXISTS (SELECT FROM sales s WHERE s.appliance_id = a.id)"
        ),
        {"codes": list(codes)},
    )
    return {row.code: row.kind for row in rows}
