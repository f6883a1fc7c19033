"""What operators did and why, and what people reported: lists to look over, and to export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint

from core.db.console.audit import AUDIT, REPORTS, audited_subjects
from core.unit import Unit
from gateway.console.formatting import COUNT, INSTANT, LABEL, label
from gateway.console.listing import (
    Column,
    Filter,
    Listing,
    choice_filter,
    customer_column,
    list_page,
    msisdn_filter,
    period_filters,
)

blueprint = Blueprint("oversight", __name__)


def _who(unit: Unit, typed: str) -> Mapping[str, Any]:
    """A user's name, or an agent's number: agents act too."""
    return {"operator": typed.lower()}


def _subjects(unit: Unit) -> Sequence[tuple[str, str]]:
    return [(one, label(one)) for one in audited_subjects(unit.connection)]


list_page(
    blueprint,
    "/audit/",
    "audit",
    Listing(
        "Audit",
        AUDIT,
        columns=(
            Column("When", "acted_at", INSTANT),
            Column("Who", "operator"),
            Column("Act", "action", LABEL),
            Column("On", "subject", LABEL),
            Column("Its number", "subject_id", COUNT),
            Column("Why", "reason"),
            Column("Details", "details"),
        ),
        filters=(
            Filter("who", "Who", _who),
            choice_filter("subject", "On", _subjects),
            *period_filters(),
        ),
        intro="Every change with its reason. Nobody can change or delete a row of it.",
    ),
)
list_page(
    blueprint,
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
            msisdn_filter(),
            *period_filters(),
        ),
        intro="What people reported from the menu, as they wrote it.",
    ),
)
