"""`dialwatt import customers|devices|sales FILE`: import a file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from core.usecases.operators.access import note_file
from operations.commands.arguments import file_argument
from operations.database import open_database
from operations.environment import command_environment
from operations.importing.import_file import FILE_KINDS, import_file
from operations.importing.provisioning_files import Made
from operations.importing.text_file import read_text
from operations.operator import operator_name
from operations.progress import progress_bar


@click.command("import")
@click.argument("kind", type=click.Choice(tuple(FILE_KINDS)))
@file_argument
@click.option(
    "--manufacturer",
    metavar="CODE",
    help="Whose devices they are, where the file is a manufacturer's own (OpenPAYGO).",
)
@click.option(
    "--device-kind",
    type=click.Choice(("shs", "e_bike")),
    default="shs",
    show_default=True,
    help="What they are, in a manufacturer's own file.",
)
@click.option("--product", metavar="CODE", help="Which appliance they are, in such a file.")
def import_csv(
    kind: str, file: Path, manufacturer: str | None, device_kind: str, product: str | None
) -> None:
    """Import customers, devices or sales (CSV).

    FILE has a header row; commas, semicolons or tabs separate its columns, in any order. Every bad
    line is reported with its number and reason, and then nothing is imported. Importing the same
    file again changes nothing; a known device without a product gets the one in the file.
    docs/importing.md lists the columns.

    A file of OpenPAYGO devices may be as its manufacturer gives it (Serial Number, Key, Starting
    Code, ...), or JSON: then --manufacturer says whose it is.
    """
    made = Made(device_kind, manufacturer, product) if manufacturer else None
    environment = command_environment(os.environ)
    content = read_text(file)
    with open_database(environment)() as unit:
        imported = import_file(unit, kind, content, environment, progress_bar, made)
        counts = {"kind": kind, "new": imported.new, "known": imported.known}
        note_file(unit, operator_name(), "import", file.name, **counts)
    completed = f", {imported.completed} of them got their product" if imported.completed else ""
    print(f"{kind}: {imported.new} new, {imported.known} already there{completed}")
