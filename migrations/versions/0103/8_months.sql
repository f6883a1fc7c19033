-- Tables that are cut by months, and the narrow tables of their ids and keys (core/db/tables/keys.py).
-- A row of a month whose table is missing is written to the default one, and moved when it is made.

-- A key that another row has is refused by the narrow table. Keys that the statement itself has
-- claimed are there already.
CREATE FUNCTION keep_payment_ids() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO payment_ids (id, provider_account, receipt, proof)
    SELECT id, provider_account, receipt, proof FROM added a WHERE NOT EXISTS (
        SELECT FROM payment_ids k WHERE k.id = a.id AND k.provider_account = a.provider_account
           AND k.receipt = a.receipt AND k.proof IS NOT DISTINCT FROM a.proof);
    RETURN NULL;
END $$;
CREATE TRIGGER payments_ids AFTER INSERT ON payments
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_payment_ids();

CREATE FUNCTION keep_entry_ids() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO entry_ids (id, idempotency_key) SELECT id, idempotency_key FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_entries_ids AFTER INSERT ON journal_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_entry_ids();

CREATE FUNCTION keep_token_ids() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO token_ids (id, device_id, counter, payment_id, part)
    SELECT id, device_id, counter, payment_id, part FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER tokens_ids AFTER INSERT ON tokens
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_token_ids();

CREATE FUNCTION keep_sms_ids() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO sms_ids (id, dedupe_key, provider_message_id)
    SELECT id, dedupe_key, provider_message_id FROM added a WHERE NOT EXISTS (
        SELECT FROM sms_ids k WHERE k.id = a.id AND k.dedupe_key = a.dedupe_key
           AND k.provider_message_id IS NOT DISTINCT FROM a.provider_message_id);
    RETURN NULL;
END $$;
CREATE TRIGGER sms_ids AFTER INSERT ON sms
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_sms_ids();

CREATE FUNCTION keep_provider_message_id() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE sms_ids SET provider_message_id = NEW.provider_message_id WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER sms_provider_message_id AFTER UPDATE OF provider_message_id ON sms FOR EACH ROW
    WHEN (NEW.provider_message_id IS DISTINCT FROM OLD.provider_message_id)
    EXECUTE FUNCTION keep_provider_message_id();

CREATE TABLE payments_default PARTITION OF payments DEFAULT;
CREATE TABLE payment_lines_default PARTITION OF payment_lines DEFAULT;
CREATE TABLE journal_entries_default PARTITION OF journal_entries DEFAULT;
CREATE TABLE postings_default PARTITION OF postings DEFAULT;
CREATE TABLE tokens_default PARTITION OF tokens DEFAULT;
CREATE TABLE sms_default PARTITION OF sms DEFAULT;

-- The least id of a month.
CREATE FUNCTION first_id(day date) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT to_char(day, 'YYMM')::bigint * 10000000000
$$;

-- Makes the table of a month for each table that is cut by months, as far as they are missing, and
-- moves rows there that the default one took meanwhile. Returns how many tables it made. Waits
-- half a second at most for a lock, so that no one waits long behind it.
CREATE FUNCTION make_month(month date) RETURNS integer LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    first_day date := date_trunc('month', month);
    least bigint := first_id(first_day);
    beyond bigint := first_id((first_day + interval '1 month')::date);
    parent text;
    id_column text;
    part text;
    columns text;
    stray boolean;
    made integer := 0;
BEGIN
    FOR parent, id_column IN SELECT c.relname, a.attname
        FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]
        WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname
    LOOP
        part := parent || to_char(first_day, '_YYMM');
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
        EXECUTE format('SELECT EXISTS (SELECT FROM %1$I WHERE %2$I >= %3$s AND %2$I < %4$s)',
            parent || '_default', id_column, least, beyond) INTO stray;
        IF stray THEN
            EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, parent || '_default');
            SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
             WHERE attrelid = parent::regclass AND attnum > 0 AND NOT attisdropped
               AND attgenerated = '';
            EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$s AND %2$I < %4$s'
                ' RETURNING *) INSERT INTO %5$I (%6$s) SELECT %6$s FROM moved',
                parent || '_default', id_column, least, beyond, part, columns);
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
            parent, part, least, beyond);
        IF stray THEN
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I DEFAULT', parent, parent || '_default');
        END IF;
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

-- Drops the oldest month of SMS if all of them were created before that instant and none is still to
-- be sent. Returns its first day, or NULL if there is none to drop.
CREATE FUNCTION drop_sms_month(before timestamptz) RETURNS date LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    oldest text := (SELECT min(inhrelid::regclass::text) FROM pg_inherits
                     WHERE inhparent = 'sms'::regclass AND inhrelid <> 'sms_default'::regclass);
    first_day date := to_date(right(oldest, 4), 'YYMM');
    kept boolean;
BEGIN
    IF oldest IS NULL OR first_day + interval '1 month' > least(before, now()) AT TIME ZONE 'UTC' THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE created_at >= $1'
        ' OR state IN (''waiting'', ''sending''))', oldest) INTO kept USING before;
    IF kept THEN
        RETURN NULL;
    END IF;
    EXECUTE format('DROP TABLE %I', oldest);
    RETURN first_day;
END $$;

-- The months, as numbers (2612 for December 2026), of rows that found no table of theirs, and which
-- table has such rows. A role has rights to the whole table and not to its parts.
CREATE FUNCTION stray_months() RETURNS TABLE (parent text, month bigint) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT 'sms', id / 10000000000 FROM sms_default
    UNION SELECT 'payments', id / 10000000000 FROM payments_default
    UNION SELECT 'payment_lines', payment_id / 10000000000 FROM payment_lines_default
    UNION SELECT 'tokens', id / 10000000000 FROM tokens_default
    UNION SELECT 'journal_entries', id / 10000000000 FROM journal_entries_default
    UNION SELECT 'postings', entry_id / 10000000000 FROM postings_default
$$;
