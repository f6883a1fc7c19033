-- What operators answer for: the audit log, cases, clawbacks, token orders, console users.

-- What one person may do alone (core.act); without the row the defaults of the market count. NULL in
-- a daily limit: none.
CREATE TABLE act_rules (
    id INTEGER NOT NULL,
    second_person TEXT NOT NULL,
    large_minor BIGINT NOT NULL,
    owner_daily_minor BIGINT,
    finance_daily_minor BIGINT,
    support_daily_minor BIGINT,
    CONSTRAINT act_rules_pkey PRIMARY KEY (id),
    CONSTRAINT act_rules_second_person_check CHECK (second_person IN ('required', 'off')),
    CONSTRAINT act_rules_only_one_check CHECK (id = 1),
    CONSTRAINT act_rules_large_check CHECK (large_minor >= 0)
);

-- Append-only: who did what, to which row, and why.
CREATE TABLE audit_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    acted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    operator TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    details JSONB DEFAULT '{}' NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id)
);
CREATE INDEX audit_log_subject_idx ON audit_log (subject, subject_id);

-- What is written to the audit log at most once an hour, such as a look at a customer's page: `key`
-- begins with the hour.
CREATE TABLE audit_once (
    key TEXT NOT NULL,
    noted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT audit_once_pkey PRIMARY KEY (key)
);

-- What a provider says it holds for us at an instant, and the ledger's balance at the same instant.
CREATE TABLE balance_assertions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    provider_account TEXT NOT NULL,
    stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    stated_minor BIGINT NOT NULL,
    booked_minor BIGINT NOT NULL,
    late_minor BIGINT NOT NULL,
    asserted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT balance_assertions_pkey PRIMARY KEY (id),
    CONSTRAINT balance_assertions_provider_account_stated_at_key UNIQUE (provider_account,
        stated_at)
);

-- The circuit of each provider that workers call: `failures` calls failed in a row, the last with
-- `code`. Since `open_since` it is called at `probe_at` only, once, until a call succeeds.
CREATE TABLE circuits (
    provider TEXT NOT NULL,
    failures INTEGER NOT NULL,
    code TEXT NOT NULL,
    open_since TIMESTAMP WITH TIME ZONE,
    probe_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT circuits_pkey PRIMARY KEY (provider)
);

-- `login_epoch` is carried by every login: raising it ends all of a person's logins at once.
-- `password_is_initial`: another person knows it, and it is changed at the next login. `totp_sealed`
-- is the secret of the second factor, encrypted; no code of `totp_step` (a count of 30 s) or before
-- is accepted again. `recovery_hashes`: of the recovery codes that are left. `known_networks`: a
-- hash of each of the last networks that this person logged in from.
CREATE TABLE console_users (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    password_is_initial BOOLEAN DEFAULT false NOT NULL,
    login_epoch INTEGER DEFAULT 0 NOT NULL,
    totp_sealed TEXT,
    totp_step BIGINT DEFAULT 0 NOT NULL,
    totp_since TIMESTAMP WITH TIME ZONE,
    recovery_hashes TEXT[] DEFAULT '{}' NOT NULL,
    known_networks TEXT[] DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT console_users_pkey PRIMARY KEY (id),
    CONSTRAINT console_users_role_check CHECK (role IN ('owner', 'finance', 'support',
        'read_only')),
    CONSTRAINT console_users_name_check CHECK (name ~ '^[a-z0-9._-]{2,40}$'),
    CONSTRAINT console_users_totp_check CHECK ((totp_sealed IS NULL) = (totp_since IS NULL)),
    CONSTRAINT console_users_name_key UNIQUE (name)
);

