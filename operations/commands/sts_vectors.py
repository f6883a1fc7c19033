"""The STS rows of a vector file; see `operations.commands.vectors`."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from core.tokens import sts
from core.tokens.errors import TokenError
from core.tokens.sta import StaTables, encrypt
from core.tokens.sts_keys import EA_STA, DecoderKey, StsMeter, decoder_key

Row = dict[str, Any]

_UTILITIES = {
    "electricity": sts.ELECTRICITY,
    "water": sts.WATER,
    "gas": sts.GAS,
    "time": sts.TIME,
}
_LIMITS = {
    "set_max_power_limit": sts.MAX_POWER,
    "set_max_phase_unbalance": sts.MAX_UNBALANCE,
}
# Inputs of a key change row: the meter's new data, where it is not the old one.
_NEW = ("vending_key_hex", "key_type", "sgc", "tariff_index", "key_revision", "base_year", "ken")


class Skip(Exception):
    """The row cannot be recomputed here; the text says why."""


def recompute(inputs: Row, tables: StaTables | None) -> Row:
    """The token of one STS row. Raises Skip, KeyError for a missing input, TokenError."""
    kind = inputs["token_type"]
    if kind.startswith("meter_test_display_subclass"):
        return {"token": _meter_test(inputs, four_digits=kind.endswith("1"))}
    if kind == "key_change":
        return {"token": _key_change(inputs, tables)}
    key = _decoder_key(inputs, tables)
    issued_at = datetime.fromisoformat(inputs["issue_time"]).replace(tzinfo=UTC)
    tid = sts.tid_at(inputs["base_year"], issued_at)
    if kind.startswith("credit_"):
        return {"token": _credit(kind, inputs, key, tid)}
    return {"token": _management(kind, inputs, key, tid)}


def _credit(kind: str, inputs: Row, key: DecoderKey, tid: int) -> str:
    _, name, *in_currency = kind.split("_")
    if name not in _UTILITIES:
        raise Skip(f"unknown STS token {kind}")
    if in_currency:
        amount = _whole(inputs["amount"], 100_000)
        return sts.currency_credit(key, _UTILITIES[name], tid, amount)
    return sts.credit(key, _UTILITIES[name], tid, _whole(inputs["amount"], 10), inputs["rnd"])


def _management(kind: str, inputs: Row, key: DecoderKey, tid: int) -> str:
    if kind in _LIMITS:
        return sts.power_limit(key, _LIMITS[kind], tid, inputs["limit_watts"], inputs["rnd"])
    if kind == "clear_credit":
        return sts.management(key, sts.CLEAR_CREDIT, tid, inputs["register"], inputs["rnd"])
    if kind == "clear_tamper":
        return sts.management(key, sts.CLEAR_TAMPER, tid, 0, inputs["rnd"])
    raise Skip(f"unknown STS token {kind}")


def _key_change(inputs: Row, tables: StaTables | None) -> list[str]:
    """The tokens from a meter's data to the same data with every `new_` input put in."""
    new = inputs | {name: inputs[f"new_{name}"] for name in _NEW if f"new_{name}" in inputs}
    return list(
        sts.key_change(
            _decoder_key(inputs, tables),
            _decoder_key(new, tables),
            _meter(new, tables),
            roll_over=new["base_year"] != inputs["base_year"],
        )
    )


def _meter_test(inputs: Row, *, four_digits: bool) -> str:
    return sts.meter_test(
        inputs["control"], inputs["manufacturer_code"], four_digit_manufacturer=four_digits
    )


def _decoder_key(inputs: Row, tables: StaTables | None) -> DecoderKey:
    ea = int(inputs["ea"])
    if ea == EA_STA:
        tables = _tables_for(inputs, tables)
    if "decoder_key_hex" in inputs:
        return DecoderKey(ea, bytes.fromhex(inputs["decoder_key_hex"]), tables)
    return decoder_key(_meter(inputs, tables), inputs["meter_pan"])


def _meter(inputs: Row, tables: StaTables | None) -> StsMeter:
    return StsMeter(
        ea=int(inputs["ea"]),
        dkga=int(inputs["dkga"]),
        sgc=inputs["sgc"],
        krn=inputs["key_revision"],
        ti=inputs["tariff_index"],
        kt=inputs["key_type"],
        ken=inputs.get("ken", 255),
        base=inputs["base_year"],
        vending_key=bytes.fromhex(inputs["vending_key_hex"]),
        sta_tables=tables,
    )


def _tables_for(inputs: Row, tables: StaTables | None) -> StaTables:
    """The loaded tables, if they are the ones the row was made with: sample or real."""
    if tables is None:
        raise Skip("EA07 needs --sta-tables")
    wanted = inputs.get("sta_tables", "real")
    if (wanted == "sample") != _are_sample(tables):
        raise Skip(f"made with the {wanted} STA tables")
    return tables


def _are_sample(tables: StaTables) -> bool:
    """Told by the worked example of the standard, which only its sample tables reproduce."""
    example = encrypt(bytes.fromhex("0abc12def3456789"), 0x0B19EB230100C207, tables)
    return example == 0xC45ED1619406DF95


def _whole(amount: str, per_unit: int) -> int:
    """An amount as a whole number of the smallest part a token counts in."""
    parts = Decimal(amount) * per_unit
    if parts != int(parts):
        raise TokenError(f"an amount is a whole number of 1/{per_unit}")
    return int(parts)
