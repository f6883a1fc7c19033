-- References that people read off and type: a check digit shows any one slip.

-- Digits with the check digit of H. Michael Damm (2004) behind them: one wrong digit, or two
-- neighbours swapped, never gives digits with a right check digit.
CREATE FUNCTION with_check_digit(digits text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT AS $$
DECLARE
    rows CONSTANT text := '0317598642' || '7092154863' || '4206871359' || '1750983426'
        || '6123045978' || '3674209581' || '5869720134' || '8945362017' || '9438617205'
        || '2581436790';
    interim integer := 0;
BEGIN
    FOR place IN 1..length(digits) LOOP
        interim := substr(rows, 10 * interim + substr(digits, place, 1)::integer + 1, 1)::integer;
    END LOOP;
    RETURN digits || interim;
END $$;

-- AC and eight digits. The numbers of customers are scattered over all seven-digit ones, so that a
-- reference does not tell its neighbour's. Always of one length: a digit more or less is none.
-- The search path is fixed, because a dump is restored without one.
CREATE FUNCTION account_reference(customer_id bigint) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT SET search_path FROM CURRENT AS $$
    SELECT 'AC' || with_check_digit(
        lpad(((customer_id * 7654321 + 1234567) % 10000000)::text, 7, '0'))
$$;

-- DW and ten digits: what a payer's phone shows for a prompt whose serial number does not fit.
CREATE FUNCTION prompt_reference(prompt_id bigint) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT SET search_path FROM CURRENT AS $$
    SELECT 'DW' || with_check_digit(lpad(prompt_id::text, 9, '0'))
$$;

-- The id of a row in a table that is cut by months (8_months.sql): year and month in UTC, then the
-- ten digits that the table's sequence gives. 26120000000123 was written in December 2026.
CREATE FUNCTION month_id(number bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT to_char(now() AT TIME ZONE 'UTC', 'YYMM')::bigint * 10000000000 + number
$$;

CREATE SEQUENCE payments_id_seq MAXVALUE 9999999999 CYCLE;
CREATE SEQUENCE journal_entries_id_seq MAXVALUE 9999999999 CYCLE;
CREATE SEQUENCE postings_id_seq;
CREATE SEQUENCE tokens_id_seq MAXVALUE 9999999999 CYCLE;
CREATE SEQUENCE sms_id_seq MAXVALUE 9999999999 CYCLE;
