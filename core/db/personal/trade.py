"""The tables of the trade: catalogue, devices, sales, payments, the ledger."""

from __future__ import annotations

from core.db.personal.record import (
    BOOKS,
    CATALOGUE,
    FOR_GOOD,
    GONE,
    OF_AGENT,
    OF_CUSTOMER,
    OF_THEIR_PAYMENT,
    WITH_BOOKS,
    Rule,
    TableRecord,
    held,
)

_OF_THEIR_SALE = f"sale_id IN (SELECT id FROM sales WHERE {OF_CUSTOMER})"
_PROMPTED = held("msisdn", "created_at")
IS_PAYER = (
    f"(payer_kind = 'msisdn' AND {held('payer', 'paid_at')}"
    " OR payer_kind = 'sha256' AND payer = ANY(CAST(:hashes AS text[])))"
)
# A masked number says too little to know whose it is: for a customer's own money it is theirs.
_HIDES_PAYER = f"{IS_PAYER} OR payer_kind = 'masked' AND {OF_CUSTOMER}"
_ACCOUNT = (
    "coalesce((SELECT serial FROM devices d WHERE d.id = device_id),"
    f" (SELECT account FROM customers c WHERE c.id = customer_id), {GONE})"
)
_THEIR_DEVICE = "device_id IN (SELECT id FROM devices WHERE owner_id = CAST(:customer AS bigint))"


def _of_nobody(*plain: str) -> TableRecord:
    return TableRecord(CATALOGUE, CATALOGUE, FOR_GOOD, plain=plain)


