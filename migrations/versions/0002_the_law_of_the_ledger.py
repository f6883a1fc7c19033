"""The law of the ledger: append-only, balanced at commit, closed after its own transaction.

Revision: 0002, after 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_ACCOUNTS = """
INSERT INTO ledger_accounts (code, normal_side) VALUES
    ('unapplied', 'credit'),
    ('suspense', 'credit'),
    ('customer_credit', 'credit'),
    ('receivable:sales', 'debit'),
    ('receivable:access', 'debit'),
    ('income:sales', 'credit'),
    ('income:access', 'credit'),
    ('income:energy', 'credit'),
    ('income:days', 'credit')
"""

_REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Write a reversing entry instead.';
END $$
"""

# Deferred, so that an entry and its postings may come in separate statements of one transaction.
_BALANCED = """
CREATE FUNCTION check_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    legs integer;
    difference numeric;
BEGIN
    SELECT count(*),
           coalesce(sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END), 0)
      INTO legs, difference FROM postings WHERE entry_id = NEW.id;
    IF legs < 2 OR difference <> 0 THEN
        RAISE EXCEPTION 'journal entry % (%) does not balance: % postings, debit - credit = %',
            NEW.id, NEW.kind, legs, difference USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""

# Once its transaction is over an entry is closed: nothing can be added, balanced or not.
_CLOSED = """
CREATE FUNCTION check_entry_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN journal_entries e ON e.id = added.entry_id
        WHERE e.transaction_id <> pg_current_xact_id()::text
    ) THEN
        RAISE EXCEPTION 'a posting was added to a closed journal entry'
            USING ERRCODE = 'restrict_violation', HINT = 'Write an entry of its own.';
    END IF;
    RETURN NULL;
END $$
"""

_APPEND_ONLY = ("journal_entries", "postings", "payment_lines", "tokens")


def upgrade() -> None:
    for statement in (_ACCOUNTS, _REFUSE_CHANGE, _BALANCED, _CLOSED):
        op.execute(statement)
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry_balances()"
    )
    op.execute(
        "CREATE TRIGGER postings_closed_entry AFTER INSERT ON postings"
        " REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_entry_is_open()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER postings_closed_entry ON postings")
    op.execute("DROP TRIGGER journal_entries_balance ON journal_entries")
    for table in _APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    for function in ("check_entry_is_open", "check_entry_balances", "refuse_change"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DELETE FROM ledger_accounts")
