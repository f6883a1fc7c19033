"""The checks of STS meters: vending keys, how long they last, and who holds them.

What only has to be planned for (a key that ends within six months, keys in software that serve
meters in the field) is told and fails no check.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from core.db.invariants import first_of
from core.db.vending_keys import (
    MetersOfKey,
    held_keys,
    lives_of_meters,
    meters_by_key,
)
from core.device import HeldKey
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.tokens.keys import VendingKeys
from core.tokens.sts import end_of_life
from core.usecases.tokens.vending_keys import read_groups
from operations.checks import Check

_WARNED_BEFORE = timedelta(days=183)


def meter_checks(
    connection: Connection, environment: Environment, now: datetime
) -> Iterator[Check]:
    """Make the checks of STS meters; without such meters they find nothing."""
    needed = meters_by_key(connection)
    yield _vending_keys(connection, environment, needed)
    yield _lives(connection, now)
    yield _software_keys(connection, environment, needed)


def _vending_keys(
    connection: Connection, environment: Environment, needed: list[MetersOfKey]
) -> Check:
    """Whether workers hold the vending key of every meter, and EA07 meters have their tables."""
    held = held_keys(connection)
    wrong = VendingKeys(environment).problems()
    for need in needed:
        fits = {HeldKey(need.sgc, krn, need.dkga) for krn in (need.krn, 0)}
        if not fits & held:
            wrong.append(
                f"no worker holds STS_VENDING_KEY_{need.sgc}_{need.krn} (DKGA{need.dkga:02}):"
                f" {need.meters} meters, such as {need.example}"
            )
    ea07 = connection.execute(text("SELECT EXISTS (SELECT FROM devices WHERE sts ->> 'ea' = '7')"))
    if ea07.scalar_one() and not read_setting(environment, "STA_TABLES", ""):
        wrong.append("STA_TABLES is not set, and there are EA07 meters")
    return Check("vending keys", not wrong, first_of(wrong))


def _lives(connection: Connection, now: datetime) -> Check:
    """Whether a meter can get no code any more because its key or its base year has ended; told six
    months before."""
    ended, soon = [], []
    for life in lives_of_meters(connection):
        until = end_of_life(life.base, life.ken)
        what = (
            f"{life.meters} meters of supply group {life.sgc} (key revision {life.krn}, KEN"
            f" {life.ken}, base year {life.base}), such as {life.example}: until {until:%Y-%m-%d}"
        )
        if until <= now:
            ended.append(what)
        elif until <= now + _WARNED_BEFORE:
            soon.append(what)
    advice = "; change their keys (docs/devices.md)" if ended or soon else ""
    return Check("keys of meters last", not ended, first_of([*ended, *soon]) + advice)


def _software_keys(
    connection: Connection, environment: Environment, needed: list[MetersOfKey]
) -> Check:
    """Say which supply groups have meters with customers and keys that are only settings here. The
    groups of STS_TEST_GROUPS are for test meters and training."""
    try:
        tests = read_groups(environment, "STS_TEST_GROUPS")
    except BadInput as error:
        return Check("keys of field meters", False, str(error))
    owned: dict[str, int] = {}
    for need in needed:
        if need.sgc not in tests:
            owned[need.sgc] = owned.get(need.sgc, 0) + need.owned
    found = [
        f"{meters} meters of supply group {sgc} are in the field on a key in software: those are"
        " for test meters, whose groups are listed in STS_TEST_GROUPS"
        for sgc, meters in owned.items()
        if meters
    ]
    return Check("keys of field meters", True, first_of(found))
