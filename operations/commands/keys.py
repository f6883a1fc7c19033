"""`dialwatt keys list | rotate | public`: which master keys seal the device keys, sealing them
anew, and what a web process seals them with that may open none.

A rotation has three steps: every worker gets `DEVICE_KEY_SECRET=new-id:NEW,old-id:OLD`, this
command runs, and only when nothing is sealed with the old key any more is the old one taken out.
"""

from __future__ import annotations

import sys
from argparse import Namespace

from core.errors import BadInput
from core.settings import Environment, read
from core.tokens.keys import KeyRing
from core.unit import OpenUnit
from core.usecases.tokens.device_keys import list_keys, note_rotation, rotate_keys
from operations.database import open_database
from operations.operator import operator_name

_KEYS_A_PAGE = 500


def run(arguments: Namespace, environment: Environment) -> int:
    """Do it and say what seals what. Raises BadInput naming devices whose key does not open."""
    ring = KeyRing.from_settings(read(environment, "DEVICE_KEY_SECRET"))
    if arguments.action == "public":
        print(ring.sealing_key())
        return 0
    open_unit = open_database(environment)
    if arguments.action == "rotate":
        return _rotate(open_unit, ring)
    with open_unit() as unit:
        _print(list_keys(unit), ring)
    return 0


def _rotate(open_unit: OpenUnit, ring: KeyRing) -> int:
    """Page by page, each in its own commit: stopped anywhere, it is simply started again."""
    sealed, unopened = 0, list[str]()
    after: int | None = 0
    while after is not None:
        with open_unit() as unit:
            page = rotate_keys(unit, ring, after, _KEYS_A_PAGE)
        sealed, after = sealed + page.sealed, page.after
        unopened.extend(page.unopened)
        print(f"{sealed} keys sealed anew ...", file=sys.stderr, flush=True)
    with open_unit() as unit:
        counts = note_rotation(unit, operator_name(), ring, sealed)
    print(f"{sealed} device keys sealed anew with master key {ring.sealing_id}")
    _print(counts, ring)
    if unopened:
        raise BadInput(
            *(f"the key of {serial} does not open" for serial in unopened),
            "They stay as they are. Put the master key they were sealed with into"
            " DEVICE_KEY_SECRET, after the new one, and run this again.",
        )
    return 0


def _print(counts: dict[str, int], ring: KeyRing) -> None:
    """Every master key there is: in the books, on the ring, or both."""
    for key_id in dict.fromkeys([*ring.ids, *counts]):
        held = "" if key_id in ring.ids else "  NOT in DEVICE_KEY_SECRET: these devices get no code"
        use = "seals" if key_id == ring.sealing_id else "opens"
        if key_id in ring.ids and key_id != ring.sealing_id and not counts.get(key_id):
            held = "  no longer needed: take it out of DEVICE_KEY_SECRET"
        print(f"master key {key_id:<12}{counts.get(key_id, 0):>9} device keys  {use}{held}")
