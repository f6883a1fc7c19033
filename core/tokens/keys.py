"""Device keys at rest, and where STS vending keys come from.

A sealed key is AES-256-GCM under one of the operator's master keys. It names its master key, so
that two can be in use while one replaces the other, and it is bound to the place it was sealed
for (table, row, field): moved anywhere else, it does not open. There is no way to store a key in
clear, and whatever does not open raises. Nothing in this file has a repr that says anything.

What the web process takes in is sealed with a public key (sealing_key.py); a ring decrypts it too.

Shape of a sealed value: version 1 | length of key id | key id | nonce (12) | cipher text and tag.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from os import urandom
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.environment import read_setting
from core.errors import BadInput
from core.tokens.errors import TokenError
from core.tokens.sealing_key import KEY_ID, PUBLIC_BYTES, SealingKey, private_half, unseal
from core.tokens.sealing_key import VERSION as PUBLIC_KEY_VERSION

_VERSION = 1
_NONCE_BYTES = 12
_VENDING_KEY = "STS_VENDING_KEY_"


class KeyRing:
    """The master keys, by id. The first one seals; every one of them opens."""

    def __init__(self, master_keys: Mapping[str, bytes]) -> None:
        """Takes 32-byte keys by id; refuses an empty ring."""
        if not master_keys:
            raise TokenError("no master key for device keys is set")
        for key_id, key in master_keys.items():
            if not KEY_ID.fullmatch(key_id):
                raise TokenError("the id of a master key is 1 to 32 letters, digits, - or _")
            if len(key) != 32:
                raise TokenError(f"master key {key_id} must have 32 bytes")
        self.sealing_id = next(iter(master_keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in master_keys.items()}
        self._private_keys = {key_id: private_half(key) for key_id, key in master_keys.items()}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the master keys, the sealing one first."""
        return tuple(self._ciphers)

    @classmethod
    def from_settings(cls, text: str) -> Self:
        """Return a ring from `id:base64,id:base64`, or from one bare base64 key, which gets id 1.

        Raises TokenError for a key that is not 32 bytes in base64, and for an id given twice.
        """
        ring: dict[str, bytes] = {}
        for part in text.split(","):
            key_id, _, encoded = part.strip().rpartition(":")
            if (key_id or "1") in ring:
                raise TokenError("two master keys have the same id")
            try:
                ring[key_id or "1"] = b64decode(encoded, validate=True)
            except Base64Error:
                raise TokenError("a master key is not valid base64") from None
        return cls(ring)

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """The sealed form of a key for one place, such as `device:A1B2:secret_key`."""
        header = bytes([_VERSION, len(self.sealing_id)]) + self.sealing_id.encode()
        nonce = urandom(_NONCE_BYTES)
        cipher = self._ciphers[self.sealing_id]
        return header + nonce + cipher.encrypt(nonce, plain, header + bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Return the decrypted device key. Raises TokenError if it was altered, moved to another
        device, or sealed with an unknown key."""
        header, nonce, cipher_text = _parts(sealed)
        key_id = header[2:].decode("ascii", "replace")
        if key_id not in self._ciphers:
            raise TokenError("the device key was sealed with a master key that is not set")
        try:
            if header[0] == PUBLIC_KEY_VERSION:
                return unseal(self._private_keys[key_id], header + nonce, cipher_text, bound_to)
            return self._ciphers[key_id].decrypt(nonce, cipher_text, header + bound_to.encode())
        except (InvalidTag, ValueError):
            raise TokenError("the sealed device key does not open here") from None

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        """Whether that key is inside; TokenError as for `open`."""
        return self.open(sealed, bound_to) == plain

    def sealing_key(self) -> SealingKey:
        """Return the public sealing key: it seals for this ring and decrypts nothing."""
        return SealingKey(self.sealing_id, self._private_keys[self.sealing_id].public_key())

    def opens(self, key: SealingKey) -> bool:
        """Return whether this ring decrypts what that key seals."""
        private = self._private_keys.get(key.key_id)
        return private is not None and str(SealingKey(key.key_id, private.public_key())) == str(key)

    def is_current(self, sealed: bytes) -> bool:
        """Whether the value is sealed with the first key, or waits for a rotation to end."""
        return _parts(sealed)[0][2:] == self.sealing_id.encode()


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    """Header, nonce (or the fresh public key of a letter), cipher text."""
    if len(sealed) < 2 or sealed[0] not in (_VERSION, PUBLIC_KEY_VERSION):
        raise TokenError("not a sealed device key")
    start = 2 + sealed[1]
    end = start + (PUBLIC_BYTES if sealed[0] == PUBLIC_KEY_VERSION else _NONCE_BYTES)
    return sealed[:start], sealed[start:end], sealed[end:]


class VendingKeys:
    """STS vending keys by supply group code, taken from `STS_VENDING_KEY_<sgc>` in hex, or from the
    file that `STS_VENDING_KEY_<sgc>_FILE` names."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = {
            name: value for name, value in environment.items() if name.startswith(_VENDING_KEY)
        }

    def of(self, sgc: str) -> bytes:
        """Return the vending key of a supply group: 8 bytes for DKGA02, 20 for DKGA04.

        Raises TokenError for a key that is missing or has another length.
        """
        name = _VENDING_KEY + sgc
        try:
            key = bytes.fromhex(read_setting(self._given, name))
        except BadInput as error:
            raise TokenError(str(error)) from None
        except ValueError:
            raise TokenError(f"{name} is not hexadecimal") from None
        if len(key) not in (8, 20):
            raise TokenError(f"{name} must have 8 bytes (DKGA02) or 20 (DKGA04)")
        return key
