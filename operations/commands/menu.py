"""`dialwatt menu`: the compiled USSD menu, how long each path takes, and where callers leave."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click
from redis import Redis, RedisError

from core.environment import Environment, read_setting
from core.errors import BadInput
from gateway.ussd.drop_off import DropOff
from gateway.ussd.drop_off import drop_off as drop_off_of
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


@click.command()
@click.argument("role", required=False, default="")
@click.option("--mermaid", "form", flag_value="mermaid", help="Print a Mermaid flowchart.")
@click.option("--markdown", "form", flag_value="markdown", help="Print the page docs/menu.md.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option(
    "--drop-off", is_flag=True, help="Show where callers leave, from the counts in Redis."
)
@click.option(
    "--days", type=click.IntRange(min=1), default=7, show_default=True, help="Days of --drop-off."
)
@click.option("--language", default="en", show_default=True, help="The language of the wording.")
def menu(role: str, form: str | None, drop_off: bool, days: int, language: str) -> None:
    """Show the USSD menu, its timing, and where callers leave.

    ROLE is customer, agent, new_agent or stranger (default: all). The menu is read from the program
    and needs no running gateway; --drop-off reads the counts of the running one.
    """
    if drop_off:
        counts = _read_drop_off(command_environment(os.environ), days)
        print(_drop_off_json(counts) if form == "json" else "\n".join(_table(counts, days)))
        return
    compiled = product_menu()
    ensure_known("role", role, ["", *first_screens(compiled)])
    ensure_known("language", language, list(compiled.wording.translations))
    print(_map(compiled, role, form, language))


def ensure_known(noun: str, value: str, known: list[str]) -> None:
    """Raise BadInput with the known values where `value` is none of them."""
    if value not in known:
        raise BadInput(f"no {noun} {value!r}; there are {', '.join(filter(None, known))}")


def _map(menu: Menu, role: str, form: str | None, language: str) -> str:
    match form:
        case "json":
            return json.dumps(as_json(menu, language), ensure_ascii=False)
        case "markdown":
            return page(menu, language)
        case "mermaid":
            return as_mermaid(menu, language, first_screens(menu)[role] if role else None)
    tables = longest_paths_table(menu, role)
    return f"{as_text(menu, language, role)}\n\n{ASSUMPTIONS}\n\n{tables}"


def _read_drop_off(environment: Environment, days: int) -> list[DropOff]:
    """The counts of the last `days` days, today included. Raises BadInput without Redis."""
    today = datetime.now(UTC).date()
    try:
        with closing(Redis.from_url(read_setting(environment, "REDIS_URL"))) as redis:
            return drop_off_of(redis, [today - timedelta(days=ago) for ago in range(days)])
    except RedisError as error:
        raise BadInput(f"cannot read the counts: {error}") from error


def _drop_off_json(counts: list[DropOff]) -> str:
    return json.dumps([asdict(screen) | {"left": screen.left} for screen in counts])


def _table(counts: list[DropOff], days: int) -> Iterator[str]:
    if not counts:
        yield f"Nobody dialled in {days} days."
        return
    yield f"{'screen':<24}{'shown':>8}{'answered':>10}{'left':>7}      sessions that ended there"
    for screen in counts:
        ends = ", ".join(f"{status} {count}" for status, count in sorted(screen.ended.items()))
        row = f"{screen.screen:<24}{screen.shown:>8}{screen.answered:>10}"
        yield f"{row}{screen.left:>7}{screen.share:>5.0%} {ends}".rstrip()
