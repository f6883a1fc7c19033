"""From a meter number and a vending key to the meter's decoder key.

DKGA02 (a DES vending key of 8 bytes) and DKGA04 (a vending key of 20 bytes). It refuses key
types other than 1 (default) and 2 (unique): no published figure confirms the others. No key is
ever part of a repr or a message.
"""

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from hmac import digest
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from core.luhn import has_luhn_digit, luhn_digit
from core.tokens import misty1, sta
from core.tokens.errors import TokenError, TokenImpossible
from core.tokens.sta import StaTables

EA_STA, EA_MISTY1 = 7, 11
_KEY_BYTES = {EA_STA: 8, EA_MISTY1: 16}
_KEY_TYPES = (1, 2)
# The key type of a meter that has a key of its own: no other may be vended to.
UNIQUE_KEY = 2
_BASE_YEARS = (1993, 2014, 2035)
_IN_TEXT = {"ea", "dkga", "sgc", "krn", "ti", "kt", "ken", "base"}
_EXAMPLE = "ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;ken=255;base=2014"


@dataclass(frozen=True)
class StsMeter:
    """What a vending system knows of a meter besides its number.

    ea, dkga: algorithm numbers; sgc: supply group, 6 digits; krn: key revision, 1 to 9;
    ti: tariff index, 2 digits; kt: key type; ken: key expiry number, 0 to 255;
    base: year the meter counts its minutes from.
    """

    ea: int
    dkga: int
    sgc: str
    krn: int
    ti: str
    kt: int
    ken: int = 255
    base: int = 2014
    vending_key: bytes | None = field(default=None, repr=False)
    sta_tables: StaTables | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        checks = {
            "ea": self.ea in _KEY_BYTES,
            "dkga": self.dkga == 4 or (self.dkga == 2 and self.ea == EA_STA),
            "sgc": len(self.sgc) == 6 and _digits(self.sgc),
            "krn": 1 <= self.krn <= 9,
            "ti": len(self.ti) == 2 and _digits(self.ti),
            "kt": 0 <= self.kt <= 3,
            "ken": 0 <= self.ken <= 255,
            "base": self.base in _BASE_YEARS,
        }
        wrong = [name for name, holds in checks.items() if not holds]
        if wrong:
            raise TokenImpossible(f"STS data of the meter not valid: {', '.join(wrong)}")

    @property
    def is_vendable(self) -> bool:
        """Whether tokens may be sold to it: a unique key, and not on the base year that is over."""
        return self.kt == UNIQUE_KEY and self.base != 1993

    @property
    def key_name(self) -> str:
        """The vending key it needs, in words."""
        return f"supply group {self.sgc}, key revision {self.krn} (DKGA{self.dkga:02})"

    def stored(self) -> dict[str, Any]:
        """Return what is stored of a meter: never a key, never a table."""
        secrets = ("vending_key", "sta_tables")
        return {name: value for name, value in asdict(self).items() if name not in secrets}

    @classmethod
    def parse(cls, text: str) -> "StsMeter":
        """A meter from `ea=11;dkga=04;sgc=123456;krn=1;ti=01;kt=2;ken=255;base=2014`.

        `ken` and `base` may be left out; keys and tables are never part of the text.
        Raises TokenError for anything else.
        """
        try:
            pairs = dict(part.split("=") for part in text.replace(" ", "").split(";") if part)
            if not pairs.keys() <= _IN_TEXT:
                raise ValueError
            return cls(
                ea=int(pairs["ea"]),
                dkga=int(pairs["dkga"]),
                sgc=pairs["sgc"],
                krn=int(pairs["krn"]),
                ti=pairs["ti"],
                kt=int(pairs["kt"]),
                ken=int(pairs.get("ken", 255)),
                base=int(pairs.get("base", 2014)),
            )
        except TokenError:
            raise
        except (KeyError, ValueError):
            raise TokenError(f"the STS data of a meter is written as {_EXAMPLE}") from None


@dataclass(frozen=True)
class DecoderKey:
    """The key inside one meter, with the cipher that goes with it."""

    ea: int
    key: bytes = field(repr=False)
    tables: StaTables | None = field(default=None, repr=False)

    def encrypt(self, block: int) -> int:
        if self.ea == EA_MISTY1:
            return misty1.encrypt(self.key, block)
        return sta.encrypt(self.key, block, self._tables())

    def decrypt(self, block: int) -> int:
        if self.ea == EA_MISTY1:
            return misty1.decrypt(self.key, block)
        return sta.decrypt(self.key, block, self._tables())

    def _tables(self) -> StaTables:
        if self.tables is None:
            raise TokenError("encryption algorithm 07 needs the operator's STA tables")
        return self.tables


def decoder_key(meter: StsMeter, pan: str) -> DecoderKey:
    """Return the decoder key of a meter, from its 18-digit MeterPAN.

    Raises TokenError without its vending key, TokenImpossible for a key type we do not support.
    """
    if meter.vending_key is None:
        raise TokenError(f"no vending key for {meter.key_name}")
    if meter.kt not in _KEY_TYPES:
        raise TokenImpossible(f"key type {meter.kt} is not supported")
    derive = _dkga02 if meter.dkga == 2 else _dkga04
    return DecoderKey(meter.ea, derive(meter, pan, meter.vending_key), meter.sta_tables)


def meter_pan(number: str) -> str:
    """The 18-digit MeterPAN of a meter number of 11 or 13 digits, or of a whole MeterPAN.

    Both Luhn digits are checked: a mistyped number is refused.
    """
    if not _digits(number) or len(number) not in (11, 13, 18):
        raise TokenImpossible("an STS meter number has 11, 13 or 18 digits")
    if len(number) == 18:
        drn = number[6:17] if number.startswith("600727") else number[4:17]
        if meter_pan(drn) != number:
            raise TokenImpossible("the check digit of the meter number is wrong")
        return number
    if not has_luhn_digit(number):
        raise TokenImpossible("the check digit of the meter number is wrong")
    issued = ("600727" if len(number) == 11 else "0000") + number
    return f"{issued}{luhn_digit(issued)}"


def _dkga02(meter: StsMeter, pan: str, vending_key: bytes) -> bytes:
    if len(vending_key) != 8:
        raise TokenError("DKGA02 takes a vending key of 8 bytes")
    control = bytes.fromhex(f"{meter.kt}{meter.sgc}{meter.ti}{meter.krn}FFFFFF")
    data = _xor(bytes.fromhex(pan[1:17]), control)
    # Three equal keys make triple DES the single DES that the standard asks for.
    des = Cipher(TripleDES(vending_key * 3), modes.ECB()).encryptor()
    return _xor(_xor(des.update(data), data), vending_key)


def _dkga04(meter: StsMeter, pan: str, vending_key: bytes) -> bytes:
    if len(vending_key) != 20:
        raise TokenError("DKGA04 takes a vending key of 20 bytes")
    size = _KEY_BYTES[meter.ea]
    before = ("04", f"{meter.base % 100:02d}", f"{meter.ea:02d}", meter.ti)
    after = (meter.sgc, str(meter.kt), str(meter.krn), pan)
    message = b"\x04%b\x00\x04%b%b" % (
        b"".join(map(_with_length, before)),
        b"".join(map(_with_length, after)),
        (size * 8).to_bytes(4, "big"),
    )
    return digest(vending_key, message, sha256)[:size]


def _with_length(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("ascii")


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))
