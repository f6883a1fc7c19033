"""Device keys at rest, and where STS vending keys come from.

A sealed key is AES-256-GCM under one of the operator's master keys. It names its master key, so
that two can be in use while one replaces the other, and it is bound to the place it was sealed
for (table, row, field): moved anywhere else, it does not open. There is no way to store a key in
clear, and whatever does not open raises. Nothing in this file has a repr that says anything.

What the web process takes in is sealed with a public key (sealing_key.py); a ring decrypts it too.

Shape of a sealed value: version 1 | length of key id | key id | nonce (12) | cipher text and tag.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from os import urandom
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.device import HeldKey
from core.environment import read_setting
from core.errors import BadInput
from core.tokens.errors import TokenError
from core.tokens.sealing_key import KEY_ID, PUBLIC_BYTES, SealingKey, private_half, unseal
from core.tokens.sealing_key import VERSION as PUBLIC_KEY_VERSION

_VERSION = 1
_NONCE_BYTES = 12
_VENDING_KEY = "STS_VENDING_KEY_"
_KEY_NAME = re.compile(r"STS_VENDING_KEY_(\d{6})(?:_([1-9]))?")
# The bytes of a vending key, by key derivation algorithm.
_BYTES = {2: 8, 4: 20}


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
    """STS vending keys by supply group and key revision, from `STS_VENDING_KEY_<sgc>_<krn>` in hex,
    or from the file that `STS_VENDING_KEY_<sgc>_<krn>_FILE` names.

    Both keys of a revision, of 8 bytes (DKGA02) and of 20 (DKGA04), may stand there with a comma
    between them. `STS_VENDING_KEY_<sgc>` serves a supply group that has one revision only: it
    counts where none is named, and not for another revision than `pin` was told.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = {
            name: value for name, value in environment.items() if name.startswith(_VENDING_KEY)
        }
        self._pinned: dict[str, int] = {}

    def of(self, sgc: str, krn: int, dkga: int) -> bytes:
        """Return a vending key: 8 bytes for DKGA02, 20 for DKGA04.

        Raises TokenError for a key that is missing, of another revision or of another length.
        """
        name = f"{_VENDING_KEY}{sgc}_{krn}"
        if not self._has(name):
            if any(parsed == sgc and revision for _, parsed, revision in self._names()):
                raise TokenError(f"{name} is not set (see .env.example)")
            pinned = self._pinned.get(sgc, krn)
            if pinned != krn:
                raise TokenError(f"{name} is not set: {_VENDING_KEY}{sgc} is for revision {pinned}")
            name = f"{_VENDING_KEY}{sgc}"
        keys = self._keys_named(name)
        if dkga not in keys:
            raise TokenError(f"{name} has no key of {_BYTES[dkga]} bytes (DKGA{dkga:02})")
        return keys[dkga]

    def pin(self, sgc: str, krn: int) -> None:
        """Say which revision the key of a group has whose name does not say it."""
        self._pinned[sgc] = krn

    def held(self) -> list[HeldKey]:
        """Return which keys are there and can be used, in the order of their names; those of
        `STS_VENDING_KEY_<sgc>` with the revision that was pinned, else 0."""
        named = {sgc for _, sgc, krn in self._names() if krn}
        found = []
        for name, sgc, krn in self._names():
            if krn or sgc not in named:
                revision = krn or self._pinned.get(sgc, 0)
                found += [HeldKey(sgc, revision, dkga) for dkga in self._usable(name)]
        return found

    def problems(self) -> list[str]:
        """Return what is wrong with the names and the keys that are set, without any key."""
        found = [f"{name} is not STS_VENDING_KEY_<sgc>_<krn>" for name in self._misnamed()]
        for name, _, _ in self._names():
            try:
                self._keys_named(name)
            except TokenError as error:
                found.append(str(error))
        return found

    def _has(self, name: str) -> bool:
        return bool(self._given.get(name) or self._given.get(f"{name}_FILE"))

    def _set_names(self) -> list[str]:
        names = {name.removesuffix("_FILE") for name in self._given}
        return sorted(name for name in names if self._has(name))

    def _names(self) -> Iterator[tuple[str, str, int]]:
        """Yield (name, supply group, key revision or 0) of each setting that is there."""
        for name in self._set_names():
            if found := _KEY_NAME.fullmatch(name):
                yield name, found[1], int(found[2] or 0)

    def _misnamed(self) -> list[str]:
        return [name for name in self._set_names() if not _KEY_NAME.fullmatch(name)]

    def _usable(self, name: str) -> list[int]:
        try:
            return list(self._keys_named(name))
        except TokenError:
            return []

    def _keys_named(self, name: str) -> dict[int, bytes]:
        """Return the keys of one setting by their key derivation algorithm. Raises TokenError."""
        try:
            given = read_setting(self._given, name)
            keys = [bytes.fromhex(part) for part in given.split(",")]
        except BadInput as error:
            raise TokenError(str(error)) from None
        except ValueError:
            raise TokenError(f"{name} is not hexadecimal") from None
        by_dkga = {dkga: key for dkga, size in _BYTES.items() for key in keys if len(key) == size}
        if len(by_dkga) != len(keys):
            raise TokenError(f"{name} must have 8 bytes (DKGA02), 20 (DKGA04), or one of each")
        return by_dkga
