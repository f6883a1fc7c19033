"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

file_argument = click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
account_option = click.option(
    "--account",
    metavar="ACCOUNT",
    help="The receiving account, where several accounts have that receipt.",
)
