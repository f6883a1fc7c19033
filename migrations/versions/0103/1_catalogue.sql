-- The market and what is sold: villages, manufacturers, tariffs, appliances, plans.

CREATE TABLE appliances (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    price_minor BIGINT NOT NULL,
    initial_days INTEGER DEFAULT 0 NOT NULL,
    price_per_day_minor BIGINT,
    minimum_payment_minor BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT appliances_pkey PRIMARY KEY (id),
    CONSTRAINT appliances_kind_check CHECK (kind IN ('meter', 'shs', 'e_bike', 'other')),
    CONSTRAINT appliances_figures_check CHECK (price_minor >= 0 AND initial_days >= 0),
    CONSTRAINT appliances_code_key UNIQUE (code)
);

CREATE TABLE manufacturers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kinds TEXT[] NOT NULL,
    token_family TEXT NOT NULL,
    sts JSONB,
    account TEXT DEFAULT 'main' NOT NULL,
    CONSTRAINT manufacturers_pkey PRIMARY KEY (id),
    CONSTRAINT manufacturers_sts_check CHECK (sts IS NULL OR token_family = 'sts'),
    CONSTRAINT manufacturers_code_key UNIQUE (code)
);

CREATE TABLE market (
    id INTEGER NOT NULL,
    country TEXT NOT NULL,
    currency TEXT NOT NULL,
    cash_unit_minor BIGINT NOT NULL,
    timezone TEXT NOT NULL,
    languages TEXT[] NOT NULL,
    service_code TEXT NOT NULL,
    operator TEXT NOT NULL,
    payment_max_minor BIGINT NOT NULL,
    default_after_days INTEGER,
    help_line TEXT,
    help_hours TEXT,
    tax_number TEXT,
    sms_countries TEXT[] DEFAULT '{}' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT market_pkey PRIMARY KEY (id),
    CONSTRAINT market_default_after_days_check CHECK (default_after_days > 0),
    CONSTRAINT market_only_one_check CHECK (id = 1),
    CONSTRAINT market_cash_unit_check CHECK (cash_unit_minor > 0)
);

CREATE TABLE tariffs (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    CONSTRAINT tariffs_pkey PRIMARY KEY (id),
    CONSTRAINT tariffs_code_key UNIQUE (code)
);

-- In which order a payment pays, from a day on (core.waterfall). `steps`: arrears, access_rate and
-- device, each once. `lifeline_percent`: how much of a payment for a meter may go to debts.
CREATE TABLE waterfalls (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    valid_from DATE NOT NULL,
    steps TEXT[] NOT NULL,
    lifeline_percent INTEGER,
    CONSTRAINT waterfalls_pkey PRIMARY KEY (id),
    CONSTRAINT waterfalls_lifeline_check CHECK (lifeline_percent BETWEEN 0 AND 100),
    CONSTRAINT waterfalls_steps_check CHECK (cardinality(steps) = 3 AND steps @> ARRAY['arrears',
        'access_rate', 'device']),
    CONSTRAINT waterfalls_valid_from_key UNIQUE (valid_from)
);

-- A plan the operator allows for an appliance: an agent picks it instead of making figures up, and a
-- kit in stock may have its plan set, so that a customer can register it without an agent.
CREATE TABLE plan_offers (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    appliance_id BIGINT NOT NULL,
    scheme TEXT NOT NULL,
    cadence TEXT NOT NULL,
    count INTEGER,
    instalment_minor BIGINT,
    down_payment_minor BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT plan_offers_pkey PRIMARY KEY (id),
    CONSTRAINT plan_offers_scheme_check CHECK (scheme IN ('count', 'amount', 'service')),
    CONSTRAINT plan_offers_cadence_check CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    CONSTRAINT plan_offers_terms_check CHECK (down_payment_minor >= 0 AND CASE scheme WHEN 'count'
        THEN count > 0 AND instalment_minor IS NULL WHEN 'service' THEN count IS NULL AND
        instalment_minor IS NULL AND down_payment_minor = 0 ELSE instalment_minor > 0 AND count IS
        NULL END),
    CONSTRAINT plan_offers_code_key UNIQUE (code),
    CONSTRAINT plan_offers_appliance_id_fkey FOREIGN KEY(appliance_id) REFERENCES appliances (id)
);
CREATE INDEX plan_offers_appliance_id_idx ON plan_offers (appliance_id);

-- A change of price is a new row with a later date; the past is never rewritten. The price of a kWh
-- is in thousandths of a minor unit: UGX 796.4 is 796400.
CREATE TABLE tariff_versions (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    tariff_id BIGINT NOT NULL,
    valid_from DATE NOT NULL,
    price_per_kwh_thousandths BIGINT NOT NULL,
    access_rate_minor BIGINT DEFAULT 0 NOT NULL,
    access_every_days INTEGER,
    minimum_purchase_minor BIGINT DEFAULT 0 NOT NULL,
    CONSTRAINT tariff_versions_pkey PRIMARY KEY (id),
    CONSTRAINT tariff_versions_tariff_id_valid_from_key UNIQUE (tariff_id, valid_from),
    CONSTRAINT tariff_versions_prices_check CHECK (price_per_kwh_thousandths > 0 AND
        minimum_purchase_minor >= 0),
    CONSTRAINT tariff_versions_access_check CHECK (access_rate_minor = 0 OR (access_rate_minor > 0
        AND access_every_days > 0)),
    CONSTRAINT tariff_versions_tariff_id_fkey FOREIGN KEY(tariff_id) REFERENCES tariffs (id)
);
