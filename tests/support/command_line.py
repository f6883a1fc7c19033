"""Parsing a command line without running the command."""

from __future__ import annotations

from collections.abc import Sequence

import click

from operations.cli import dialwatt


def parse(words: Sequence[str]) -> None:
    """Raise click.UsageError where `dialwatt WORDS` is not a correct command line."""
    command: click.Command = dialwatt
    context = command.make_context("dialwatt", list(words))
    rest = list(words)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found
        command = found
        context = command.make_context(name, list(rest), parent=context)
