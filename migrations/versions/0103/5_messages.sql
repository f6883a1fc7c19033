-- SMS, delivery reports, reminders, effects of USSD sessions.

-- Stored in any order: a report may come before our own call has returned. `outcome` is what the
-- report means; NULL where it is not final.
CREATE TABLE delivery_reports (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    provider_message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    failure_reason TEXT,
    outcome TEXT,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT delivery_reports_pkey PRIMARY KEY (id),
    CONSTRAINT delivery_reports_outcome_check CHECK (outcome IN ('delivered', 'failed',
        'hopeless')),
    CONSTRAINT delivery_reports_provider_message_id_status_key UNIQUE (provider_message_id, status)
);
CREATE INDEX delivery_reports_received_at_idx ON delivery_reports USING brin (received_at);

CREATE TABLE inbound_sms (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    provider TEXT NOT NULL,
    provider_message_id TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    body TEXT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT inbound_sms_pkey PRIMARY KEY (id),
    CONSTRAINT inbound_sms_provider_provider_message_id_key UNIQUE (provider, provider_message_id)
);
CREATE INDEX inbound_sms_msisdn_idx ON inbound_sms (msisdn);
CREATE INDEX inbound_sms_received_at_idx ON inbound_sms USING brin (received_at);

-- STOP ends reminders, and nothing else: receipts and tokens are sent in any case.
CREATE TABLE no_reminders (
    msisdn TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT no_reminders_pkey PRIMARY KEY (msisdn)
);

-- The effects of USSD menus, each once: `number` counts those of a conversation, which may go on in
-- another session after a dropped call. `ussd_session` and `position` (answers given in it) say
-- where the effect was done, `step` what the caller was shown for it.
CREATE TABLE ussd_effects (
    conversation TEXT NOT NULL,
    number INTEGER NOT NULL,
    ussd_session TEXT NOT NULL,
    position INTEGER NOT NULL,
    step JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT ussd_effects_pkey PRIMARY KEY (conversation, number)
);
CREATE INDEX ussd_effects_ussd_session_idx ON ussd_effects (ussd_session, position);

-- `dedupe_key` names what an SMS is for (`receipt:<payment>:1`): one key, one SMS. `redeliveries`
-- counts how often it was sent again because the phone could not be reached. After `expires_at` it
-- is not sent. Lower ranks are sent first: what carries a token, receipts and notices, answers to
-- incoming texts, reminders. `body` is empty once its time is over (core/db/personal).
CREATE TABLE sms (
    id BIGINT DEFAULT month_id(nextval('sms_id_seq')) NOT NULL,
    dedupe_key TEXT NOT NULL,
    kind TEXT NOT NULL,
    msisdn TEXT NOT NULL,
    body TEXT NOT NULL,
    payment_id BIGINT,
    token_id BIGINT,
    state TEXT DEFAULT 'waiting' NOT NULL,
    provider_message_id TEXT,
    provider_status TEXT,
    cost TEXT,
    segments SMALLINT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    redeliveries INTEGER DEFAULT 0 NOT NULL,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    send_rank SMALLINT GENERATED ALWAYS AS (CASE WHEN token_id IS NOT NULL THEN 0 WHEN
        starts_with(dedupe_key, 'answer:') THEN 2 WHEN starts_with(dedupe_key, 'reminder:') THEN 3
        ELSE 1 END) STORED NOT NULL,
    CONSTRAINT sms_pkey PRIMARY KEY (id),
    CONSTRAINT sms_state_check CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'failed',
        'unknown')),
    CONSTRAINT sms_payment_id_fkey FOREIGN KEY(payment_id) REFERENCES payment_ids (id) DEFERRABLE
        INITIALLY DEFERRED,
    CONSTRAINT sms_token_id_fkey FOREIGN KEY(token_id) REFERENCES token_ids (id) DEFERRABLE
        INITIALLY DEFERRED
)
 PARTITION BY RANGE (id);
CREATE INDEX sms_created_at_idx ON sms USING brin (created_at);
CREATE INDEX sms_kept_bodies_idx ON sms (id) WHERE body <> '';
CREATE INDEX sms_msisdn_idx ON sms (msisdn);
CREATE INDEX sms_payment_id_idx ON sms (payment_id);
CREATE INDEX sms_token_id_idx ON sms (token_id);
CREATE INDEX sms_waiting_idx ON sms (send_rank, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What a customer was reminded of: a step (in days from the due day) is never told twice, and
-- `reminded_on` allows one text a day.
CREATE TABLE reminders (
    customer_id BIGINT NOT NULL,
    due_on DATE NOT NULL,
    step SMALLINT NOT NULL,
    reminded_on DATE NOT NULL,
    CONSTRAINT reminders_pkey PRIMARY KEY (customer_id, due_on, step),
    CONSTRAINT reminders_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
);
