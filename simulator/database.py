"""The simulator's own PostgreSQL schema `simulator`, created here and not by the migrations.

The simulator (phones, wallets, prompts, devices) has its own engine and never takes part in a
transaction of the gateway. No HTTP call is made while one of these transactions is open.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, create_engine, make_url, text

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS simulator;

-- Numbers behind receipts and message ids: unique across all processes and restarts.
CREATE SEQUENCE IF NOT EXISTS simulator.serials;

CREATE TABLE IF NOT EXISTS simulator.texts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    msisdn text NOT NULL,
    sender text NOT NULL,
    body text NOT NULL,
    message_id text NOT NULL UNIQUE,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS texts_of_a_phone ON simulator.texts (msisdn, id);

-- Money a simulated subscriber (or the business shortcode) holds; opened at first use.
CREATE TABLE IF NOT EXISTS simulator.wallets (
    holder text PRIMARY KEY,
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0)
);

-- What the provider's statement lists: one row per receipt, money has moved.
CREATE TABLE IF NOT EXISTS simulator.transactions (
    receipt text PRIMARY KEY,
    shortcode text NOT NULL,
    msisdn text NOT NULL,
    account text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    checkout_id text,
    third_party_id text NOT NULL DEFAULT '',
    completed_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS transactions_in_order
    ON simulator.transactions (shortcode, completed_at);

-- Money given back; a receipt at most once.
CREATE TABLE IF NOT EXISTS simulator.reversals (
    undoes text PRIMARY KEY,
    receipt text NOT NULL UNIQUE,
    completed_at timestamptz NOT NULL
);

CREATE TABLE IF NOT EXISTS simulator.prompts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checkout_id text NOT NULL UNIQUE,
    merchant_id text NOT NULL,
    shortcode text NOT NULL,
    msisdn text NOT NULL,
    account text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    callback_url text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    result_code text,
    receipt text
);
ALTER TABLE simulator.prompts ADD COLUMN IF NOT EXISTS provider text NOT NULL DEFAULT 'safaricom';
ALTER TABLE simulator.prompts ADD COLUMN IF NOT EXISTS currency text NOT NULL DEFAULT 'KES';
CREATE INDEX IF NOT EXISTS prompts_open ON simulator.prompts (expires_at) WHERE result_code IS NULL;
CREATE INDEX IF NOT EXISTS prompts_of_a_phone ON simulator.prompts (msisdn)
    WHERE result_code IS NULL;

-- Addresses a business registered for its payments (Daraja's registerurl).
CREATE TABLE IF NOT EXISTS simulator.registered_urls (
    shortcode text PRIMARY KEY,
    confirmation_url text NOT NULL,
    validation_url text NOT NULL,
    response_type text NOT NULL
);

-- Requests the stand-ins owe the gateway; the postman works them off.
CREATE TABLE IF NOT EXISTS simulator.callbacks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    url text NOT NULL,
    content_type text NOT NULL,
    body text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    attempts_allowed integer NOT NULL,
    pause_seconds double precision NOT NULL,
    last_answer text,
    closed_at timestamptz
);
ALTER TABLE simulator.callbacks ADD COLUMN IF NOT EXISTS signing_secret text NOT NULL DEFAULT '';
CREATE INDEX IF NOT EXISTS callbacks_waiting ON simulator.callbacks (due_at)
    WHERE closed_at IS NULL;

CREATE TABLE IF NOT EXISTS simulator.devices (
    serial text PRIMARY KEY,
    kind text NOT NULL,
    state jsonb NOT NULL
);

CREATE TABLE IF NOT EXISTS simulator.faults (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    provider text NOT NULL,
    operation text,
    msisdn text,
    name text NOT NULL,
    value text NOT NULL,
    share double precision NOT NULL,
    seed bigint NOT NULL,
    remaining integer,
    draws bigint NOT NULL DEFAULT 0
);
"""


def open_database(database_url: str, connections: int = 8) -> Engine:
    """An engine of the simulator's own; at most twice `connections` are opened at once."""
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    return create_engine(url, pool_size=connections, max_overflow=connections, pool_pre_ping=True)


def create_schema(engine: Engine) -> None:
    """Create what is missing. Several processes may start at once: they queue on one lock."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('simulator schema'))"))
        connection.exec_driver_sql(_SCHEMA)


def next_serial(connection: Connection) -> int:
    """A number nobody got before, for receipts and message ids."""
    return int(connection.execute(text("SELECT nextval('simulator.serials')")).scalar_one())
