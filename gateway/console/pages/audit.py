"""The audit log of what operators changed and why, and the problem reports of callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint

from core.db.console.audit import AUDIT, REPORTS, audited_subjects
from core.msisdn import parse_msisdn
from core.unit import Unit
from gateway.console.formatting import COUNT, DETAILS, INSTANT, LABEL, label
from gateway.console.listing import (
    Column,
    Filter,
    Listing,
    choice_filter,
    condition_filter,
    customer_column,
    list_page,
    msisdn_filter,
    period_filters,
)

blueprint = Blueprint("audit", __name__)


def _parse_operator(unit: Unit, typed: str) -> Mapping[str, Any]:
    """Parse the name of a user, or the number of an agent, who acts too."""
    try:
        agent = parse_msisdn(typed, unit.market.country)
    except ValueError:
        agent = None
    return {"operator": typed.lower(), "agent": agent}


_SHOWN = (
    ("changes", "changes"),
    ("looks", "looks at people and exports"),
    ("logins", "logins"),
    ("refusals", "refusals"),
)


def _subjects(unit: Unit) -> Sequence[tuple[str, str]]:
    return [(subject, label(subject)) for subject in audited_subjects(unit.connection)]


list_page(
    blueprint,
    "/audit/",
    "audit",
    Listing(
        "Audit log",
        AUDIT,
        columns=(
            Column("Time", "acted_at", INSTANT),
            Column("Operator", "operator_name"),
            Column("Action", "action", LABEL),
            Column("Subject", "subject", LABEL),
            Column("Id", "subject_id", COUNT),
            Column("Reason", "reason"),
            Column("Details", "details", DETAILS),
            Column("Who or what", "about"),
        ),
        filters=(
            Filter("operator", "Operator", _parse_operator),
            condition_filter("shown", "What", _SHOWN, "changes"),
            choice_filter("subject", "Subject", _subjects),
            *period_filters(),
        ),
        intro="Every change with its reason; also logins, refusals, exports, and who looked at"
        " whom (once an hour). Entries cannot be changed or deleted.",
    ),
)
list_page(
    blueprint,
    "/problem-reports/",
    "reports",
    Listing(
        "Problem reports",
        REPORTS,
        columns=(
            Column("Time", "reported_at", INSTANT),
            Column("Phone number", "msisdn"),
            customer_column(),
            Column("Report", "body"),
        ),
        filters=(
            msisdn_filter(),
            *period_filters(),
        ),
        intro="Problems that callers reported from the menu, in their own words.",
    ),
)
