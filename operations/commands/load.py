"""`dialwatt load FILE`: the catalogue of a file into the books, whole or not at all."""

from __future__ import annotations

from argparse import Namespace
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine

from core.clock import Clock, system_clock
from core.db.engine import make_engine
from core.db.tariffs import find_market
from core.errors import BadInput
from core.pin import hash_pin
from core.settings import Environment, read
from core.unit import Unit
from core.usecases.catalogue.load import Loaded, catalogue_problems, load_catalogue
from core.wording.product import LANGUAGES
from operations.importing.catalogue_file import parse_catalogue
from operations.importing.csv_file import read_text


def run(arguments: Namespace, environment: Environment) -> int:
    """Load it and say what changed. Raises BadInput with every problem of the file."""
    engine = make_engine(read(environment, "DATABASE_URL"), pool_size=0)
    loaded = load(engine, read_text(Path(arguments.file)), environment)
    for table, stored in loaded.items():
        print(f"{table}: {stored.new} new, {stored.changed} changed, {stored.same} as before")
    return 0


def load(
    engine: Engine, content: str, environment: Environment, clock: Clock = system_clock
) -> Loaded:
    """Load a catalogue's text in one transaction. Raises BadInput with every problem."""
    with engine.begin() as connection:
        return load_into(connection, content, environment, clock)


def load_into(
    connection: Connection, content: str, environment: Environment, clock: Clock
) -> Loaded:
    """The same inside the caller's transaction."""
    booked = find_market(connection)
    catalogue, problems = parse_catalogue(content, booked, LANGUAGES)
    market = catalogue.market or booked
    assert market is not None  # parse_catalogue raises without one
    unit = Unit(connection, clock(), market)
    problems += catalogue_problems(unit, catalogue)
    if problems:
        raise BadInput(*problems, "Nothing was loaded.")
    pepper = read(environment, "PIN_PEPPER") if catalogue.agents else ""
    return load_catalogue(unit, catalogue, partial(hash_pin, pepper=pepper))
