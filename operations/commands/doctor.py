"""`dialwatt doctor`: check settings, services, schema, ledger, and whatever waits too long.

It changes nothing. A failed check does not prevent the others, except those that need what failed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict

import click
from redis import Redis, RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from core.act import default_rules
from core.clock import Clock, system_clock
from core.db.acts import count_waiting, find_rules, names_of_approvers
from core.db.engine import make_engine
from core.db.invariants import LEDGER, WAITING, first_of, offenders
from core.db.months import missing_months
from core.db.products import kinds_without_product
from core.db.registration import unserved_manufacturers
from core.db.roles import differing_rights
from core.db.schema import compare_revision
from core.db.serial_checks import unknown_to_vendors
from core.db.tariffs import find_market
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.msisdn import country_code, mask_msisdn, mobile_pattern
from core.unit import Unit
from core.usecases.devices.code_windows import describe_window, find_wide_windows
from core.usecases.devices.vendor import describe_missing
from core.usecases.payments.possible_codes import devices_without_code
from core.usecases.people.purge import RetentionSettings, rules_behind
from gateway.console.settings import second_factor_roles
from gateway.endpoints import read_keys
from gateway.guard import GuardSettings
from gateway.settings import endpoints_set_up
from operations.checks import Check
from operations.commands.arguments import json_option
from operations.environment import command_environment
from operations.error_messages import describe_database_error
from operations.meter_checks import meter_checks
from operations.settings_check import problems

REDIS_TIMEOUT_S = 5


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Check settings, services, ledger and pending work.

    It changes nothing. Exit code 1 where a check fails; docs/operations.md says what to do about
    each.
    """
    return print_checks(examine(command_environment(os.environ)), as_json=as_json)


def print_checks(checks: Iterable[Check], *, as_json: bool) -> int:
    """Print each check as soon as it is made, or all together as JSON. Returns 1 if any failed."""
    made = []
    for check in checks:
        made.append(check)
        if not as_json:
            detail = f": {check.detail}" if check.detail else ""
            print(f"{'ok ' if check.ok else 'BAD'} {check.name}{detail}", flush=True)
    healthy = all(check.ok for check in made)
    if as_json:
        print(json.dumps({"ok": healthy, "checks": [asdict(check) for check in made]}))
    return 0 if healthy else 1


def examine(environment: Environment, clock: Clock = system_clock) -> Iterator[Check]:
    """Make all checks, in order."""
    yield _configuration(environment)
    yield _endpoints(environment)
    yield _redis(environment)
    try:
        engine = make_engine(read_setting(environment, "DATABASE_URL"), pool_size=0)
        with engine.connect() as connection:
            yield Check("database", True, "")
            yield from examine_database(connection, environment, clock)
    except (SQLAlchemyError, BadInput) as error:
        yield Check("database", False, describe_database_error(error) or str(error))


def examine_database(
    connection: Connection, environment: Environment, clock: Clock = system_clock
) -> Iterator[Check]:
    """Make the checks that read the database; where its schema is wrong, only that one."""
    schema = _schema(connection)
    yield schema
    if schema.ok:
        yield _roles(connection)
        yield _months(connection)
        yield from _ledger(connection, clock)
        yield _phone_numbers(connection)
        yield _products(connection)
        yield _vendors(connection)
        yield from meter_checks(connection, environment, clock())
        yield _second_factors(connection, environment)
        yield _approvals(connection, clock)
        yield _purge(connection, environment, clock)
        yield _windows(connection, clock)
        without_code = first_of(list(devices_without_code(connection, clock())))
        yield Check("every device can get a code", not without_code, without_code)


def _windows(connection: Connection, clock: Clock) -> Check:
    """Say which devices have used half of the window in which they accept codes: they work, and
    an operator should ask whether their codes were typed."""
    market = find_market(connection)
    found = find_wide_windows(Unit(connection, clock(), market)) if market else []
    return Check("codes are typed", True, first_of([describe_window(use) for use in found]))


def _configuration(environment: Environment) -> Check:
    """Everything that is wrong with the settings of all processes together."""
    wrong = problems(environment, "web", "worker", "schedule")
    return Check("configuration", not wrong, "; ".join(wrong))


def _endpoints(environment: Environment) -> Check:
    """Which endpoints are served; which of them could be better protected. A payment endpoint
    without an address list and one with an old key work, so they are told and do not fail."""
    try:
        served = endpoints_set_up(environment)
        lists = GuardSettings.from_environment(environment).allowed
        old = [each.name for each in served if len(read_keys(environment, each)) > 1]
    except BadInput as error:
        return Check("endpoints", False, str(error))
    unlisted = [
        f"{each.name} (set {each.list_setting})"
        for each in served
        if each.purpose == "payments" and not lists[each.name]
    ]
    detail = ", ".join(each.name for each in served)
    detail += f"; without an address list: {', '.join(unlisted)}" if unlisted else ""
    detail += f"; an old key is still good at {', '.join(old)}" if old else ""
    return Check("endpoints", True, detail)


def _redis(environment: Environment) -> Check:
    try:
        url = read_setting(environment, "REDIS_URL")
        with Redis.from_url(
            url, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
        ) as redis:
            redis.ping()
    except (RedisError, BadInput, ValueError) as error:
        return Check("redis", False, f"cannot reach it: {error}")
    return Check("redis", True, "")


