"""`dialwatt menu`: the map of the menu as compiled, how long each way takes, where callers leave.

The map needs nothing running. `--drop-off` reads the counts of the running set-up.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from redis import Redis, RedisError

from core.errors import BadInput
from core.settings import Environment, read
from gateway.ussd.drop_off import DropOff, drop_off
from gateway.ussd_menus.diagram import (
    as_json,
    as_mermaid,
    as_text,
    first_screens,
    longest_paths_table,
)
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.product import product_menu
from operations.commands.menu_page import ASSUMPTIONS, page
from operations.environment import command_environment


def run(arguments: Namespace, environment: Environment) -> int:
    """Print what was asked for."""
    if arguments.drop_off:
        print(_left(arguments, command_environment(environment)))
        return 0
    menu = product_menu()
    _check(menu, arguments)
    print(_map(menu, arguments))
    return 0


def _check(menu: Menu, arguments: Namespace) -> None:
    roles, languages = list(first_screens(menu)), list(menu.wording.translations)
    if arguments.role and arguments.role not in roles:
        raise BadInput(f"no role {arguments.role!r}; there are {', '.join(roles)}")
    if arguments.language not in languages:
        raise BadInput(f"no language {arguments.language!r}; there are {', '.join(languages)}")


def _map(menu: Menu, arguments: Namespace) -> str:
    language, role = arguments.language, arguments.role
    if arguments.json:
        return json.dumps(as_json(menu, language), ensure_ascii=False)
    if arguments.markdown:
        return page(menu, language)
    if arguments.mermaid:
        return as_mermaid(menu, language, first_screens(menu)[role] if role else None)
    tables = longest_paths_table(menu, role)
    return f"{as_text(menu, language, role)}\n\n{ASSUMPTIONS}\n\n{tables}"


def _left(arguments: Namespace, environment: Environment) -> str:
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=ago) for ago in range(max(arguments.days, 1))]
    try:
        with closing(Redis.from_url(read(environment, "REDIS_URL"))) as redis:
            counted = drop_off(redis, days)
    except RedisError as error:
        raise BadInput(f"cannot read the counts: {error}") from error
    if arguments.json:
        return json.dumps([asdict(one) | {"left": one.left} for one in counted])
    return "\n".join(_table(counted, len(days)))


def _table(counted: list[DropOff], days: int) -> Iterator[str]:
    if not counted:
        yield f"Nobody dialled in {days} days."
        return
    yield f"{'screen':<24}{'shown':>8}{'answered':>10}{'left':>7}      sessions that ended there"
    for one in counted:
        ends = ", ".join(f"{status} {count}" for status, count in sorted(one.ended.items()))
        row = f"{one.screen:<24}{one.shown:>8}{one.answered:>10}{one.left:>7}{one.share:>5.0%}"
        yield f"{row} {ends}".rstrip()
