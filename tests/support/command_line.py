"""Parsing a command line without running the command."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import click

from operations.cli import dialwatt


def parse(words: Sequence[str]) -> None:
    """Raise click.UsageError where `dialwatt WORDS` is not a correct command line."""
    with suppress(click.exceptions.Exit):  # --help and --version end the parsing
        _parse(dialwatt, words)


def _parse(command: click.Command, words: Sequence[str]) -> None:
    context = command.make_context("dialwatt", list(words))
    rest = list(words)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        assert found
        command = found
        context = command.make_context(name, list(rest), parent=context)
