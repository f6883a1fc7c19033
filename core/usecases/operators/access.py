"""What operators do that changes nothing, in the audit log: they log in and out, look at a person,
export a list, and are refused.

The log is never shortened, so what anybody can repeat is written once an hour: a look for each
operator and person, a refusal for each operator and form, a refused login for each name and
network. No row holds a name, a number or what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.db.audit import count_noted, note_once
from core.db.users import find_user_id
from core.operator import ConsoleUser
from core.unit import Unit
from core.usecases.operators.audit import ITSELF, write_audit

# The id in rows about no row of a table: a list, a login for a name that no user has.
NO_ROW = 0
# Strangers come from any number of networks.
MAX_REFUSED_LOGINS = 500


def note_log_in(unit: Unit, user: ConsoleUser, network: str) -> None:
    """Write that a user logged in from a network (`196.201.214.0/24`)."""
    write_audit(unit, user.name, "log_in", "user", user.id, "a login", network=network)


def note_log_out(unit: Unit, user: ConsoleUser) -> None:
    """Write that a user logged out."""
    write_audit(unit, user.name, "log_out", "user", user.id, "a logout")


def note_refused_log_in(unit: Unit, name: str, network: str, code: str) -> None:
    """Write that a login was refused, and the code of the refusal, once an hour for each user,
    network and code.

    Someone may type a password as a name: a name that no user has is not written.
    """
    user_id = find_user_id(unit.connection, name) or NO_ROW
    hour = _hour(unit)
    if count_noted(unit.connection, f"{hour} log_in_refused ") >= MAX_REFUSED_LOGINS:
        return
    if note_once(unit.connection, unit.now, f"{hour} log_in_refused {user_id} {network} {code}"):
        write_audit(
            unit, ITSELF, "log_in_refused", "user", user_id, "a login was refused",
            network=network, code=code,
        )  # fmt: skip


def note_look(unit: Unit, operator: str, subject: str, subject_id: int) -> None:
    """Write that an operator looked at a person, `customer` or `agent`, once an hour."""
    if note_once(
        unit.connection, unit.now, f"{_hour(unit)} look {operator} {subject} {subject_id}"
    ):
        write_audit(unit, operator, "look", subject, subject_id, "a page was shown")


def note_export(
    unit: Unit, operator: str, name: str, rows: int, filters: Mapping[str, object]
) -> None:
    """Write that an operator exported the list with that name: how many rows, and its filters
    without what was searched for."""
    write_audit(
        unit, operator, "export", "list", NO_ROW, "a list was exported",
        list=name, rows=rows, filters=dict(filters),
    )  # fmt: skip


def note_file(unit: Unit, operator: str, action: str, name: str, **counts: object) -> None:
    """Write that a file with that name was read in or written out, and what was in it."""
    write_audit(unit, operator, action, "file", NO_ROW, f"the file {name}", **counts)


def note_run(unit: Unit, operator: str, action: str, count: int) -> None:
    """Write that periodic work was done by hand, and how many rows it wrote."""
    write_audit(unit, operator, action, "job", NO_ROW, "on the command line", count=count)


def note_refused_act(
    unit: Unit, operator: str, act: str, code: str, subject: tuple[str, int]
) -> None:
    """Write that something an operator wanted to do was refused, once an hour for each code.

    `act` is the address of the form, `code` the refusal's; `subject` the noun and the row.
    """
    key = f"{_hour(unit)} refused {operator} {act} {code} {subject[0]} {subject[1]}"
    if note_once(unit.connection, unit.now, key):
        write_audit(
            unit, operator, "refused", *subject, "it was refused", act=act, code=code
        )  # fmt: skip


def _hour(unit: Unit) -> str:
    return f"{unit.now:%Y-%m-%dT%H}"
