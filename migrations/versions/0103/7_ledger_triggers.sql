-- The ledger: its accounts, and the triggers that keep it append-only, balanced and closed.

INSERT INTO ledger_accounts (code, normal_side) VALUES
    ('unapplied', 'credit'),
    ('suspense', 'credit'),
    ('customer_credit', 'credit'),
    ('refund_payable', 'credit'),
    ('receivable:sales', 'debit'),
    ('receivable:access', 'debit'),
    ('receivable:clawback', 'debit'),
    ('income:sales', 'credit'),
    ('income:access', 'credit'),
    ('income:energy', 'credit'),
    ('income:days', 'credit'),
    ('income:recovery', 'credit'),
    ('expense:discount', 'debit'),
    ('expense:bad_debt', 'debit'),
    ('expense:goodwill', 'debit'),
    ('expense:paid_twice', 'debit'),
    ('expense:commission', 'debit'),
    ('expense:provider_fee', 'debit'),
    ('unclassified', 'debit'),
    ('cash:office', 'debit'),
    ('bank', 'debit');

-- Receipt numbers of agents' cash.
CREATE SEQUENCE cash_receipts;
-- Receipt numbers of payments from credit.
CREATE SEQUENCE credit_receipts;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Write a reversing entry instead.';
END $$;

CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_entries_no_truncate BEFORE TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE ON postings
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_no_truncate BEFORE TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_lines_append_only BEFORE UPDATE OR DELETE ON payment_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payment_lines_no_truncate BEFORE TRUNCATE ON payment_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tokens_append_only BEFORE UPDATE OR DELETE ON tokens
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER tokens_no_truncate BEFORE TRUNCATE ON tokens
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The audit log is append-only too. Only forget_in_audit (below), which runs as the owner of the
-- table, takes names and numbers of a forgotten person out of what operators typed.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('dialwatt.forgetting', true) = 'on'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
       AND to_jsonb(NEW) - 'reason' - 'details' = to_jsonb(OLD) - 'reason' - 'details' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The value date of an entry, as far as its writer does not give it: now, or the beginning of the
-- given day. The date is that of the market.
CREATE FUNCTION fill_value_date() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    zone text := coalesce((SELECT timezone FROM market), 'UTC');
BEGIN
    IF NEW.value_at IS NULL THEN
        NEW.value_at := CASE
            WHEN NEW.value_on <> (NEW.posted_at AT TIME ZONE zone)::date
            THEN NEW.value_on::timestamp AT TIME ZONE zone ELSE NEW.posted_at END;
    END IF;
    NEW.value_on := (NEW.value_at AT TIME ZONE zone)::date;
    RETURN NEW;
END $$;

CREATE TRIGGER journal_entries_value_date BEFORE INSERT ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION fill_value_date();

-- Deferred to the commit, so that an entry and its postings may come in separate statements.
CREATE FUNCTION check_entry_balances() RETURNS trigger LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan AS $$
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
END $$;

CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry_balances();

-- An entry is closed once its transaction is over: no posting can be added, balanced or not.
CREATE FUNCTION check_entry_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added JOIN entry_ids e ON e.id = added.entry_id
        WHERE e.transaction_id <> pg_current_xact_id()::text
    ) THEN
        RAISE EXCEPTION 'a posting was added to a closed journal entry'
            USING ERRCODE = 'restrict_violation', HINT = 'Write an entry of its own.';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_closed_entry AFTER INSERT ON postings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_entry_is_open();

-- Whose a device is and its last change of hands agree at every commit.
CREATE TRIGGER ownership_changes_append_only BEFORE UPDATE OR DELETE ON ownership_changes
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ownership_changes_no_truncate BEFORE TRUNCATE ON ownership_changes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION check_ownership() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    SELECT to_customer_id INTO written FROM ownership_changes
     WHERE device_id = NEW.id ORDER BY id DESC LIMIT 1;
    IF written IS DISTINCT FROM (SELECT owner_id FROM devices WHERE id = NEW.id) THEN
        RAISE EXCEPTION 'device % changed hands without a row in ownership_changes', NEW.serial
            USING ERRCODE = 'check_violation', HINT = 'Use core.db.ownership.record_handovers.';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER devices_entered_owned AFTER INSERT ON devices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.owner_id IS NOT NULL)
    EXECUTE FUNCTION check_ownership();
CREATE CONSTRAINT TRIGGER devices_change_hands AFTER UPDATE OF owner_id ON devices
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_ownership();

-- Takes the numbers (given by their last digits) of a forgotten person out of all reasons and
-- details of the audit log, and the words of their name out of those of their own rows. It puts
-- `forgotten` there and changes nothing else. Returns how many rows it changed. Workers may call
-- it; it refuses whom no request in `erasures` names.
CREATE FUNCTION forget_in_audit(customer bigint, agents bigint[], numbers text[], names text[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    written text := (SELECT '\+?[0-9]{0,4}[ -]?('
        || string_agg(regexp_replace(number, '([0-9])(?=.)', '\1[ -]?', 'g'), '|') || ')'
        FROM unnest(numbers) AS number WHERE number ~ '^[0-9]{7,9}$');
    words text := (SELECT '\m(' || string_agg(regexp_replace(word, '([^[:alnum:] ])', '\\\1', 'g'), '|')
        || ')\M' FROM unnest(names) AS word WHERE char_length(word) >= 2);
    about text;
    more bigint;
    changed bigint := 0;
BEGIN
    -- Only in the transaction that does what an owner has ordered. Workers order nothing.
    IF EXISTS (SELECT FROM customers WHERE id = customer AND forgotten_at IS NULL)
       OR EXISTS (SELECT FROM agents a WHERE a.id = ANY (agents) AND a.forgotten_at IS NULL)
       OR NOT EXISTS (SELECT FROM erasures WHERE state = 'waiting'
                         AND right(msisdn, 9) = ANY (numbers)) THEN
        RAISE EXCEPTION 'only a person who is forgotten is taken out of the audit log'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('dialwatt.forgetting', 'on', true);
    FOREACH about IN ARRAY array_remove(ARRAY[written, words], NULL) LOOP
        UPDATE audit_log SET
            reason = regexp_replace(reason, about, 'forgotten', 'gi'),
            details = regexp_replace(details::text, about, 'forgotten', 'gi')::jsonb
         WHERE (reason ~* about OR details::text ~* about)
           AND (about = written OR subject = 'customer' AND subject_id = customer
                OR subject = 'agent' AND subject_id = ANY (agents));
        GET DIAGNOSTICS more = ROW_COUNT;
        changed := changed + more;
    END LOOP;
    PERFORM set_config('dialwatt.forgetting', '', true);
    RETURN changed;
END $$;
