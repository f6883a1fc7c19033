-- The double-entry ledger, payments, tokens, prompts and refunds.

-- `transaction_id`: the database's transaction that wrote the entry; after it the entry is closed.
CREATE TABLE entry_ids (
    id BIGINT NOT NULL,
    idempotency_key TEXT NOT NULL,
    transaction_id TEXT DEFAULT pg_current_xact_id()::text NOT NULL,
    CONSTRAINT entry_ids_pkey PRIMARY KEY (id),
    CONSTRAINT entry_ids_idempotency_key_key UNIQUE (idempotency_key)
);

-- `idempotency_key` names the event: one event, one entry, for ever. `posted_at` is when it was
-- written; `value_at` when it happened for the outside world, and `value_on` the market's date then.
CREATE TABLE journal_entries (
    id BIGINT DEFAULT month_id(nextval('journal_entries_id_seq')) NOT NULL,
    kind TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    value_at TIMESTAMP WITH TIME ZONE NOT NULL,
    value_on DATE NOT NULL,
    CONSTRAINT journal_entries_pkey PRIMARY KEY (id)
)
 PARTITION BY RANGE (id);

CREATE TABLE ledger_accounts (
    code TEXT NOT NULL,
    normal_side TEXT NOT NULL,
    CONSTRAINT ledger_accounts_pkey PRIMARY KEY (code),
    CONSTRAINT ledger_accounts_normal_side_check CHECK (normal_side IN ('debit', 'credit'))
);

CREATE TABLE payment_ids (
    id BIGINT NOT NULL,
    provider_account TEXT NOT NULL,
    receipt TEXT NOT NULL,
    proof TEXT,
    CONSTRAINT payment_ids_pkey PRIMARY KEY (id),
    CONSTRAINT payment_ids_provider_account_receipt_key UNIQUE (provider_account, receipt),
    CONSTRAINT payment_ids_proof_key UNIQUE (proof)
);
CREATE INDEX payment_ids_receipt_idx ON payment_ids (receipt);

CREATE TABLE sms_ids (
    id BIGINT NOT NULL,
    dedupe_key TEXT NOT NULL,
    provider_message_id TEXT,
    CONSTRAINT sms_ids_pkey PRIMARY KEY (id),
    CONSTRAINT sms_ids_dedupe_key_key UNIQUE (dedupe_key),
    CONSTRAINT sms_ids_provider_message_id_key UNIQUE (provider_message_id)
);

CREATE TABLE token_ids (
    id BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    counter BIGINT,
    payment_id BIGINT,
    part SMALLINT NOT NULL,
    CONSTRAINT token_ids_pkey PRIMARY KEY (id),
    CONSTRAINT token_ids_device_id_counter_key UNIQUE (device_id, counter),
    CONSTRAINT token_ids_payment_id_device_id_part_key UNIQUE (payment_id, device_id, part)
);

