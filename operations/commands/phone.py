"""`dialwatt phone`: a phone in the terminal, for a person or for a journey on standard input.

It calls the running embedded set-up, found as every command finds it, or any gateway by `--url` and
`--key`. A gateway without simulated phones is called only when it was named with these options,
because its USSD sessions are real.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

from core.errors import BadInput
from core.settings import Environment
from operations.environment import command_environment
from simulator.terminal.contacts import Contacts
from simulator.terminal.gateway_client import GatewayClient, Network
from simulator.terminal.handset import Handset
from simulator.terminal.interactive import InteractivePhone
from simulator.terminal.journey_player import play_journey
from simulator.terminal.transcript import Transcript


def run(arguments: Namespace, environment: Environment) -> int:
    """Play until the input ends. Raises StepFailed for a step of a journey that fails."""
    url = arguments.url or _running_gateway(environment)
    with closing(GatewayClient(url)) as gateway, _transcript_file(arguments.transcript) as file:
        network = gateway.network() or _named_network(arguments)
        contacts = Contacts(gateway.get("cast") if network.has_phones else ())
        played_lines: list[str] = []
        is_journey = not sys.stdin.isatty()
        out = file or (sys.stdout if is_journey else None)
        transcript = Transcript(
            lambda line: print(line, file=out, flush=True) if out else played_lines.append(line),
            verbatim=arguments.verbatim,
        )
        handset = Handset(gateway, network, contacts, transcript, arguments.patience)
        if arguments.number:
            handset.select_phone(arguments.number)
        try:
            if is_journey:
                play_journey(sys.stdin, handset, transcript)
            else:
                _play_interactively(handset, played_lines)
        finally:
            handset.hang_up()
    return 0


def _play_interactively(handset: Handset, played_lines: list[str]) -> None:
    if not handset.msisdn:
        handset.select_phone(_first_number(handset.contacts))
    InteractivePhone(handset, sys.stdin, sys.stdout).run()
    if len(played_lines) > 1:
        print("\nWhat was played, as a journey:\n", *played_lines, sep="\n")


def _first_number(contacts: Contacts) -> str:
    if not contacts.all:
        raise BadInput("no phone is selected; say `dialwatt phone NUMBER`")
    return contacts.all[0].msisdn


def _running_gateway(environment: Environment) -> str:
    """The URL of the gateway that the other commands use. Raises BadInput."""
    url = command_environment(environment).get("PUBLIC_URL")
    if not url:
        raise BadInput("which gateway? Say --url, or start one with `make run`")
    return url


def _named_network(arguments: Namespace) -> Network:
    """The network of a gateway without simulated phones. Raises BadInput unless it was named."""
    if not (arguments.url and arguments.key and arguments.code):
        raise BadInput(
            "that gateway has no simulated phones. To call it as its aggregator would, say --url,"
            " --key (its CALLBACK_KEY) and --code (its service code)"
        )
    ussd = f"ussd/africastalking/{arguments.key}"
    return Network(arguments.code, arguments.network, ussd, f"{ussd}/events")


@contextmanager
def _transcript_file(path: str | None) -> Iterator[TextIO | None]:
    """The transcript file, readable only by its owner (it holds PINs). None without a path."""
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
