"""How STS writes an amount: a decimal exponent and a 14-bit mantissa, in whole numbers only.

Amounts up to 16383 are exact; above, the steps are 10, 100 and 1000 wide and the standard rounds
*up*. `exact_parts` cuts an amount into amounts that need no rounding, so that a customer gets
neither more nor less than was paid for.
"""

from core.tokens.errors import TokenError

_MANTISSAS = 1 << 14
_ENERGY_EXPONENT = 3
_CURRENCY_EXPONENT = 31

MAX_UNITS = 18_201_624


def energy_field(units: int) -> int:
    """The 16-bit field of an amount in tenths (kWh, m3, minutes) or watts; rounds up."""
    if units < 0:
        raise TokenError("an amount is not negative")
    return _pack(units, _ENERGY_EXPONENT, upwards=True)


def energy_units(field: int) -> int:
    """The amount a meter reads from a 16-bit field."""
    exponent = field >> 14
    return _floor_of(exponent) + (field & _MANTISSAS - 1) * _step(exponent)


def currency_field(hundred_thousandths: int) -> int:
    """The 20-bit field of an amount of money in 0.00001; negative ones round towards zero."""
    size = abs(hundred_thousandths)
    sign = 1 if hundred_thousandths < 0 else 0
    return sign << 19 | _pack(size, _CURRENCY_EXPONENT, upwards=not sign)


def exact_parts(units: int) -> list[int]:
    """Amounts that a meter reads exactly as written and that sum to `units`, largest first.

    One part up to 16383, never more than two up to MAX_UNITS.
    """
    parts = []
    while units:
        part = largest_exact(units)
        parts.append(part)
        units -= part
    return parts


def largest_exact(units: int) -> int:
    """The largest amount not above `units` (1 and up) that one token writes without rounding."""
    units = min(units, MAX_UNITS)
    exponent = _exponent_of(units)
    return units - (units - _floor_of(exponent)) % _step(exponent)


def _pack(units: int, max_exponent: int, *, upwards: bool) -> int:
    exponent = min(_exponent_of(units), max_exponent)
    above_floor = units - _floor_of(exponent)
    mantissa = -(-above_floor // _step(exponent)) if upwards else above_floor // _step(exponent)
    # A mantissa rounded up to 16384 carries into the exponent: hence plus, not or.
    packed = exponent * _MANTISSAS + mantissa
    if packed >= (max_exponent + 1) * _MANTISSAS:
        raise TokenError("the amount is larger than a token can carry")
    return packed


def _exponent_of(units: int) -> int:
    exponent = 0
    while units >= _floor_of(exponent + 1):
        exponent += 1
    return exponent


def _floor_of(exponent: int) -> int:
    """The smallest amount written with this exponent: 16384 x (1 + 10 + 100 ...)."""
    return _MANTISSAS * (_step(exponent) - 1) // 9


def _step(exponent: int) -> int:
    return int(10**exponent)