-- Money of a payment that went back, part by part. `excess_minor` also left the account, though the
-- payment had no more: the customer owes it. `reference` is the receipt of this way back.
CREATE TABLE payment_returns (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    payment_id BIGINT NOT NULL,
    number SMALLINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    excess_minor BIGINT DEFAULT 0 NOT NULL,
    source TEXT NOT NULL,
    reference TEXT,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    booked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT payment_returns_pkey PRIMARY KEY (id),
    CONSTRAINT payment_returns_source_check CHECK (source IN ('provider', 'bank', 'office')),
    CONSTRAINT payment_returns_payment_id_number_key UNIQUE (payment_id, number),
    CONSTRAINT payment_returns_payment_id_source_reference_key UNIQUE (payment_id, source,
        reference),
    CONSTRAINT payment_returns_amounts_check CHECK (amount_minor >= 0 AND excess_minor >= 0 AND
        amount_minor + excess_minor > 0),
    CONSTRAINT payment_returns_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX payment_returns_reference_idx ON payment_returns (reference);

-- A payment that was not believed when it was announced, and what became of asking the provider for
-- its own word. Its payment is on hold until the word comes or a person decides.
CREATE TABLE provider_words (
    payment_id BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    asked_for_at TIMESTAMP WITH TIME ZONE NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT provider_words_pkey PRIMARY KEY (payment_id),
    CONSTRAINT provider_words_reason_check CHECK (reason IN ('over_limit', 'wrong_clock', 'forged',
        'unknown_prompt', 'large_sum', 'after_forgery')),
    CONSTRAINT provider_words_state_check CHECK (state IN ('waiting', 'confirmed', 'denied',
        'no_answer', 'released')),
    CONSTRAINT provider_words_ended_check CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT provider_words_next_attempt_check CHECK (state = 'waiting' OR next_attempt_at IS
        NULL),
    CONSTRAINT provider_words_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX provider_words_waiting_idx ON provider_words (next_attempt_at) WHERE state = 'waiting';

-- What a customer got for a payment that was then taken back, and owes from `due_on` on. It ends
-- when it is paid or written off.
CREATE TABLE clawbacks (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid_minor BIGINT DEFAULT 0 NOT NULL,
    written_off_minor BIGINT DEFAULT 0 NOT NULL,
    due_on DATE NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT clawbacks_pkey PRIMARY KEY (id),
    CONSTRAINT clawbacks_payment_id_key UNIQUE (payment_id),
    CONSTRAINT clawbacks_paid_check CHECK (amount_minor > 0 AND paid_minor >= 0 AND
        written_off_minor >= 0 AND paid_minor + written_off_minor <= amount_minor),
    CONSTRAINT clawbacks_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT clawbacks_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX clawbacks_open_idx ON clawbacks (customer_id) WHERE paid_minor + written_off_minor <
    amount_minor;

-- Credit that was given back to the customer, or moved to another. `provider_account` is the one it
-- was sent from; `reference` names the act: the same one again is the same act.
CREATE TABLE credit_acts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    to_customer_id BIGINT,
    amount_minor BIGINT NOT NULL,
    source TEXT,
    provider_account TEXT,
    reference TEXT NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    booked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT credit_acts_pkey PRIMARY KEY (id),
    CONSTRAINT credit_acts_kind_check CHECK (kind IN ('given_back', 'moved')),
    CONSTRAINT credit_acts_source_check CHECK (source IN ('provider', 'bank', 'office')),
    CONSTRAINT credit_acts_customer_id_kind_reference_key UNIQUE (customer_id, kind, reference),
    CONSTRAINT credit_acts_amount_check CHECK (amount_minor > 0),
    CONSTRAINT credit_acts_shape_check CHECK ((kind = 'moved') = (to_customer_id IS NOT NULL) AND
        (kind = 'given_back') = (source IS NOT NULL) AND (source IS NOT DISTINCT FROM 'provider') =
        (provider_account IS NOT NULL) AND to_customer_id IS DISTINCT FROM customer_id),
    CONSTRAINT credit_acts_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT credit_acts_to_customer_id_fkey FOREIGN KEY(to_customer_id) REFERENCES customers (id)
);
CREATE INDEX credit_acts_reference_idx ON credit_acts (reference);
CREATE INDEX credit_acts_to_customer_id_idx ON credit_acts (to_customer_id);

-- An entry and its postings are written in one statement, in any order.
CREATE TABLE postings (
    entry_id BIGINT NOT NULL,
    id BIGINT DEFAULT nextval('postings_id_seq') NOT NULL,
    account TEXT NOT NULL,
    side TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    customer_id BIGINT,
    CONSTRAINT postings_pkey PRIMARY KEY (entry_id, id),
    CONSTRAINT postings_side_check CHECK (side IN ('debit', 'credit')),
    CONSTRAINT postings_amount_check CHECK (amount_minor > 0),
    CONSTRAINT postings_entry_id_fkey FOREIGN KEY(entry_id) REFERENCES entry_ids (id) DEFERRABLE
        INITIALLY DEFERRED,
    CONSTRAINT postings_account_fkey FOREIGN KEY(account) REFERENCES ledger_accounts (code),
    CONSTRAINT postings_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
)
 PARTITION BY RANGE (entry_id);
CREATE INDEX postings_account_customer_id_idx ON postings (account, customer_id);

-- One row per receipt of a provider account, whichever callback announced it. Receipts are stored in
-- capitals (core.payment.normalise_receipt). `paid_on`: the day whose prices and debts count for it,
-- whenever it is applied. `quoted_at`: what was sold or changed later does not count (empty where
-- that is `paid_at`), unless a person has said so at `decided_at`. `evidence`: how it was announced;
-- `proof`: what the message brought back. `listed_at`: when a list of the provider first had it.
CREATE TABLE payments (
    id BIGINT DEFAULT month_id(nextval('payments_id_seq')) NOT NULL,
    provider_account TEXT NOT NULL,
    receipt TEXT NOT NULL,
    source TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    account_raw TEXT NOT NULL,
    purpose TEXT DEFAULT 'device' NOT NULL,
    device_id BIGINT,
    customer_id BIGINT,
    payer_kind TEXT NOT NULL,
    payer TEXT,
    paid_at TIMESTAMP WITH TIME ZONE NOT NULL,
    paid_on DATE NOT NULL,
    quoted_at TIMESTAMP WITH TIME ZONE,
    decided_at TIMESTAMP WITH TIME ZONE,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    evidence TEXT DEFAULT 'proved' NOT NULL,
    proof TEXT,
    listed_at TIMESTAMP WITH TIME ZONE,
    state TEXT DEFAULT 'received' NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE,
    credit_used_minor BIGINT DEFAULT 0 NOT NULL,
    returned_minor BIGINT DEFAULT 0 NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE NOT NULL,
    problem TEXT,
    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_purpose_check CHECK (purpose IN ('device', 'loan')),
    CONSTRAINT payments_payer_kind_check CHECK (payer_kind IN ('msisdn', 'masked', 'sha256',
        'none')),
    CONSTRAINT payments_evidence_check CHECK (evidence IN ('proved', 'unverified', 'forged')),
    CONSTRAINT payments_state_check CHECK (state IN ('received', 'applied', 'suspense', 'refunding',
        'refunded', 'reversed')),
    CONSTRAINT payments_receipt_check CHECK (receipt = upper(receipt)),
    CONSTRAINT payments_amounts_check CHECK (amount_minor > 0 AND credit_used_minor >= 0),
    CONSTRAINT payments_matched_check CHECK (CASE WHEN state = 'suspense' THEN customer_id IS NULL
        WHEN state IN ('received', 'applied') THEN customer_id IS NOT NULL ELSE true END),
    CONSTRAINT payments_owner_check CHECK (CASE WHEN customer_id IS NULL THEN device_id IS NULL ELSE
        device_id IS NOT NULL OR purpose = 'loan' END),
    CONSTRAINT payments_returned_check CHECK (returned_minor BETWEEN 0 AND amount_minor AND
        (returned_minor = amount_minor) = (state IN ('refunded', 'reversed'))),
    CONSTRAINT payments_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT payments_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
)
 PARTITION BY RANGE (id);
CREATE INDEX payments_account_received_at_idx ON payments (provider_account, received_at);
CREATE INDEX payments_customer_id_idx ON payments (customer_id);
CREATE INDEX payments_payer_idx ON payments (payer);
CREATE INDEX payments_received_at_idx ON payments USING brin (received_at);
CREATE INDEX payments_unmatched_idx ON payments (received_at) WHERE state = 'suspense';
CREATE INDEX payments_waiting_idx ON payments (next_attempt_at, id) WHERE state = 'received';

-- A request to a payer's phone to approve a payment (an STK push, a request to pay). Its money is
-- for that customer, also when the device has another owner by then. The row is committed before
-- the socket opens; `unknown` is looked up, never repeated blindly.
CREATE TABLE prompts (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    msisdn TEXT NOT NULL,
    account_reference TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    device_id BIGINT,
    amount_minor BIGINT NOT NULL,
    purpose TEXT DEFAULT 'device' NOT NULL,
    channel TEXT DEFAULT 'daraja' NOT NULL,
    network TEXT,
    state TEXT DEFAULT 'waiting' NOT NULL,
    checkout_reference TEXT,
    provider_code TEXT,
    payment_id BIGINT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT prompts_pkey PRIMARY KEY (id),
    CONSTRAINT prompts_purpose_check CHECK (purpose IN ('device', 'loan')),
    CONSTRAINT prompts_channel_check CHECK (channel IN ('daraja', 'mtn', 'airtel', 'pawapay')),
    CONSTRAINT prompts_state_check CHECK (state IN ('waiting', 'sending', 'pending', 'unknown',
        'approved', 'paid', 'failed')),
    CONSTRAINT prompts_amount_check CHECK (amount_minor > 0),
    CONSTRAINT prompts_device_check CHECK (device_id IS NOT NULL OR purpose = 'loan'),
    CONSTRAINT prompts_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT prompts_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT prompts_checkout_reference_key UNIQUE (checkout_reference),
    CONSTRAINT prompts_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX prompts_account_reference_idx ON prompts (account_reference);
CREATE INDEX prompts_created_at_idx ON prompts USING brin (created_at);
CREATE INDEX prompts_device_id_idx ON prompts (device_id);
CREATE INDEX prompts_msisdn_idx ON prompts (msisdn);
CREATE INDEX prompts_open_idx ON prompts (sent_at) WHERE state IN ('approved', 'sending', 'pending',
    'unknown');
CREATE INDEX prompts_payment_id_idx ON prompts (payment_id);
CREATE INDEX prompts_waiting_idx ON prompts (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- `units`: tenths of a kWh, days, watts of a power limit, or the number of a key-change code in its
-- set; 0 for the others. The text never changes once stored. A vendor's code has no `counter` that
-- we know; it is one of `vended_tokens`.
CREATE TABLE tokens (
    id BIGINT DEFAULT month_id(nextval('tokens_id_seq')) NOT NULL,
    device_id BIGINT NOT NULL,
    payment_id BIGINT,
    part SMALLINT DEFAULT 0 NOT NULL,
    kind TEXT NOT NULL,
    units INTEGER NOT NULL,
    counter BIGINT,
    text TEXT NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT tokens_pkey PRIMARY KEY (id),
    CONSTRAINT tokens_kind_check CHECK (kind IN ('energy', 'days', 'unlock', 'lock', 'set_days',
        'sync', 'wipe_state', 'wipe_ids', 'wipe_all', 'clear_credit', 'clear_tamper')),
    CONSTRAINT tokens_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT tokens_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id) DEFERRABLE
        INITIALLY DEFERRED
)
 PARTITION BY RANGE (id);
CREATE INDEX tokens_device_id_idx ON tokens (device_id, id);
CREATE INDEX tokens_issued_at_idx ON tokens USING brin (issued_at);
CREATE INDEX tokens_payment_id_idx ON tokens (payment_id);

-- What a payment did. Their sum is the payment plus the credit it used.
CREATE TABLE payment_lines (
    payment_id BIGINT NOT NULL,
    number SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    instalment_id BIGINT,
    access_charge_id BIGINT,
    clawback_id BIGINT,
    sale_id BIGINT,
    device_id BIGINT,
    CONSTRAINT payment_lines_pkey PRIMARY KEY (payment_id, number),
    CONSTRAINT payment_lines_kind_check CHECK (kind IN ('clawback', 'down_payment', 'instalment',
        'access_rate', 'energy', 'days', 'recovery', 'credit', 'suspense')),
    CONSTRAINT payment_lines_amount_check CHECK (amount_minor > 0),
    CONSTRAINT payment_lines_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id)
        DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT payment_lines_instalment_id_fkey FOREIGN KEY(instalment_id) REFERENCES instalments
        (id),
    CONSTRAINT payment_lines_access_charge_id_fkey FOREIGN KEY(access_charge_id) REFERENCES
        access_charges (id),
    CONSTRAINT payment_lines_clawback_id_fkey FOREIGN KEY(clawback_id) REFERENCES clawbacks (id),
    CONSTRAINT payment_lines_sale_id_fkey FOREIGN KEY(sale_id) REFERENCES sales (id),
    CONSTRAINT payment_lines_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id)
)
 PARTITION BY RANGE (payment_id);

-- Which lines of an applied payment a return took back. `clawback_minor` of it was used up and is
-- owed by the customer.
CREATE TABLE payment_return_lines (
    return_id BIGINT NOT NULL,
    payment_id BIGINT NOT NULL,
    number SMALLINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    clawback_minor BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT payment_return_lines_pkey PRIMARY KEY (return_id, number),
    CONSTRAINT payment_return_lines_amounts_check CHECK (amount_minor > 0 AND clawback_minor BETWEEN
        0 AND amount_minor),
    CONSTRAINT payment_return_lines_payment_id_number_fkey FOREIGN KEY(payment_id, number)
        REFERENCES payment_lines (payment_id, number),
    CONSTRAINT payment_return_lines_return_id_fkey FOREIGN KEY(return_id) REFERENCES payment_returns
        (id)
);
CREATE INDEX payment_return_lines_payment_id_idx ON payment_return_lines (payment_id, number);