-- A movement on a provider's statement of a type that the product does not book by itself: a person
-- says what it was. `written`: the provider's own word for the type. `booked_as`: what the person
-- said; nothing was booked for `nothing`.
CREATE TABLE held_movements (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    provider_account TEXT NOT NULL,
    receipt TEXT NOT NULL,
    written TEXT NOT NULL,
    direction TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    held_at TIMESTAMP WITH TIME ZONE NOT NULL,
    booked_as TEXT,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT held_movements_pkey PRIMARY KEY (id),
    CONSTRAINT held_movements_direction_check CHECK (direction IN ('in', 'out')),
    CONSTRAINT held_movements_booked_as_check CHECK (booked_as IN ('settlement', 'fee',
        'unclassified', 'nothing')),
    CONSTRAINT held_movements_provider_account_receipt_written_direction_key UNIQUE
        (provider_account, receipt, written, direction),
    CONSTRAINT held_movements_receipt_check CHECK (receipt = upper(receipt)),
    CONSTRAINT held_movements_amount_check CHECK (amount_minor > 0),
    CONSTRAINT held_movements_ended_check CHECK ((booked_as IS NULL) = (ended_at IS NULL))
);

-- Forms of the console that were saved, each once: `token` was made when the form was shown,
-- `digest` is a hash of what was typed. The same again is answered with `message` at `location`.
CREATE TABLE saved_forms (
    token TEXT NOT NULL,
    digest TEXT NOT NULL,
    message TEXT DEFAULT '' NOT NULL,
    location TEXT DEFAULT '' NOT NULL,
    saved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT saved_forms_pkey PRIMARY KEY (token)
);

-- When a provider's list of payments is asked for next, by receiving account.
CREATE TABLE statement_pulls (
    provider_account TEXT NOT NULL,
    next_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT statement_pulls_pkey PRIMARY KEY (provider_account)
);

-- The accounts with vendors that the workers have credentials for, and what each can do
-- (core.vend.VendorAbilities). Workers write it when they start.
CREATE TABLE vendor_accounts (
    vendor TEXT NOT NULL,
    account TEXT NOT NULL,
    actions TEXT[] NOT NULL,
    pushes_credit BOOLEAN NOT NULL,
    repeat_is_safe BOOLEAN NOT NULL,
    can_look_up BOOLEAN NOT NULL,
    can_check BOOLEAN NOT NULL,
    can_list BOOLEAN NOT NULL,
    needs_date BOOLEAN NOT NULL,
    code_digits INTEGER[] NOT NULL,
    at_once INTEGER NOT NULL,
    set_up_at TIMESTAMP WITH TIME ZONE NOT NULL,
    audited_until TIMESTAMP WITH TIME ZONE,
    next_audit_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT vendor_accounts_pkey PRIMARY KEY (vendor, account),
    CONSTRAINT vendor_accounts_at_once_check CHECK (at_once > 0)
);

-- Something only an operator can settle. `dedupe_key` names what it is about: one key, one case.
CREATE TABLE cases (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    dedupe_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    payment_id BIGINT,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT cases_pkey PRIMARY KEY (id),
    CONSTRAINT cases_dedupe_key_key UNIQUE (dedupe_key),
    CONSTRAINT cases_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id) DEFERRABLE
        INITIALLY DEFERRED
);
CREATE INDEX cases_open_idx ON cases (opened_at) WHERE closed_at IS NULL;
CREATE INDEX cases_payment_id_idx ON cases (payment_id);

