"""`dialwatt keys list | rotate | public | signer`: the master keys that encrypt the device keys,
and the key that signs backups.

A rotation has three steps: give every worker `DEVICE_KEY_SECRET=new-id:NEW,old-id:OLD`, run
`dialwatt keys rotate`, and remove the old key once `dialwatt keys list` shows no device under it.
"""

from __future__ import annotations

import os

import click

from core.environment import read_setting
from core.errors import BadInput
from core.tokens.keys import KeyRing
from core.unit import OpenUnit
from core.usecases.tokens.device_keys import list_keys, note_rotation, rotate_keys
from operations.backup_file import public_key_of, signer_of
from operations.database import open_database
from operations.environment import command_environment
from operations.operator import operator_name
from operations.progress import progress_bar

_KEYS_A_PAGE = 500


@click.group()
def keys() -> None:
    """The keys of device keys, and the one that signs backups."""


@keys.command("list")
def list_() -> None:
    """Count the device keys under each master key."""
    environment = command_environment(os.environ)
    ring = KeyRing.from_settings(read_setting(environment, "DEVICE_KEY_SECRET"))
    with open_database(environment)() as unit:
        _print(list_keys(unit), ring)


@keys.command()
def public() -> None:
    """Print the public key with which the console encrypts device keys.

    It is the setting DEVICE_KEY_PUBLIC of the web processes. It cannot open a device key.
    """
    environment = command_environment(os.environ)
    print(KeyRing.from_settings(read_setting(environment, "DEVICE_KEY_SECRET")).sealing_key())


@keys.command()
def signer() -> None:
    """Print the public key of the signature of backups.

    It is what --signed-by of `dialwatt restore-check` takes, where the backups are kept.
    """
    setting = read_setting(command_environment(os.environ), "BACKUP_SIGNING_KEY")
    print(public_key_of(signer_of(setting)))


@keys.command()
def rotate() -> None:
    """Re-encrypt every device key with the current master key.

    The current master key is the first one in DEVICE_KEY_SECRET; the former ones have to follow it.
    Workers go on meanwhile. If it is stopped, run it again: it continues where it was.
    """
    environment = command_environment(os.environ)
    ring = KeyRing.from_settings(read_setting(environment, "DEVICE_KEY_SECRET"))
    open_unit = open_database(environment)
    encrypted, unopened = _rotate(open_unit, ring)
    with open_unit() as unit:
        counts = note_rotation(unit, operator_name(), ring, encrypted)
    print(f"{encrypted} device keys re-encrypted with master key {ring.sealing_id}")
    _print(counts, ring)
    if unopened:
        raise BadInput(
            *(f"the key of {serial} does not open" for serial in unopened),
            "They stay as they are. Put the master key under which they were encrypted into"
            " DEVICE_KEY_SECRET, after the new one, and run this again.",
        )


def _rotate(open_unit: OpenUnit, ring: KeyRing) -> tuple[int, list[str]]:
    """Re-encrypt page by page, each in its own transaction. Returns how many keys were encrypted,
    and the serial numbers of the devices whose key does not open."""
    with open_unit() as unit:
        total = sum(n for key_id, n in list_keys(unit).items() if key_id != ring.sealing_id)
    encrypted, unopened = 0, list[str]()
    after: int | None = 0
    with progress_bar("device keys", total) as show_done:
        while after is not None:
            with open_unit() as unit:
                page = rotate_keys(unit, ring, after, _KEYS_A_PAGE)
            encrypted, after = encrypted + page.sealed, page.after
            unopened.extend(page.unopened)
            show_done(encrypted + len(unopened))
    return encrypted, unopened


def _print(counts: dict[str, int], ring: KeyRing) -> None:
    """Print every master key of the database and of DEVICE_KEY_SECRET."""
    for key_id in dict.fromkeys([*ring.ids, *counts]):
        count = counts.get(key_id, 0)
        print(f"master key {key_id:<12}{count:>9} device keys  {_use(key_id, count, ring)}")


def _use(key_id: str, count: int, ring: KeyRing) -> str:
    if key_id == ring.sealing_id:
        return "encrypts"
    if key_id not in ring.ids:
        return "NOT in DEVICE_KEY_SECRET: these devices get no token"
    return "opens" if count else "opens  no longer needed: remove it from DEVICE_KEY_SECRET"
