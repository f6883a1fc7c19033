"""`dialwatt vectors FILE`: recompute a file of known tokens with the product's own code.

Every row names a token system, its inputs and the token that must come out. A row is compared in
all it states (token, next count, display form). What cannot be recomputed is counted as skipped,
with the reason: EA07 rows without a table file, and kinds of row this program does not know.
It changes nothing and needs no database.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

import click

from core.errors import BadInput
from core.tokens import nexus, openpaygo
from core.tokens.errors import TokenError
from core.tokens.family import DeviceSecret, group
from core.tokens.openpaygo import EXTENDED, NORMAL, TokenType
from core.tokens.sta import StaTables
from operations.commands import sts_vectors
from operations.commands.arguments import file_argument
from operations.commands.sts_vectors import Skip
from simulator.devices import decoders, virtual_device

Row = dict[str, Any]
Recomputed = dict[str, Any]


@click.command()
@file_argument
@click.option(
    "--sta-tables",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The STA tables (JSON) that rows of encryption algorithm 07 need.",
)
def vectors(file: Path, sta_tables: Path | None) -> int:
    """Recompute the tokens of a vector file.

    It prints every row whose token differs, and a last line with the counts. Exit code 1 where a
    row differs.
    """
    try:
        return check(file, sta_tables, sys.stdout)
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read {file}: {error}") from error


def check(path: Path, sta_tables: Path | None, out: TextIO) -> int:
    """Print every mismatch and a last line with the counts; 1 if any row differs, else 0.

    Raises OSError or ValueError when a file cannot be read.
    """
    tables = StaTables.from_json(sta_tables.read_text()) if sta_tables else None
    counts = Counter(match=0, differ=0, skipped=0)
    for row in json.loads(path.read_text()):
        verdict, remark = judge(row, tables)
        counts[verdict] += 1
        if remark:
            print(f"{row.get('id', '(no id)')}: {remark}", file=out)
    print("{match} match, {differ} differ, {skipped} skipped".format(**counts), file=out)
    return 1 if counts["differ"] else 0


def judge(row: Row, tables: StaTables | None) -> tuple[str, str]:
    """Return `match`, `differ` or `skipped` for a row, and a remark for the last two."""
    try:
        recompute = _SYSTEMS.get(row["system"])
        if recompute is None:
            raise Skip(f"unknown system {row['system']}")
        ours = recompute(row["inputs"], tables)
    except Skip as skip:
        return "skipped", f"skipped, {skip}"
    except KeyError as missing:
        return "skipped", f"skipped, the row does not state {missing}"
    except TokenError as error:
        return "differ", f"expected {row['token']}, refused: {error}"
    wrong = [name for name in ours if name in row and row[name] != ours[name]]
    remark = "; ".join(f"{name} expected {row[name]}, got {ours[name]}" for name in wrong)
    return ("differ" if wrong else "match"), remark


def _openpaygo(inputs: Row, _: StaTables | None) -> Recomputed:
    key = bytes.fromhex(inputs["secret_key_hex"])
    starting_code = inputs["starting_code"]
    if inputs["starting_code_derived_from_key"]:
        starting_code = openpaygo.starting_code_from(key)
    form = EXTENDED if inputs["extended_token"] else NORMAL
    kind = TokenType(inputs["token_type"])
    value = None
    if kind in (TokenType.ADD_TIME, TokenType.SET_TIME):
        value = openpaygo.units(Fraction(str(inputs["value"])), inputs["value_divider"])
    count, text = openpaygo.issue(key, starting_code, inputs["previous_count"], kind, value, form)
    if inputs["restricted_digit_set"]:
        text = openpaygo.to_restricted(text, form)
    return {"token": text, "new_count": count}


def _openpaygo_behaviour(inputs: Row, _: StaTables | None) -> Recomputed:
    """A sequence of tokens typed on a virtual device, and its answer to each."""
    secret = DeviceSecret(
        serial="",
        family="openpaygo",
        key=bytes.fromhex(inputs["secret_key_hex"]),
        starting_code=inputs["starting_code"],
    )
    state = virtual_device.factory_state(secret, inputs["device_count_at_start"])
    answers = []
    for entry in inputs["entries"]:
        state, accepted, reason = virtual_device.enter_token(state, entry["token"], secret)
        answers.append("ok" if accepted else _BEHAVIOUR_WORDS[reason])
    if answers != inputs["expected"]:
        raise TokenError(f"the device answered {answers} instead of {inputs['expected']}")
    return {"token": [_entry_token(secret, entry) for entry in inputs["entries"]]}


def _entry_token(secret: DeviceSecret, entry: Row) -> str:
    if entry["type"] == "INVALID":
        return str(entry["token"])
    assert secret.key is not None
    assert secret.starting_code is not None
    return openpaygo.token(secret.key, secret.starting_code, entry["count"], entry["value"])


_BEHAVIOUR_WORDS = {
    decoders.ALREADY_USED: "used",
    decoders.TOO_OLD: "used",
    decoders.NOT_FOR_THIS_DEVICE: "invalid",
    decoders.MALFORMED: "invalid",
}


def _nexus_full(inputs: Row, _: StaTables | None) -> Recomputed:
    match inputs["message_type"]:
        case "add_credit":
            kind, body = nexus.ADD, nexus.full_hours(nexus.ADD, inputs["hours"])
        case "set_credit":
            kind, body = nexus.SET, nexus.full_hours(nexus.SET, inputs["hours"])
        case "unlock":
            kind, body = nexus.SET, nexus.UNLOCK_HOURS
        case "wipe_state":
            kind, body = nexus.WIPE, _WIPE_FLAGS[inputs["flags"]]
        case other:
            raise Skip(f"unknown message {other}")
    text = nexus.full(bytes.fromhex(inputs["secret_key_hex"]), inputs["message_id"], kind, body)
    return {"token": text, "display": group(text, "nexus_full")}


def _nexus_small(inputs: Row, _: StaTables | None) -> Recomputed:
    match inputs["message_type"]:
        case "add_credit":
            kind, body = nexus.SMALL_ADD, nexus.small_body(nexus.SMALL_ADD, inputs["days"])
        case "set_credit":
            kind, body = nexus.SMALL_SET, nexus.small_body(nexus.SMALL_SET, inputs["days"])
        case "unlock":
            kind, body = nexus.SMALL_ADD, nexus.SMALL_UNLOCK
        case "maintenance":
            kind, body = nexus.SMALL_MAINTENANCE, nexus.SMALL_WIPE + _SMALL_WIPES[inputs["type"]]
        case other:
            raise Skip(f"unknown message {other}")
    text = nexus.small(bytes.fromhex(inputs["secret_key_hex"]), inputs["message_id"], kind, body)
    return {"token": text, "display": group(text, "nexus_small")}


_WIPE_FLAGS = {
    "TARGET_FLAGS_0": 0,
    "TARGET_FLAGS_1": 1,
    "WIPE_IDS_ALL": 2,
    "WIPE_RESTRICTED_FLAG": 3,
}
_SMALL_WIPES = {"WIPE_STATE_0": 0, "WIPE_STATE_1": 1, "WIPE_IDS_ALL": 2}

_SYSTEMS: dict[str, Callable[[Row, StaTables | None], Recomputed]] = {
    "openpaygo_token": _openpaygo,
    "openpaygo_device_behaviour": _openpaygo_behaviour,
    "nexus_keycode_full": _nexus_full,
    "nexus_keycode_small": _nexus_small,
    "sts": sts_vectors.recompute,
}
