"""Loading a catalogue file into the database, whole or not at all."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from sqlalchemy import Connection, Engine

from core.clock import Clock, system_clock
from core.db.tariffs import find_market
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.pin import hash_pin
from core.unit import Unit
from core.usecases.catalogue.load import Loaded, catalogue_problems, load_catalogue
from core.usecases.operators.access import note_file
from core.wording.product import LANGUAGES
from operations.importing.catalogue_file import parse_catalogue


def load(
    engine: Engine, content: str, environment: Environment, operator: str, file_name: str
) -> Loaded:
    """Load the text of a catalogue in a transaction of its own, with an audit row.

    Returns how many rows of each table were new, changed and the same. Raises BadInput with every
    problem of the text.
    """
    with engine.begin() as connection:
        loaded = load_into(connection, content, environment, system_clock)
        market = find_market(connection)
        assert market is not None  # the catalogue has one, or the database had
        unit = Unit(connection, system_clock(), market)
        counts = {table: asdict(stored) for table, stored in loaded.items()}
        note_file(unit, operator, "load", file_name, **counts)
        return loaded


def load_into(
    connection: Connection, content: str, environment: Environment, clock: Clock
) -> Loaded:
    """Load the text of a catalogue in the caller's transaction, which is to be rolled back where
    this raises BadInput. Returns how many rows of each table were new, changed and the same."""
    stored = find_market(connection)
    catalogue, problems = parse_catalogue(content, stored, LANGUAGES)
    market = catalogue.market or stored
    assert market is not None  # parse_catalogue raises without one
    unit = Unit(connection, clock(), market)
    problems += catalogue_problems(unit, catalogue)
    if problems:
        raise BadInput(*problems, "Nothing was loaded.")
    pepper = read_setting(environment, "PIN_PEPPER") if catalogue.agents else ""
    return load_catalogue(unit, catalogue, partial(hash_pin, pepper=pepper))
