"""`dialwatt load FILE`: load a catalogue file into the database."""

from __future__ import annotations

import os
from pathlib import Path

import click

from core.db.engine import make_engine
from core.environment import read_setting
from operations.commands.arguments import file_argument
from operations.environment import command_environment
from operations.importing import load_catalogue
from operations.importing.text_file import read_text
from operations.operator import operator_name


@click.command()
@file_argument
def load(file: Path) -> None:
    """Load a catalogue: market, tariffs, appliances, agents.

    FILE is TOML. Entries are recognised by their code, so that a changed file can be loaded again.
    All errors of the file are listed, and then nothing is loaded.
    """
    environment = command_environment(os.environ)
    engine = make_engine(read_setting(environment, "DATABASE_URL"), pool_size=0)
    loaded = load_catalogue.load(engine, read_text(file), environment, operator_name(), file.name)
    for table, stored in loaded.items():
        print(f"{table}: {stored.new} new, {stored.changed} changed, {stored.same} as before")