def _schema(connection: Connection) -> Check:
    """Whether every migration has run, and none that this program does not know."""
    found = compare_revision(connection)
    if found.here == found.newest:
        return Check("migrations", True, f"at {found.here}")
    return Check("migrations", False, str(found))


def _roles(connection: Connection) -> Check:
    """Whether the roles of the processes have exactly the rights that `dialwatt migrate` gives."""
    differing = differing_rights(connection)
    detail = f"{first_of(differing)}: run `dialwatt migrate`" if differing else ""
    return Check("database roles", not differing, detail)


def _ledger(connection: Connection, clock: Clock) -> Iterator[Check]:
    market = connection.execute(text("SELECT operator FROM market")).scalar_one_or_none()
    yield Check("market", True, market or "the database is empty: load a catalogue")
    yield _help_line(connection)
    for name, query in (LEDGER | WAITING).items():
        found = offenders(connection, query, clock())
        yield Check(name, not found, found)


def _help_line(connection: Connection) -> Check:
    """Say where customers call. A market without a help line works; customers have no number."""
    market = find_market(connection)
    if market is None:
        return Check("help line", True, "")
    if market.help_line is None:
        return Check("help line", True, "missing: set help_line in [market] or at the console")
    hours = f", {market.help_hours}" if market.help_hours else ", hours missing: set help_hours"
    return Check("help line", True, market.help_line + hours)


def _vendors(connection: Connection) -> Check:
    """Whether the vendor of every manufacturer with devices has an account that is set up, and has
    every device that it was asked about."""
    unserved = unserved_manufacturers(connection)
    found = [
        f"{row.devices} of {row.name}: {describe_missing(row.vendor, row.account)}"
        for row in unserved
        if row.devices
    ]
    found += [f"{serial} is not at its vendor" for serial in unknown_to_vendors(connection)]
    unused = [row.name for row in unserved if not row.devices]
    detail = f"not set up and without devices: {', '.join(unused)}" if unused else ""
    return Check("vendors of devices", not found, first_of(found) or detail)


def _products(connection: Connection) -> Check:
    """Say how many devices in stock could be sold as any of several appliances."""
    found = [f"{number} {kind}" for kind, number in kinds_without_product(connection)]
    hint = "in stock without a product or plan can be sold as any appliance of their kind"
    detail = f"{', '.join(found)} {hint}: set it at the console or import the column product"
    return Check("products of devices", True, detail if found else "")


def _second_factors(connection: Connection, environment: Environment) -> Check:
    """Say how many of the users who must have a second factor have one; the others set it up at
    their next login."""
    roles = second_factor_roles(environment)
    if not roles:
        return Check("second factors", True, "CONSOLE_SECOND_FACTOR is none: no user must have one")
    users = connection.execute(
        text(
            "SELECT count(totp_sealed), count(*) FROM console_users"
            " WHERE disabled_at IS NULL AND role = ANY(:roles)"
        ),
        {"roles": sorted(roles)},
    )
    with_factor, users_in_all = users.one()
    return Check(
        "second factors", True, f"{with_factor} of {users_in_all} ({', '.join(sorted(roles))})"
    )


def _approvals(connection: Connection, clock: Clock) -> Check:
    """Whether acts wait for a second person who is not there. One person may do them alone, where
    the limits say so."""
    market = find_market(connection)
    if market is None:
        return Check("a second person approves", True, "")
    rules = find_rules(connection) or default_rules(market)
    waiting = count_waiting(connection, clock())
    if rules.second_person == "off":
        return Check("a second person approves", True, "off: one person does everything alone")
    alone = len(names_of_approvers(connection, 0)) < 2
    detail = f"{waiting} acts wait" if waiting else ""
    if alone:
        detail += (", and" if waiting else "") + " fewer than two users can approve"
    return Check("a second person approves", not (waiting and alone), detail.strip())


def _months(connection: Connection) -> Check:
    """Whether every row has a month to be written to, now and in the next month."""
    lacking = missing_months(connection)
    return Check(
        "months", not lacking, f"{first_of(lacking)} (dialwatt migrate)" if lacking else ""
    )


def _phone_numbers(connection: Connection) -> Check:
    """Whether every number of the market's country could be a mobile's: a customer or agent with
    another one cannot be reached, and no call comes from it."""
    country = connection.execute(text("SELECT country FROM market")).scalar_one_or_none()
    if country is None:
        return Check("phone numbers", True, "")
    wrong = connection.execute(
        text(
            "SELECT whose || ' ' || id, msisdn FROM"
            " (SELECT 'customer' AS whose, customer_id AS id, msisdn FROM customer_msisdns"
            " UNION ALL SELECT 'agent', id, msisdn FROM agents) n"
            " WHERE starts_with(msisdn, :code) AND msisdn !~ :mobile ORDER BY 1"
        ),
        {"code": country_code(country), "mobile": mobile_pattern(country)},
    )
    found = [f"{holder} ({mask_msisdn(msisdn)})" for holder, msisdn in wrong]
    return Check("phone numbers", not found, first_of(found))


def _purge(connection: Connection, environment: Environment, clock: Clock) -> Check:
    """Whether the nightly purge keeps up with the retention settings."""
    market = find_market(connection)
    if market is None:
        return Check("purge", True, "")
    settings = RetentionSettings.from_environment(environment)
    behind = rules_behind(Unit(connection, clock(), market), settings)
    found = [f"{rows} rows of {name}" for name, rows in behind.items()]
    detail = f"behind by two days: {', '.join(found)} (dialwatt purge)" if found else ""
    return Check("purge", not found, detail)
