"""`dialwatt limits`: what one person may do alone at the console, shown or set.

A person who may run this owns the machine, its database and its keys: no second person is asked
for, and the audit log has who it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import click

from core.act import ACTING, SECOND_PERSON, ActRules, SecondPerson
from core.errors import BadInput
from core.money import Money
from core.operator import Role
from core.unit import Unit
from core.usecases.acts.limits import read_rules, set_rules
from operations.commands.arguments import read_amount
from operations.database import open_for_command
from operations.operator import operator_name

_NONE = "none"


@click.command()
@click.option(
    "--second-person",
    type=click.Choice(SECOND_PERSON),
    help="Whether large acts wait for a second person; off: one person does them alone.",
)
@click.option("--large", metavar="AMOUNT", help="Above this sum a second person is needed.")
@click.option(
    "--daily",
    metavar="ROLE=AMOUNT",
    multiple=True,
    help="The limit of a day for owner, finance or support; none: no limit.",
)
@click.option("--reason", metavar="TEXT", help="Why, for the audit log.")
def limits(
    second_person: SecondPerson | None,
    large: str | None,
    daily: tuple[str, ...],
    reason: str | None,
) -> None:
    """Show or set what one person may do alone.

    Without options it shows the limits. docs/console.md says what counts.
    """
    is_change = bool(second_person or large or daily)
    if is_change and not reason:
        raise click.UsageError("a change needs a --reason")
    with open_for_command()() as unit:
        rules = read_rules(unit)
        if is_change:
            rules = replace(
                rules,
                second_person=second_person or rules.second_person,
                large_minor=read_amount(unit, large) if large else rules.large_minor,
                daily_minor={**rules.daily_minor, **_read_daily(unit, daily)},
            )
            set_rules(unit, rules, operator_name(), reason or "")
        print("\n".join(_lines(rules, unit.market.currency)))


def _read_daily(unit: Unit, daily: Sequence[str]) -> Mapping[Role, int | None]:
    """Return the limits by role. Raises BadInput."""
    limits: dict[Role, int | None] = {}
    for written in daily:
        name, _, amount = written.partition("=")
        role = next((each for each in ACTING if each == name), None)
        if role is None or not amount:
            raise BadInput(f"--daily {written}: write {', '.join(ACTING)}, then = and an amount")
        limits[role] = None if amount == _NONE else read_amount(unit, amount)
    return limits


def _lines(rules: ActRules, currency: str) -> Iterator[str]:
    yield f"second person   {rules.second_person}"
    yield f"needed above    {Money(rules.large_minor, currency)}, and to unlock a device"
    for role in ACTING:
        limit = rules.daily_minor[role]
        shown = "no limit" if limit is None else str(Money(limit, currency))
        yield f"{role + ' a day':<16}{shown}"
