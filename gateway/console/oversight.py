"""What operators did and why, and what people reported: lists to look over, and to export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint

from core.db.console.audit import AUDIT, REPORTS, audited_subjects
from core.unit import Unit
from gateway.console.listing import (
    Column,
    Filter,
    Listing,
    by_number,
    choice,
    customer_column,
    days,
    list_page,
)
from gateway.console.showing import COUNT, INSTANT, WORDS, words

pages = Blueprint("oversight", __name__)


def _who(unit: Unit, typed: str) -> Mapping[str, Any]:
    """A user's name, or an agent's number: agents act too."""
    return {"operator": typed.lower()}


def _subjects(unit: Unit) -> Sequence[tuple[str, str]]:
    return [(one, words(one)) for one in audited_subjects(unit.connection)]


list_page(
    pages,
    "/audit/",
    "audit",
    Listing(
        "Audit",
        AUDIT,
        columns=(
            Column("When", "acted_at", INSTANT),
            Column("Who", "operator"),
            Column("Act", "action", WORDS),
            Column("On", "subject", WORDS),
            Column("Its number", "subject_id", COUNT),
            Column("Why", "reason"),
            Column("Details", "details"),
        ),
        filters=(
            Filter("who", "Who", _who),
            choice("subject", "On", _subjects),
            *days(),
        ),
        intro="Every change with its reason. Nobody can change or delete a row of it.",
    ),
)
list_page(
    pages,
    "/reports/",
    "reports",
    Listing(
        "Problem reports",
        REPORTS,
        columns=(
            Column("When", "reported_at", INSTANT),
            Column("Number", "msisdn"),
            customer_column(),
            Column("What they wrote", "body"),
        ),
        filters=(
            by_number(),
            *days(),
        ),
        intro="What people reported from the menu, as they wrote it.",
    ),
)
