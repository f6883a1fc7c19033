"""What an operator writes of a device's secret, in a file or in a form. ValueError says what is
wrong with it, and never repeats a key."""

from __future__ import annotations

from core.tokens.errors import TokenError
from core.tokens.sts_keys import StsMeter

_KEY_BYTES = 16
_LONGEST_CODE = 24
_AROUND_DIGITS = str.maketrans("-*#", "   ")


def secret_key(typed: str) -> bytes:
    """A device's key, in hexadecimal."""
    try:
        key = bytes.fromhex(typed)
    except ValueError:
        raise ValueError("not hexadecimal") from None
    if len(key) != _KEY_BYTES:
        raise ValueError(f"has {len(key)} bytes, a device key has {_KEY_BYTES}")
    return key


def typed_code(typed: str) -> str:
    """A code as people write it, as its digits: spaces, dashes, * and # do not count."""
    code = "".join(typed.translate(_AROUND_DIGITS).split())
    if not (code.isascii() and code.isdecimal()) or len(code) > _LONGEST_CODE:
        raise ValueError("a code has digits only")
    return code


def new_meters(typed: str) -> StsMeter:
    """What new meters of a manufacturer leave the factory with: something can be sold to them."""
    meter = sts_meter(typed)
    if not meter.is_vendable:
        raise ValueError("nothing is sold to meters on such a key (key type 2, base 2014 or later)")
    return meter


def written(meter: StsMeter) -> str:
    """As `sts_meter` reads it."""
    return (
        f"ea={meter.ea};dkga={meter.dkga:02};sgc={meter.sgc};krn={meter.krn};ti={meter.ti}"
        f";kt={meter.kt};ken={meter.ken};base={meter.base}"
    )


def sts_meter(typed: str) -> StsMeter:
    """What is known of a meter besides its number: `ea=11;dkga=04;sgc=...`."""
    try:
        return StsMeter.parse(typed)
    except TokenError as error:
        raise ValueError(str(error)) from None