TRADE: dict[str, TableRecord] = {
    "prompts": TableRecord(
        holds="Number that was asked to approve a payment, for which device, and the outcome",
        why="Whose money it is; an unclear outcome is looked up.",
        kept="with the payment, where one came of it",
        plain=("account_reference", "network", "checkout_reference", "provider_code"),
        personal={
            "msisdn": f"CASE WHEN {held('msisdn', 'created_at')} THEN {GONE} ELSE msisdn END"
        },
        about=f"{OF_CUSTOMER} OR {held('msisdn', 'created_at')}",
        rules=(
            Rule(
                "unpaid_prompts",
                365,
                "created_at < :before AND payment_id IS NULL AND next_attempt_at IS NULL"
                " AND state NOT IN ('waiting', 'approved', 'sending', 'pending', 'unknown')",
            ),
        ),
    ),
    "payments": TableRecord(
        holds="The payer's number (open, masked or hashed), what was typed as account, the money",
        why=BOOKS,
        plain=("provider_account", "receipt", "source", "currency", "problem", "proof"),
        personal={
            "payer": f"CASE WHEN {_HIDES_PAYER} THEN NULL ELSE payer END",
            "payer_kind": f"CASE WHEN {_HIDES_PAYER} THEN 'none' ELSE payer_kind END",
            "account_raw": _ACCOUNT,
        },
        about=f"{OF_CUSTOMER} OR {IS_PAYER}",
        rules=(
            Rule(
                "payers",
                2555,
                "received_at < :before AND payer IS NOT NULL"
                " AND state NOT IN ('received', 'suspense', 'refunding')",
                {"payer": "NULL", "payer_kind": "'none'", "account_raw": _ACCOUNT},
            ),
        ),
    ),
    "payment_ids": TableRecord(
        "Ids and receipts of payments",
        "A receipt counts once.",
        WITH_BOOKS,
        plain=("provider_account", "receipt", "proof"),
        about=f"id IN (SELECT id FROM payments WHERE {OF_CUSTOMER})",
    ),
    "provider_words": TableRecord(
        "Why a payment was not believed, and what the provider said",
        BOOKS,
        WITH_BOOKS,
        about=OF_THEIR_PAYMENT,
    ),
    "clawbacks": TableRecord(
        "What is owed for money that was taken back", BOOKS, WITH_BOOKS, about=OF_CUSTOMER
    ),
    "payment_lines": TableRecord("What a payment did", BOOKS, WITH_BOOKS, about=OF_THEIR_PAYMENT),
    "payment_returns": TableRecord(
        "Money that went back", BOOKS, WITH_BOOKS, plain=("reference",), about=OF_THEIR_PAYMENT
    ),
    "payment_return_lines": TableRecord(
        "Which lines money that went back was of",
        BOOKS,
        WITH_BOOKS,
        about=f"return_id IN (SELECT id FROM payment_returns WHERE {OF_THEIR_PAYMENT})",
    ),
    "credit_acts": TableRecord(
        "Credit that was given back or moved",
        BOOKS,
        WITH_BOOKS,
        plain=("provider_account", "reference"),
        about=f"{OF_CUSTOMER} OR to_{OF_CUSTOMER}",
    ),
    "tokens": TableRecord(
        "Codes of a device, by the payment that bought them",
        "A code is shown and sent again, and proves what was bought.",
        WITH_BOOKS,
        plain=("text",),
        about=OF_THEIR_PAYMENT,
    ),
    "vends": TableRecord(
        "What a vendor was asked for a device, and what it said",
        "A code that may have been made is never asked for twice.",
        WITH_BOOKS,
        plain=("vendor", "account", "words", "vendor_reference", "decided_by", "typed_codes"),
        secret=("typed_codes",),
        about=OF_CUSTOMER,
    ),
    "serial_checks": TableRecord(
        "Whether a vendor has a device that an agent registers",
        "An agent asks a vendor only for so many serial numbers a day.",
        WITH_BOOKS,
        plain=("serial", "operator", "words"),
        about=f"agent_id = {OF_AGENT}",
    ),
    "vended_tokens": TableRecord(
        "Which codes came of a vend",
        "A code is shown and sent again, and proves what was bought.",
        WITH_BOOKS,
        about=f"vend_id IN (SELECT id FROM vends WHERE {OF_CUSTOMER})",
    ),
    "vendor_accounts": _of_nobody("vendor", "account", "actions", "code_digits"),
    "token_ids": TableRecord(
        "Ids and counters of codes",
        "A device takes each counter once.",
        WITH_BOOKS,
        about=OF_THEIR_PAYMENT,
    ),
    "ledger_accounts": _of_nobody("code"),
    "entry_ids": TableRecord(
        "Ids and keys of entries",
        "One event is booked once.",
        WITH_BOOKS,
        plain=("idempotency_key", "transaction_id"),
        about=f"id IN (SELECT entry_id FROM postings WHERE {OF_CUSTOMER})",
    ),
    "journal_entries": TableRecord(
        "Entries by ids and receipts",
        BOOKS,
        WITH_BOOKS,
        plain=("kind", "idempotency_key"),
        about=f"id IN (SELECT entry_id FROM postings WHERE {OF_CUSTOMER})",
    ),
    "postings": TableRecord(
        "Amounts by account and customer id",
        BOOKS,
        WITH_BOOKS,
        plain=("account",),
        about=OF_CUSTOMER,
    ),
    "refunds": TableRecord(
        "Refunds and what the provider said",
        BOOKS,
        WITH_BOOKS,
        plain=("client_reference", "provider_code"),
        about=OF_THEIR_PAYMENT,
    ),
    "devices": TableRecord(
        "Serial numbers, the present owner's id, sealed keys",
        "Codes are made for them.",
        WITH_BOOKS,
        plain=("serial", "sealed_key", "sts", "model", "test_code", "sealed_chain"),
        about="owner_id = CAST(:customer AS bigint)",
        secret=("sealed_key", "starting_code", "test_code", "sealed_chain"),
    ),
    "past_tariffs": TableRecord("Tariffs a meter was on", BOOKS, WITH_BOOKS, about=_THEIR_DEVICE),
    "ownership_changes": TableRecord(
        "Which customer id had a device when",
        "Money belongs to who had the device when it was paid.",
        WITH_BOOKS,
        about=f"from_{OF_CUSTOMER} OR to_{OF_CUSTOMER}",
    ),
    "sales": TableRecord(
        "What was sold to which customer id, by which agent id, on which plan",
        BOOKS,
        WITH_BOOKS,
        plain=("reference", "as_sold"),
        about=f"{OF_CUSTOMER} OR agent_id = {OF_AGENT}",
    ),
    "instalments": TableRecord("Instalments", BOOKS, WITH_BOOKS, about=_OF_THEIR_SALE),
    "access_charges": TableRecord("Access fees", BOOKS, WITH_BOOKS, about=OF_CUSTOMER),
    "manufacturers": _of_nobody("code", "name", "kinds", "token_family", "sts", "account"),
    "vending_keys": _of_nobody("sgc"),
    "tariffs": _of_nobody("code", "name"),
    "tariff_versions": _of_nobody(),
    "waterfalls": _of_nobody("steps"),
    "appliances": _of_nobody("code", "name"),
    "plan_offers": _of_nobody("code", "name"),
}
