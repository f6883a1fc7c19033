"""`dialwatt phone`: a phone in the terminal, for a person or for a journey on standard input.

It dials the running embedded set-up, or any gateway by `--url`, `--key` and `--code`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import click

from core.errors import BadInput
from operations.environment import command_environment
from simulator.terminal.contacts import Contacts
from simulator.terminal.gateway_client import GatewayClient, Network
from simulator.terminal.handset import Handset
from simulator.terminal.interactive import InteractivePhone
from simulator.terminal.journey_player import play_journey
from simulator.terminal.transcript import Transcript


@click.command()
@click.argument("number", required=False)
@click.option("--url", help="The gateway to dial, instead of the one of `make run`.")
@click.option("--key", help="The key of its USSD endpoint, where it has no simulated phones.")
@click.option("--code", help="Its service code, where it has no simulated phones.")
@click.option(
    "--network", default="63902", show_default=True, help="The network code to dial from."
)
@click.option("--transcript", metavar="FILE", help="Write what was played to FILE, as a journey.")
@click.option("--verbatim", is_flag=True, help="Write tokens, receipts and dates as they came.")
@click.option(
    "--patience", type=float, default=30.0, show_default=True, help="Seconds to wait for an SMS."
)
def phone(
    number: str | None,
    url: str | None,
    key: str | None,
    code: str | None,
    network: str,
    transcript: str | None,
    verbatim: bool,
    patience: float,
) -> None:
    """Dial and pay from a phone in the terminal.

    NUMBER is a phone number or a name of the demo. Where standard input is no terminal, a journey
    is read from it, played and printed.

    A gateway without simulated phones is only dialled with --url, --key and --code, since its USSD
    sessions are real.
    """
    with (
        closing(GatewayClient(url or _running_gateway())) as gateway,
        _transcript_file(transcript) as file,
    ):
        dialled = gateway.network() or _real_network(url, key, code, network)
        contacts = Contacts(gateway.get("cast") if dialled.has_phones else ())
        played_lines: list[str] = []
        is_journey = not sys.stdin.isatty()
        out = file or (sys.stdout if is_journey else None)
        journey = Transcript(
            lambda line: print(line, file=out, flush=True) if out else played_lines.append(line),
            verbatim=verbatim,
        )
        handset = Handset(gateway, dialled, contacts, journey, patience)
        if number:
            handset.select_phone(number)
        try:
            if is_journey:
                _play_journey(handset, journey)
            else:
                _play_interactively(handset, played_lines)
        finally:
            handset.hang_up()


def _play_journey(handset: Handset, journey: Transcript) -> None:
    try:
        play_journey(sys.stdin, handset, journey)
    except ValueError as error:
        raise BadInput(f"{error} (the files in tests/journeys show its words)") from error


def _play_interactively(handset: Handset, played_lines: list[str]) -> None:
    if not handset.msisdn:
        handset.select_phone(_first_number(handset.contacts))
    InteractivePhone(handset, sys.stdin, sys.stdout).run()
    if len(played_lines) > 1:
        print("\nWhat was played, as a journey:\n", *played_lines, sep="\n")


def _first_number(contacts: Contacts) -> str:
    if not contacts.all:
        raise BadInput("no phone is selected; type `dialwatt phone NUMBER`")
    return contacts.all[0].msisdn


def _running_gateway() -> str:
    """Return the URL of the gateway that the other commands use. Raises BadInput."""
    url = command_environment(os.environ).get("PUBLIC_URL")
    if not url:
        raise BadInput("which gateway? Give --url, or start one with `make run`")
    return url


def _real_network(url: str | None, key: str | None, code: str | None, network: str) -> Network:
    """Return how to dial a gateway without simulated phones. Raises BadInput without options."""
    if not (url and key and code):
        raise BadInput(
            "that gateway has no simulated phones. To dial it as its aggregator would, give --url,"
            " --key (of its USSD endpoint) and --code (its service code)"
        )
    ussd = f"ussd/africastalking/{key}"
    return Network(code, network, ussd, f"{ussd}/events")


@contextmanager
def _transcript_file(path: str | None) -> Iterator[TextIO | None]:
    """Open the transcript, which only its owner may read: it holds what was typed, PINs too."""
    if path is None:
        yield None
        return
    try:
        Path(path).unlink(missing_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yield file
