-- Devices, sales on a plan with their instalments, access fees, requests for devices.

-- The STS vending keys that the workers hold, by supply group, key revision (0: any, where the group
-- has one key and no meters yet) and key derivation. Workers write it when they start. No key is
-- in it.
CREATE TABLE vending_keys (
    sgc TEXT NOT NULL,
    krn SMALLINT NOT NULL,
    dkga SMALLINT NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT vending_keys_pkey PRIMARY KEY (sgc, krn, dkga),
    CONSTRAINT vending_keys_krn_check CHECK (krn BETWEEN 0 AND 9)
);

-- `token_counter` is the last one used: OpenPAYGO count, Nexus message id or STS time identifier.
-- `access_anchor_on` is the day from which the next access-rate period runs. A device that is
-- `retired_on` some day is out of use for good: it has no owner and is in no stock.
-- `product_id`: the appliance that it is. `divider` (units in a day), `digits` and `model` describe
-- an OpenPAYGO device as its manufacturer does; empty means a divider of 1 and all ten digits. No
-- code of it may be the same as its `test_code`. `kit_counter` is the count that the device is known
-- to have reached, where a person read it. `sealed_chain`: the last links of its codes, encrypted.
-- `sealed_key`, `starting_code`, `test_code` and `sealed_chain` are hidden from the web process,
-- which is told whether it `has_key` (core/db/roles.py).
CREATE TABLE devices (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    serial TEXT NOT NULL,
    kind TEXT NOT NULL,
    manufacturer_id BIGINT NOT NULL,
    owner_id BIGINT,
    tariff_id BIGINT,
    plan_offer_id BIGINT,
    product_id BIGINT,
    assigned_on DATE,
    access_anchor_on DATE,
    sealed_key BYTEA,
    has_key BOOLEAN GENERATED ALWAYS AS (sealed_key IS NOT NULL) STORED NOT NULL,
    starting_code BIGINT,
    test_code TEXT,
    sealed_chain BYTEA,
    sts JSONB,
    divider INTEGER,
    digits TEXT,
    model TEXT,
    initial_counter BIGINT DEFAULT 0 NOT NULL,
    token_counter BIGINT DEFAULT 0 NOT NULL,
    kit_counter BIGINT,
    retired_on DATE,
    replaced_by_id BIGINT,
    CONSTRAINT devices_pkey PRIMARY KEY (id),
    CONSTRAINT devices_kind_check CHECK (kind IN ('meter', 'shs', 'e_bike')),
    CONSTRAINT devices_digits_check CHECK (digits IN ('standard', 'restricted', 'extended',
        'extended_restricted')),
    CONSTRAINT devices_divider_check CHECK (divider BETWEEN 1 AND 255),
    CONSTRAINT devices_counter_check CHECK (token_counter >= initial_counter),
    CONSTRAINT devices_kit_counter_check CHECK (kit_counter BETWEEN 0 AND token_counter),
    CONSTRAINT devices_retired_check CHECK (retired_on IS NULL OR owner_id IS NULL),
    CONSTRAINT devices_tariff_check CHECK (tariff_id IS NULL OR kind = 'meter'),
    CONSTRAINT devices_plan_offer_check CHECK (plan_offer_id IS NULL OR kind <> 'meter'),
    CONSTRAINT devices_serial_key UNIQUE (serial),
    CONSTRAINT devices_manufacturer_id_fkey FOREIGN KEY(manufacturer_id) REFERENCES manufacturers
        (id),
    CONSTRAINT devices_owner_id_fkey FOREIGN KEY(owner_id) REFERENCES customers (id),
    CONSTRAINT devices_tariff_id_fkey FOREIGN KEY(tariff_id) REFERENCES tariffs (id),
    CONSTRAINT devices_plan_offer_id_fkey FOREIGN KEY(plan_offer_id) REFERENCES plan_offers (id),
    CONSTRAINT devices_product_id_fkey FOREIGN KEY(product_id) REFERENCES appliances (id),
    CONSTRAINT devices_replaced_by_id_fkey FOREIGN KEY(replaced_by_id) REFERENCES devices (id)
);
CREATE INDEX devices_owner_id_idx ON devices (owner_id);
CREATE INDEX devices_sgc_idx ON devices ((sts ->> 'sgc')) WHERE sts IS NOT NULL;

-- One row per meter and period; `customer_id` owes it even after the meter moved on, except for what
-- an operator waived.
CREATE TABLE access_charges (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    device_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    due_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid_minor BIGINT DEFAULT 0 NOT NULL,
    waived_minor BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT access_charges_pkey PRIMARY KEY (id),
    CONSTRAINT access_charges_device_id_due_on_key UNIQUE (device_id, due_on),
    CONSTRAINT access_charges_paid_check CHECK (amount_minor > 0 AND paid_minor >= 0 AND
        waived_minor >= 0 AND paid_minor + waived_minor <= amount_minor),
    CONSTRAINT access_charges_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT access_charges_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id)
);
CREATE INDEX access_charges_open_idx ON access_charges (customer_id) WHERE paid_minor + waived_minor
    < amount_minor;

-- A request for a device in stock whose tariff or plan is not set. It waits for an agent as long as
-- the device has no owner; `name` is empty for a number that is a customer's already.
CREATE TABLE device_requests (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    device_id BIGINT NOT NULL,
    msisdn TEXT NOT NULL,
    name TEXT NOT NULL,
    surname TEXT NOT NULL,
    village TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT device_requests_pkey PRIMARY KEY (id),
    CONSTRAINT device_requests_device_id_msisdn_key UNIQUE (device_id, msisdn),
    CONSTRAINT device_requests_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id)
);
CREATE INDEX device_requests_asked_at_idx ON device_requests (asked_at);