-- Acts of operators: done alone, with their value for the limit of the day, or asked for and
-- approved by another person. `ids` and `typed` make up the form again; `typed` is emptied when the
-- request ends.
CREATE TABLE operator_acts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    act TEXT NOT NULL,
    user_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    value_minor BIGINT NOT NULL,
    ids JSONB DEFAULT '{}' NOT NULL,
    typed JSONB DEFAULT '{}' NOT NULL,
    reason TEXT DEFAULT '' NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    decided_by BIGINT,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT operator_acts_pkey PRIMARY KEY (id),
    CONSTRAINT operator_acts_act_check CHECK (act IN ('order_token', 'replace_device',
        'match_payment', 'refund', 'record_return', 'give_credit_back', 'move_credit',
        'reprice_sale', 'discount_sale', 'settle_sale', 'cancel_sale', 'repossess_sale',
        'write_off_sale', 'waive_fee', 'write_off_clawback', 'close_case', 'ask_vendor_again',
        'give_vend_back', 'take_payment', 'settle_agent', 'pay_commission', 'write_off_shortfall',
        'set_float_limit', 'set_act_rules')),
    CONSTRAINT operator_acts_state_check CHECK (state IN ('done', 'waiting', 'approved', 'refused',
        'withdrawn', 'expired')),
    CONSTRAINT operator_acts_value_check CHECK (value_minor >= 0),
    CONSTRAINT operator_acts_expires_check CHECK ((state = 'done') = (expires_at IS NULL)),
    CONSTRAINT operator_acts_decided_check CHECK ((state IN ('done', 'waiting')) = (decided_at IS
        NULL)),
    CONSTRAINT operator_acts_second_person_check CHECK (state <> 'approved' OR (decided_by IS NOT
        NULL AND decided_by <> user_id)),
    CONSTRAINT operator_acts_user_id_fkey FOREIGN KEY(user_id) REFERENCES console_users (id),
    CONSTRAINT operator_acts_decided_by_fkey FOREIGN KEY(decided_by) REFERENCES console_users (id)
);
CREATE INDEX operator_acts_decided_by_idx ON operator_acts (decided_by);
CREATE INDEX operator_acts_user_id_idx ON operator_acts (user_id, asked_at);
CREATE INDEX operator_acts_waiting_idx ON operator_acts (expires_at) WHERE state = 'waiting';

-- Money on its way back. `client_reference` is fixed before the provider is asked; `origin_state` is
-- the payment's state to return to should the provider refuse.
CREATE TABLE refunds (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    payment_id BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    origin_state TEXT NOT NULL,
    client_reference TEXT NOT NULL,
    state TEXT DEFAULT 'requested' NOT NULL,
    provider_code TEXT,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT refunds_pkey PRIMARY KEY (id),
    CONSTRAINT refunds_origin_state_check CHECK (origin_state IN ('received', 'suspense')),
    CONSTRAINT refunds_state_check CHECK (state IN ('requested', 'sending', 'unknown', 'done',
        'failed')),
    CONSTRAINT refunds_amount_check CHECK (amount_minor > 0),
    CONSTRAINT refunds_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT refunds_client_reference_key UNIQUE (client_reference)
);
CREATE UNIQUE INDEX refunds_payment_key ON refunds (payment_id) WHERE state NOT IN ('done',
    'failed');
