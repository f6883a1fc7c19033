"""A letterbox for device keys: whoever has it can seal a key, and only the key ring can open it.

So the web process can take in a new device's key without holding anything that opens one. The box
is the public half of an X25519 pair that each master key stands for (derived with HKDF-SHA256); a
key is sealed under a fresh pair with AES-256-GCM, bound to its place like every sealed key.

Shape: version 2 | length of key id | key id | fresh public key (32) | cipher text and tag.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Self

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.tokens.errors import TokenError

VERSION = 2
PUBLIC_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
# Every letter has a key of its own, so that its nonce need not differ from another's.
_NONCE = bytes(12)


class Letterbox:
    """Seals; never opens."""

    def __init__(self, key_id: str, public: X25519PublicKey) -> None:
        self._key_id = key_id
        self._public = public

    @property
    def key_id(self) -> str:
        """The master key whose ring opens what is put in."""
        return self._key_id

    @classmethod
    def from_settings(cls, text: str) -> Self:
        """From `id:base64`, as `dialwatt keys public` prints it. Raises TokenError."""
        key_id, _, encoded = text.strip().rpartition(":")
        try:
            # Without its id no ring would know what to open it with: the key would be lost.
            if not KEY_ID.fullmatch(key_id):
                raise ValueError("id")
            return cls(key_id, X25519PublicKey.from_public_bytes(b64decode(encoded, validate=True)))
        except (Base64Error, ValueError):
            raise TokenError("the letterbox is not what `dialwatt keys public` prints") from None

    def __str__(self) -> str:
        return f"{self._key_id}:{b64encode(self._public.public_bytes_raw()).decode()}"

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """The sealed form of a key for one place, such as `device:A1B2:secret_key`."""
        fresh = X25519PrivateKey.generate()
        header = bytes([VERSION, len(self._key_id)]) + self._key_id.encode()
        letter = header + fresh.public_key().public_bytes_raw()
        cipher = AESGCM(letter_key(fresh.exchange(self._public), letter))
        return letter + cipher.encrypt(_NONCE, plain, letter + bound_to.encode())

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        raise TokenError("a letterbox does not open keys, not even to compare them")


def private_half(master_key: bytes) -> X25519PrivateKey:
    """The private key that a master key stands for."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"dialwatt letterbox").derive(master_key)
    return X25519PrivateKey.from_private_bytes(derived)


def open_letter(
    private: X25519PrivateKey, letter: bytes, cipher_text: bytes, bound_to: str
) -> bytes:
    """The key inside; `letter` is everything before the cipher text. Raises InvalidTag."""
    shared = private.exchange(X25519PublicKey.from_public_bytes(letter[-PUBLIC_BYTES:]))
    cipher = AESGCM(letter_key(shared, letter))
    return cipher.decrypt(_NONCE, cipher_text, letter + bound_to.encode())


def letter_key(shared: bytes, letter: bytes) -> bytes:
    """The AES key of one letter."""
    return HKDF(SHA256(), 32, salt=None, info=b"dialwatt letter" + letter).derive(shared)
