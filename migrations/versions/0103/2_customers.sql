-- Agents, customers and their numbers.

-- `float_used_minor` is what an agent owes the operator (the balance of clearing:agent:<id>) and
-- `commission_minor` what is owed to the agent (commission:agent:<id>), both kept in the transaction
-- of every posting to those accounts and compared with them by `dialwatt doctor`. An agent who was
-- `forgotten_at` some instant has no name, and `forgotten:<id>` for a number.
CREATE TABLE agents (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    msisdn TEXT NOT NULL,
    name TEXT NOT NULL,
    surname TEXT NOT NULL,
    language TEXT NOT NULL,
    pin_hash TEXT NOT NULL,
    pin_is_initial BOOLEAN DEFAULT true NOT NULL,
    float_limit_minor BIGINT NOT NULL,
    commission_collections_bp INTEGER DEFAULT 0 NOT NULL,
    commission_sales_bp INTEGER DEFAULT 0 NOT NULL,
    villages TEXT[] DEFAULT '{}' NOT NULL,
    pin_misses INTEGER DEFAULT 0 NOT NULL,
    pin_locks INTEGER DEFAULT 0 NOT NULL,
    locked_until TIMESTAMP WITH TIME ZONE,
    float_used_minor BIGINT DEFAULT 0 NOT NULL,
    commission_minor BIGINT DEFAULT 0 NOT NULL,
    forgotten_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT agents_pkey PRIMARY KEY (id),
    CONSTRAINT agents_balances_check CHECK (float_used_minor >= 0 AND commission_minor >= 0),
    CONSTRAINT agents_figures_check CHECK (commission_collections_bp BETWEEN 0 AND 10000 AND
        commission_sales_bp BETWEEN 0 AND 10000 AND float_limit_minor >= 0),
    CONSTRAINT agents_msisdn_key UNIQUE (msisdn)
);

-- The language that a stranger (neither customer nor agent) has chosen, and when.
CREATE TABLE stranger_languages (
    msisdn TEXT NOT NULL,
    language TEXT NOT NULL,
    chosen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT stranger_languages_pkey PRIMARY KEY (msisdn)
);

CREATE TABLE villages (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT villages_pkey PRIMARY KEY (id),
    CONSTRAINT villages_code_key UNIQUE (code)
);

-- `credit_minor` is the balance of the customer_credit account for this customer, kept in the same
-- transaction as every posting to it; `dialwatt doctor` compares the two. `account` is what the
-- customer types to pay what they owe, without naming a device. `debts_changed_at`: when what they
-- owe was last changed otherwise than by a payment, a sale or the calendar. A person who was
-- `forgotten_at` some instant has no name and no number any more.
CREATE TABLE customers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    surname TEXT NOT NULL,
    village_id BIGINT,
    language TEXT NOT NULL,
    credit_minor BIGINT DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    account TEXT GENERATED ALWAYS AS (account_reference(id)) STORED NOT NULL,
    debts_changed_at TIMESTAMP WITH TIME ZONE,
    forgotten_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT customers_pkey PRIMARY KEY (id),
    CONSTRAINT customers_credit_check CHECK (credit_minor >= 0),
    CONSTRAINT customers_village_id_fkey FOREIGN KEY(village_id) REFERENCES villages (id),
    CONSTRAINT customers_account_key UNIQUE (account)
);
CREATE INDEX customers_name_idx ON customers (lower(name) text_pattern_ops);
CREATE INDEX customers_surname_idx ON customers (lower(surname) text_pattern_ops);

-- A registration an agent asked for by text, until the agent confirms it with the PIN from the menu;
-- or one that was confirmed at `confirmed_at` and waits until the vendor says whether it has the
-- device (serial_checks).
-- A meter has a tariff; anything else an appliance with its plan.
CREATE TABLE pending_registrations (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    agent_id BIGINT NOT NULL,
    serial TEXT NOT NULL,
    phone TEXT NOT NULL,
    village TEXT NOT NULL,
    name TEXT NOT NULL,
    surname TEXT NOT NULL,
    tariff TEXT,
    appliance TEXT,
    scheme TEXT,
    count INTEGER,
    instalment_minor BIGINT,
    cadence TEXT,
    down_payment_minor BIGINT DEFAULT 0 NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pending_registrations_pkey PRIMARY KEY (id),
    CONSTRAINT pending_registrations_scheme_check CHECK (scheme IN ('count', 'amount', 'service')),
    CONSTRAINT pending_registrations_cadence_check CHECK (cadence IN ('daily', 'weekly',
        'monthly')),
    CONSTRAINT pending_registrations_agent_id_serial_key UNIQUE (agent_id, serial),
    CONSTRAINT pending_registrations_terms_check CHECK ((tariff IS NULL) = (appliance IS NOT NULL)
        AND (appliance IS NULL OR (cadence IS NOT NULL AND CASE scheme WHEN 'count' THEN count > 0
        WHEN 'amount' THEN instalment_minor > 0 WHEN 'service' THEN true ELSE false END))),
    CONSTRAINT pending_registrations_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES agents (id)
);

-- The number with the lowest position is where texts go. M-Pesa tells us a payer only as the hash of
-- the number's digits, so that a payer we know can be found by it.
CREATE TABLE customer_msisdns (
    msisdn TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    position INTEGER DEFAULT 0 NOT NULL,
    sha256 TEXT GENERATED ALWAYS AS (encode(sha256(decode(substr(msisdn, 2), 'escape')), 'hex'))
        STORED,
    CONSTRAINT customer_msisdns_pkey PRIMARY KEY (msisdn),
    CONSTRAINT customer_msisdns_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT customer_msisdns_sha256_key UNIQUE (sha256)
);
CREATE INDEX customer_msisdns_customer_id_idx ON customer_msisdns (customer_id, position);

-- A number that was a customer's until then: texts to it are part of that customer's history, and of
-- nobody's who got the number later.
CREATE TABLE past_msisdns (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    msisdn TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    held_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT past_msisdns_pkey PRIMARY KEY (id),
    CONSTRAINT past_msisdns_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
);
CREATE INDEX past_msisdns_customer_id_idx ON past_msisdns (customer_id);
CREATE INDEX past_msisdns_msisdn_idx ON past_msisdns (msisdn);

CREATE TABLE problem_reports (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    msisdn TEXT NOT NULL,
    body TEXT NOT NULL,
    customer_id BIGINT,
    reported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT problem_reports_pkey PRIMARY KEY (id),
    CONSTRAINT problem_reports_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
);
CREATE INDEX problem_reports_customer_id_idx ON problem_reports (customer_id);
