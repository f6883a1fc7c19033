"""An owner moves every meter of one tariff to another.

What has fallen due under the old one is charged first; the new access rate runs from today, as on
a meter that gets its first tariff. Energy already bought stays bought.
"""

from __future__ import annotations

from core.db.catalogue import tariff_versions, versions_of
from core.db.registration import ids_by_code
from core.db.rows.goods import tariffs
from core.db.tariff_meters import lock_meters_of_tariff, put_on_tariff
from core.errors import Refused
from core.tariff import version_on
from core.unit import Unit
from core.usecases.accrue_access_rates import post_access_fees
from core.usecases.audit import write_audit


def move_tariff(unit: Unit, old: str, new: str, operator: str, reason: str) -> int:
    """How many meters were moved. Tariffs by code. Raises Refused: tariff_unknown, tariff_same,
    tariff_not_begun, reason_missing."""
    known = ids_by_code(unit.connection, tariffs, [old, new])
    for code in (old, new):
        if code not in known:
            raise Refused("tariff_unknown", tariff=code)
    if old == new:
        raise Refused("tariff_same")
    versions = tariff_versions(unit.connection, [known[new]]).get(known[new], [])
    if version_on(versions, unit.today) is None:
        raise Refused("tariff_not_begun", tariff=new)
    meters = lock_meters_of_tariff(unit.connection, known[old])
    post_access_fees(unit, meters, versions_of(unit.connection, meters))
    put_on_tariff(unit.connection, [meter.id for meter in meters], known[new], unit.today)
    write_audit(
        unit, operator, "move_meters", "tariff", known[old], reason, to=new, meters=len(meters)
    )
    return len(meters)