CREATE INDEX refunds_waiting_idx ON refunds (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- Whether a vendor has a device: asked by a worker for an agent who registers it, or an operator who
-- enters it. An agent's registration waits for the answer in `pending_registrations`.
CREATE TABLE serial_checks (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    serial TEXT NOT NULL,
    kind TEXT NOT NULL,
    manufacturer_id BIGINT NOT NULL,
    agent_id BIGINT,
    operator TEXT,
    state TEXT DEFAULT 'asking' NOT NULL,
    words TEXT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT serial_checks_pkey PRIMARY KEY (id),
    CONSTRAINT serial_checks_kind_check CHECK (kind IN ('meter', 'shs', 'e_bike')),
    CONSTRAINT serial_checks_state_check CHECK (state IN ('asking', 'found', 'not_found',
        'no_answer')),
    CONSTRAINT serial_checks_serial_manufacturer_id_key UNIQUE (serial, manufacturer_id),
    CONSTRAINT serial_checks_who_check CHECK ((agent_id IS NULL) <> (operator IS NULL)),
    CONSTRAINT serial_checks_answered_check CHECK ((state = 'asking') = (next_attempt_at IS NOT
        NULL) AND (state = 'asking') = (answered_at IS NULL)),
    CONSTRAINT serial_checks_manufacturer_id_fkey FOREIGN KEY(manufacturer_id) REFERENCES
        manufacturers (id),
    CONSTRAINT serial_checks_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES agents (id)
);
CREATE INDEX serial_checks_agent_id_idx ON serial_checks (agent_id, asked_at);
CREATE INDEX serial_checks_due_idx ON serial_checks (next_attempt_at) WHERE next_attempt_at IS NOT
    NULL;

-- Requests to forget a person: done by a worker, or refused with the code of the refusal. `msisdn`
-- is the number that was named, until the request has ended; then only the ids say who it was.
CREATE TABLE erasures (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    msisdn TEXT,
    customer_id BIGINT,
    agent_id BIGINT,
    operator TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    problem TEXT,
    ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT erasures_pkey PRIMARY KEY (id),
    CONSTRAINT erasures_state_check CHECK (state IN ('waiting', 'done', 'refused')),
    CONSTRAINT erasures_ended_check CHECK ((state = 'waiting') = (ended_at IS NULL) AND (state =
        'waiting') = (msisdn IS NOT NULL)),
    CONSTRAINT erasures_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT erasures_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES agents (id)
);
CREATE UNIQUE INDEX erasures_waiting_key ON erasures (msisdn) WHERE state = 'waiting';

-- A code that an operator orders, until a worker has made it. `units`: tenths of a kWh or days; 0
-- for the others. `customer_id` had the device when it was ordered: it is made for no other one.
-- Of each kind one at a time is waited for on a device: ordering twice is one order.
CREATE TABLE token_orders (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    device_id BIGINT NOT NULL,
    customer_id BIGINT,
    kind TEXT NOT NULL,
    units INTEGER NOT NULL,
    value_minor BIGINT DEFAULT 0 NOT NULL,
    operator TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    problem TEXT,
    ordered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT token_orders_pkey PRIMARY KEY (id),
    CONSTRAINT token_orders_kind_check CHECK (kind IN ('energy', 'days', 'unlock', 'lock',
        'set_days', 'sync', 'wipe_state', 'wipe_ids', 'wipe_all', 'clear_credit', 'clear_tamper')),
    CONSTRAINT token_orders_state_check CHECK (state IN ('waiting', 'made', 'failed')),
    CONSTRAINT token_orders_units_check CHECK (CASE WHEN kind IN ('energy', 'days', 'set_days') THEN
        units > 0 ELSE units = 0 END),
    CONSTRAINT token_orders_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT token_orders_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
);
CREATE INDEX token_orders_customer_id_idx ON token_orders (customer_id) WHERE state = 'waiting';
CREATE INDEX token_orders_device_id_idx ON token_orders (device_id);
CREATE UNIQUE INDEX token_orders_waiting_key ON token_orders (device_id, kind) WHERE state =
    'waiting';

-- Which tokens came of an order, one row for each.
CREATE TABLE ordered_tokens (
    token_id BIGINT NOT NULL,
    order_id BIGINT NOT NULL,
    CONSTRAINT ordered_tokens_pkey PRIMARY KEY (token_id),
    CONSTRAINT ordered_tokens_token_id_fkey FOREIGN KEY(token_id) REFERENCES token_ids (id)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT ordered_tokens_order_id_fkey FOREIGN KEY(order_id) REFERENCES token_orders (id)
);
CREATE INDEX ordered_tokens_order_id_idx ON ordered_tokens (order_id);

-- What a vendor's server is asked for a device: for a payment that bought it, or for an operator's
-- order. `asked` is committed before the socket opens; what may have been done is `unknown`: it is
-- looked up, or asked again where that is one vend all the same, or decided by a person (then
-- nothing is due: `next_attempt_at` is empty). `handle` is ours and stays the same. `vendor` and
-- `account` are those that were asked last. `units`: tenths of a kWh, or days; 0 otherwise.
-- `until_at`: the instant to which it is paid, for vendors that are told a date. `asks` counts how
-- often a socket may have been opened; `words` are the vendor's last, `vendor_reference` its name
-- for what was done, `pushed` whether without a code; `given_back`: its money became credit.
-- `decided_by`: the operator who said how it
-- ended; `typed_codes`: those that they typed, until a worker has stored them as tokens.
CREATE TABLE vends (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    handle UUID DEFAULT gen_random_uuid() NOT NULL,
    device_id BIGINT NOT NULL,
    customer_id BIGINT,
    payment_id BIGINT,
    order_id BIGINT,
    kind TEXT NOT NULL,
    units INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    until_at TIMESTAMP WITH TIME ZONE,
    state TEXT DEFAULT 'waiting' NOT NULL,
    vendor TEXT,
    account TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    asks INTEGER DEFAULT 0 NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    words TEXT,
    vendor_reference TEXT,
    pushed BOOLEAN DEFAULT false NOT NULL,
    given_back BOOLEAN DEFAULT false NOT NULL,
    decided_by TEXT,
    typed_codes TEXT[],
    CONSTRAINT vends_pkey PRIMARY KEY (id),
    CONSTRAINT vends_kind_check CHECK (kind IN ('energy', 'days', 'unlock', 'lock', 'clear_credit',
        'clear_tamper')),
    CONSTRAINT vends_state_check CHECK (state IN ('waiting', 'asked', 'unknown', 'done', 'refused',
        'withdrawn')),
    CONSTRAINT vends_reason_check CHECK (reason IN ('unknown_device', 'not_possible', 'amount',
        'other', 'credentials', 'account_empty')),
    CONSTRAINT vends_payment_id_device_id_kind_key UNIQUE (payment_id, device_id, kind),
    CONSTRAINT vends_order_id_key UNIQUE (order_id),
    CONSTRAINT vends_what_for_check CHECK ((payment_id IS NULL) <> (order_id IS NULL)),
    CONSTRAINT vends_units_check CHECK (amount_minor >= 0 AND asks >= 0 AND CASE WHEN kind IN
        ('energy', 'days') THEN units > 0 ELSE units = 0 END),
    CONSTRAINT vends_ended_check CHECK ((state IN ('done', 'refused', 'withdrawn')) = (ended_at IS
        NOT NULL) AND (ended_at IS NULL OR next_attempt_at IS NULL) AND (next_attempt_at IS NOT NULL
        OR state NOT IN ('waiting', 'asked'))),
    CONSTRAINT vends_asked_check CHECK (state NOT IN ('asked', 'unknown') OR (asks > 0 AND asked_at
        IS NOT NULL AND vendor IS NOT NULL AND account IS NOT NULL)),
    CONSTRAINT vends_pushed_check CHECK (NOT pushed OR state = 'done'),
    CONSTRAINT vends_given_back_check CHECK (NOT given_back OR state = 'withdrawn'),
    CONSTRAINT vends_typed_codes_check CHECK (typed_codes IS NULL OR state = 'unknown'),
    CONSTRAINT vends_handle_key UNIQUE (handle),
    CONSTRAINT vends_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT vends_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT vends_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id) DEFERRABLE
        INITIALLY DEFERRED,
    CONSTRAINT vends_order_id_fkey FOREIGN KEY(order_id) REFERENCES token_orders (id)
);
CREATE INDEX vends_asked_at_idx ON vends (vendor, account, asked_at);
CREATE INDEX vends_customer_id_idx ON vends (customer_id);
CREATE INDEX vends_device_id_idx ON vends (device_id);
CREATE INDEX vends_due_idx ON vends (next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX vends_open_idx ON vends (created_at) WHERE ended_at IS NULL;
CREATE INDEX vends_vendor_reference_idx ON vends (vendor_reference) WHERE vendor_reference IS NOT
    NULL;

-- Which codes came of a vend, in the order in which they are typed.
CREATE TABLE vended_tokens (
    token_id BIGINT NOT NULL,
    vend_id BIGINT NOT NULL,
    part SMALLINT NOT NULL,
    CONSTRAINT vended_tokens_pkey PRIMARY KEY (token_id),
    CONSTRAINT vended_tokens_vend_id_part_key UNIQUE (vend_id, part),
    CONSTRAINT vended_tokens_part_check CHECK (part > 0),
    CONSTRAINT vended_tokens_token_id_fkey FOREIGN KEY(token_id) REFERENCES token_ids (id)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT vended_tokens_vend_id_fkey FOREIGN KEY(vend_id) REFERENCES vends (id)
);
