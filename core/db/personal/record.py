"""How a table is declared: what it holds of people, why and how long, and what forgetting does.

The SQL of a declaration may name a person by these parameters: `:customer` (an id or NULL),
`:agents` (ids), `:msisdns`, `:since` and `:until` (numbers with the time in which they were the
person's), `:hashes` (the numbers as M-Pesa hashes them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.person import TOMBSTONE

# An SQL literal: what stands where a person's data stood.
GONE = f"'{TOMBSTONE}'"


def held(column: str, at: str) -> str:
    """An SQL condition: the number in `column` was the person's at the instant `at`."""
    return (
        f"({column} = ANY(CAST(:msisdns AS text[])) AND EXISTS (SELECT FROM unnest("
        "CAST(:msisdns AS text[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))"
        f" AS held (number, after, up_to) WHERE held.number = {column}"
        f" AND {at} > coalesce(held.after, '-infinity')"
        f" AND {at} <= coalesce(held.up_to, 'infinity')))"
    )


OF_CUSTOMER = "customer_id = CAST(:customer AS bigint)"
OF_AGENT = "ANY(CAST(:agents AS bigint[]))"
OF_THEIR_PAYMENT = f"payment_id IN (SELECT id FROM payments WHERE {OF_CUSTOMER})"


@dataclass(frozen=True, slots=True)
class Rule:
    """When rows of a table are too old.

    `name` is that of the rule for operators, and of its setting: RETENTION_<NAME>_DAYS. `aged` is
    an SQL condition with `:before`, the instant before which they are too old. They are deleted,
    or, where `blanks` has SQL by column, only that is set; `aged` is then false for them.
    `by_month`: they go once all rows of their month are too old (core.db.months).
    """

    name: str
    days: int
    aged: str
    blanks: Mapping[str, str] = field(default_factory=dict)
    by_month: bool = False

    @property
    def setting(self) -> str:
        return f"RETENTION_{self.name.upper()}_DAYS"


@dataclass(frozen=True, slots=True)
class TableRecord:
    """What a table holds of people, as docs/privacy.md has it.

    `kept`: how long, where no rule ends it. `plain`: columns of text, JSON or bytes that hold
    nothing of a person. `personal`: those that do, with the SQL that forgetting puts there.
    `about`: the condition by which rows of a person are found; they are exported, without the
    columns of `secret`. `is_deleted`: forgetting deletes them. `mentions`: columns of other
    people's rows too where a number may be written: it is taken out.
    """

    holds: str
    why: str
    kept: str = ""
    plain: tuple[str, ...] = ()
    personal: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    is_deleted: bool = False
    mentions: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


BOOKS = "Accounts: what was sold, paid and owed has to be proved for as long as tax law says."
CATALOGUE = "The catalogue and the market; of no person."
WITH_BOOKS = "as long as the ledger"
WITH_PERSON = "until the person is forgotten"
FOR_GOOD = "not personal"
