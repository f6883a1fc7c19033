"""The tables of the office: the audit log, cases, orders, statements, requests to forget."""

from __future__ import annotations

from core.db.personal.record import (
    BOOKS,
    CATALOGUE,
    FOR_GOOD,
    GONE,
    OF_CUSTOMER,
    OF_THEIR_PAYMENT,
    WITH_BOOKS,
    Rule,
    TableRecord,
)

OFFICE: dict[str, TableRecord] = {
    "audit_log": TableRecord(
        holds="Who did what to which row and why; ids, no names and no numbers of customers",
        why="What operators did has to be provable; it cannot be shortened or changed.",
        kept=WITH_BOOKS,
        plain=("operator", "action", "subject"),
        # Reasons are free text: forgetting takes names and numbers out (forget_in_audit).
        personal={"reason": "", "details": ""},
        about="(subject = 'customer' AND subject_id = CAST(:customer AS bigint)"
        " OR subject = 'agent' AND subject_id = ANY(CAST(:agents AS bigint[])))",
    ),
    "cases": TableRecord(
        holds="What only a person can settle, by receipts and serial numbers",
        why="Operators see what was settled, and nothing is opened twice.",
        plain=("dedupe_key", "kind"),
        personal={"detail": GONE},
        about=OF_THEIR_PAYMENT,
        mentions=("detail",),
        rules=(Rule("closed_cases", 1095, "closed_at < :before"),),
    ),
    "token_orders": TableRecord(
        holds="Codes that operators ordered for a device, and why",
        why=BOOKS,
        kept=WITH_BOOKS,
        plain=("operator", "problem"),
        personal={"reason": GONE},
        about=OF_CUSTOMER,
        mentions=("reason",),
    ),
    "ordered_tokens": TableRecord(
        "Which code came of which order",
        BOOKS,
        WITH_BOOKS,
        about=f"order_id IN (SELECT id FROM token_orders WHERE {OF_CUSTOMER})",
    ),
    "act_rules": TableRecord("What one person may do alone at the console", CATALOGUE, FOR_GOOD),
    "operator_acts": TableRecord(
        holds="Acts that count for a day's limit or wait for a second person; what was typed",
        why="Limits of value and approvals; what was typed goes when a request ends.",
        plain=("ids",),
        personal={"typed": "'{}'", "reason": GONE},
        mentions=("typed", "reason"),
        rules=(
            Rule(
                "operator_acts",
                90,
                "state <> 'waiting' AND coalesce(decided_at, asked_at) < :before",
            ),
        ),
    ),
    "erasures": TableRecord(
        holds="Requests to forget a person: ids, who asked for it and why",
        why="That a request was answered has to be provable.",
        kept="the number until the request has ended; the rest is not personal",
        plain=("operator", "problem"),
        personal={"msisdn": "NULL", "reason": GONE},
    ),
    "circuits": TableRecord(
        holds="Which provider takes no calls, and its last code",
        why="Calls wait until it answers.",
        kept="until it answers",
        plain=("provider", "code"),
    ),
    "statement_pulls": TableRecord(
        "When a provider's list is asked for", BOOKS, FOR_GOOD, plain=("provider_account",)
    ),
    "held_movements": TableRecord(
        "Movements of a provider's statement that a person explains",
        BOOKS,
        WITH_BOOKS,
        plain=("provider_account", "receipt", "written"),
    ),
    "balance_assertions": TableRecord(
        "What a provider said it holds for us", BOOKS, WITH_BOOKS, plain=("provider_account",)
    ),
}
