"""`dialwatt phone`: a handset in the terminal, for a person or for a script on standard input.

It plays against the running embedded set-up, found as every command finds it, or against any
gateway by `--url` and `--key`. A gateway without simulated phones is only dialled when it was
named: what is dialled there is real.
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
    """Play until the phone is put away. Raises StepFailed for a step that fails."""
    url = arguments.url or _running(environment)
    with closing(GatewayClient(url)) as gateway, _written(arguments.transcript) as file:
        network = gateway.network() or _named(arguments)
        people = Contacts(gateway.get("cast") if network.has_phones else ())
        played: list[str] = []
        is_script = not sys.stdin.isatty()
        out = file or (sys.stdout if is_script else None)
        transcript = Transcript(
            lambda line: print(line, file=out, flush=True) if out else played.append(line),
            verbatim=arguments.verbatim,
        )
        handset = Handset(gateway, network, people, transcript, arguments.patience)
        if arguments.number:
            handset.pick_up(arguments.number)
        try:
            play_journey(sys.stdin, handset, transcript) if is_script else _play(handset, played)
        finally:
            handset.hang_up()
    return 0


def _play(handset: Handset, played: list[str]) -> None:
    if not handset.msisdn:
        handset.pick_up(_first(handset.people))
    InteractivePhone(handset, sys.stdin, sys.stdout).play()
    if len(played) > 1:
        print("\nWhat was played, as a journey:\n", *played, sep="\n")


def _first(people: Contacts) -> str:
    if not people.all:
        raise BadInput("whose phone is it? Say `dialwatt phone NUMBER`")
    return people.all[0].msisdn


def _running(environment: Environment) -> str:
    """The address of the gateway that the other commands talk to."""
    found = command_environment(environment)
    url = found.get("PUBLIC_URL")
    if not url:
        raise BadInput("which gateway? Say --url, or start one with `make run`")
    return url


def _named(arguments: Namespace) -> Network:
    """A gateway without simulated phones. Raises BadInput where it was not meant."""
    if not (arguments.url and arguments.key and arguments.code):
        raise BadInput(
            "that gateway has no simulated phones. To dial it all the same, as its aggregator"
            " would, say --url, --key (its CALLBACK_KEY) and --code (its service code)"
        )
    ussd = f"ussd/africastalking/{arguments.key}"
    return Network(arguments.code, arguments.network, ussd, f"{ussd}/events")


@contextmanager
def _written(path: str | None) -> Iterator[TextIO | None]:
    """The file of the transcript, closed to others: it holds what was typed, PINs too."""
    if path is None:
        yield None
        return
    try:
        Path(path).unlink(missing_ok=True)
        number = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror}") from error
    with os.fdopen(number, "w", encoding="utf-8") as file:
        yield file