-- Append-only: every change of hands of a device with its instant; NULL is no owner. The last
-- one of a device names its owner: a trigger compares them at the commit.
CREATE TABLE ownership_changes (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    device_id BIGINT NOT NULL,
    from_customer_id BIGINT,
    to_customer_id BIGINT,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    reason TEXT NOT NULL,
    CONSTRAINT ownership_changes_pkey PRIMARY KEY (id),
    CONSTRAINT ownership_changes_reason_check CHECK (reason IN ('registration', 'import', 'sale',
        'transfer', 'replacement', 'return', 'retirement')),
    CONSTRAINT ownership_changes_hands_check CHECK (from_customer_id IS DISTINCT FROM
        to_customer_id),
    CONSTRAINT ownership_changes_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT ownership_changes_from_customer_id_fkey FOREIGN KEY(from_customer_id) REFERENCES
        customers (id),
    CONSTRAINT ownership_changes_to_customer_id_fkey FOREIGN KEY(to_customer_id) REFERENCES
        customers (id)
);
CREATE INDEX ownership_changes_device_id_idx ON ownership_changes (device_id, id);

-- The tariff that a meter was on until that instant, once for each time it was moved to another.
CREATE TABLE past_tariffs (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    device_id BIGINT NOT NULL,
    tariff_id BIGINT NOT NULL,
    until_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT past_tariffs_pkey PRIMARY KEY (id),
    CONSTRAINT past_tariffs_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT past_tariffs_tariff_id_fkey FOREIGN KEY(tariff_id) REFERENCES tariffs (id)
);
CREATE INDEX past_tariffs_device_id_idx ON past_tariffs (device_id);

-- `sold_at`: the instant of a sale that was made here; what was paid before does not pay it. It is
-- empty for a sale that was imported. `written_off_minor` is what was given up as a loss,
-- `recovered_minor` what came of it after all.
-- `commission_minor` is what the agent has for it by now: `commission_bp` hundredths of a percent of
-- the price, and once the sale has ended otherwise than by payment, of what was paid.
CREATE TABLE sales (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    customer_id BIGINT NOT NULL,
    appliance_id BIGINT NOT NULL,
    device_id BIGINT,
    scheme TEXT NOT NULL,
    cadence TEXT NOT NULL,
    total_minor BIGINT NOT NULL,
    price_per_day_minor BIGINT,
    minimum_payment_minor BIGINT DEFAULT 0 NOT NULL,
    sold_on DATE NOT NULL,
    sold_at TIMESTAMP WITH TIME ZONE,
    reference TEXT,
    as_sold JSONB,
    agent_id BIGINT,
    state TEXT DEFAULT 'open' NOT NULL,
    paused_on DATE,
    default_undone_on DATE,
    written_off_minor BIGINT DEFAULT 0 NOT NULL,
    recovered_minor BIGINT DEFAULT 0 NOT NULL,
    commission_bp INTEGER DEFAULT 0 NOT NULL,
    commission_minor BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT sales_pkey PRIMARY KEY (id),
    CONSTRAINT sales_scheme_check CHECK (scheme IN ('count', 'amount', 'service')),
    CONSTRAINT sales_cadence_check CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    CONSTRAINT sales_state_check CHECK (state IN ('open', 'paused', 'defaulted', 'complete',
        'settled', 'cancelled', 'repossessed', 'written_off')),
    CONSTRAINT sales_paused_check CHECK ((state = 'paused') = (paused_on IS NOT NULL)),
    CONSTRAINT sales_written_off_check CHECK (recovered_minor BETWEEN 0 AND written_off_minor AND
        (written_off_minor = 0 OR state = 'written_off')),
    CONSTRAINT sales_commission_check CHECK (commission_bp >= 0 AND commission_minor >= 0),
    CONSTRAINT sales_customer_id_fkey FOREIGN KEY(customer_id) REFERENCES customers (id),
    CONSTRAINT sales_appliance_id_fkey FOREIGN KEY(appliance_id) REFERENCES appliances (id),
    CONSTRAINT sales_device_id_fkey FOREIGN KEY(device_id) REFERENCES devices (id),
    CONSTRAINT sales_reference_key UNIQUE (reference),
    CONSTRAINT sales_agent_id_fkey FOREIGN KEY(agent_id) REFERENCES agents (id)
);
CREATE INDEX sales_customer_id_idx ON sales (customer_id);
CREATE UNIQUE INDEX sales_open_device_key ON sales (device_id) WHERE state IN ('open', 'paused',
    'defaulted') AND device_id IS NOT NULL;

-- Number 0 is the down payment. `days` is what the whole instalment buys on a PAYG device, and
-- `days_given` what it has given so far: it never falls, so a reversal gives no days twice.
CREATE TABLE instalments (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    sale_id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    due_on DATE NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid_minor BIGINT DEFAULT 0 NOT NULL,
    days INTEGER DEFAULT 0 NOT NULL,
    days_given INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT instalments_pkey PRIMARY KEY (id),
    CONSTRAINT instalments_sale_id_number_key UNIQUE (sale_id, number),
    CONSTRAINT instalments_paid_check CHECK (amount_minor > 0 AND paid_minor BETWEEN 0 AND
        amount_minor),
    CONSTRAINT instalments_days_given_check CHECK (days_given >= 0),
    CONSTRAINT instalments_sale_id_fkey FOREIGN KEY(sale_id) REFERENCES sales (id)
);
CREATE INDEX instalments_due_on_idx ON instalments (due_on);
