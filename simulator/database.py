"""The simulator's own PostgreSQL schema, `simulator`. The migrations know nothing of it.

Phones, wallets, prompts and devices use their own engine and never take part in a transaction of
the gateway. No HTTP call is made while one of their transactions is open.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

T = TypeVar("T")
# Errors of a database that is down or starting, and of a transaction that it ended.
UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout)
# Shorter than the time-out of the callers that use the control API.
PATIENCE_SECONDS = 20.0
_RETRY_SECONDS = 0.1
_log = logging.getLogger(__name__)

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS simulator;

-- Numbers behind receipts and message ids: unique across all processes and restarts.
CREATE SEQUENCE IF NOT EXISTS simulator.serials;

CREATE TABLE IF NOT EXISTS simulator.sms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    msisdn text NOT NULL,
    sender text NOT NULL,
    body text NOT NULL,
    message_id text NOT NULL UNIQUE,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS sms_msisdn ON simulator.sms (msisdn, id);

-- Balance of a phone or of a business shortcode. A row is created at first use.
CREATE TABLE IF NOT EXISTS simulator.wallets (
    holder text PRIMARY KEY,
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0)
);

-- Completed payments, as the provider's statement lists them: one row per receipt.
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
CREATE INDEX IF NOT EXISTS transactions_completed
    ON simulator.transactions (shortcode, completed_at);

-- Reversed payments. `undoes` is the receipt of the payment; each is reversed at most once.
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
    receipt text,
    provider text NOT NULL,
    currency text NOT NULL
);
CREATE INDEX IF NOT EXISTS prompts_open ON simulator.prompts (expires_at) WHERE result_code IS NULL;
CREATE INDEX IF NOT EXISTS prompts_msisdn ON simulator.prompts (msisdn)
    WHERE result_code IS NULL;

-- The C2B URLs that a business registered (Daraja's registerurl).
CREATE TABLE IF NOT EXISTS simulator.registered_urls (
    shortcode text PRIMARY KEY,
    confirmation_url text NOT NULL,
    validation_url text NOT NULL,
    response_type text NOT NULL
);

-- Callbacks to the gateway: waiting, or delivered (closed).
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
    signing_secret text NOT NULL,
    last_outcome text,
    closed_at timestamptz
);
CREATE INDEX IF NOT EXISTS callbacks_waiting ON simulator.callbacks (due_at)
    WHERE closed_at IS NULL;

CREATE TABLE IF NOT EXISTS simulator.devices (
    serial text PRIMARY KEY,
    kind text NOT NULL,
    state jsonb NOT NULL
);

-- What the stand-in vendors vended. A handle is the caller's own: each is vended once.
CREATE TABLE IF NOT EXISTS simulator.vends (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vendor text NOT NULL,
    serial text NOT NULL,
    action text NOT NULL,
    units integer NOT NULL,
    money bigint NOT NULL,
    code text NOT NULL,
    handle text,
    details jsonb NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (vendor, handle)
);
CREATE INDEX IF NOT EXISTS vends_serial ON simulator.vends (vendor, serial);

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
    """An engine for the simulator's schema. It opens at most twice `connections` at once."""
    url = make_url(database_url).set(drivername="postgresql+psycopg")
    return create_engine(url, pool_size=connections, max_overflow=connections, pool_pre_ping=True)


def create_schema(engine: Engine) -> None:
    """Create missing tables. Safe when several processes start at once: they take a lock."""
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('simulator schema'))"))
        connection.exec_driver_sql(_SCHEMA)


def next_number(connection: Connection) -> int:
    """A number that was never used before, for receipts and prompt ids."""
    return int(connection.execute(text("SELECT nextval('simulator.serials')")).scalar_one())


def retry_while_unavailable(operation: Callable[[], T]) -> T:
    """Run a whole transaction; run it again while the database is down, up to PATIENCE_SECONDS.

    Raises the last error: OperationalError, InterfaceError, or TimeoutError of the pool. Any other
    error is raised at once.
    """
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return operation()
        except UNAVAILABLE as error:
            if time.monotonic() > ends_at:
                raise
            _log.warning("the database does not answer: %s", error)
        time.sleep(_RETRY_SECONDS)
