"""The public sealing key: it encrypts device keys, and only the key ring can decrypt them.

The web process takes in a new device's key with it, and holds nothing that decrypts one. It is the
public half of an X25519 key pair that is derived from a master key (HKDF-SHA256). A device key is
sealed under a fresh key pair with AES-256-GCM, bound to its row like every sealed key.

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
# Every sealed key has a content key of its own, so the nonce may be the same for all.
_NONCE = bytes(12)


class SealingKey:
    """Encrypts device keys and cannot decrypt them."""

    def __init__(self, key_id: str, public: X25519PublicKey) -> None:
        self._key_id = key_id
        self._public = public

    @property
    def key_id(self) -> str:
        """The id of the master key that decrypts what this key sealed."""
        return self._key_id

    @classmethod
    def from_settings(cls, text: str) -> Self:
        """From `id:base64`, as `dialwatt keys public` prints it. Raises TokenError."""
        key_id, _, encoded = text.strip().rpartition(":")
        try:
            # Without the id no ring could tell which master key decrypts: the key would be lost.
            if not KEY_ID.fullmatch(key_id):
                raise ValueError("id")
            return cls(key_id, X25519PublicKey.from_public_bytes(b64decode(encoded, validate=True)))
        except (Base64Error, ValueError):
            raise TokenError("the sealing key is not what `dialwatt keys public` prints") from None

    def __str__(self) -> str:
        return f"{self._key_id}:{b64encode(self._public.public_bytes_raw()).decode()}"

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """The sealed form of a key for one place, such as `device:A1B2:secret_key`."""
        fresh = X25519PrivateKey.generate()
        names_key = bytes([VERSION, len(self._key_id)]) + self._key_id.encode()
        header = names_key + fresh.public_key().public_bytes_raw()
        cipher = AESGCM(content_key(fresh.exchange(self._public), header))
        return header + cipher.encrypt(_NONCE, plain, header + bound_to.encode())

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        raise TokenError("a sealing key does not open keys, not even to compare them")


def private_half(master_key: bytes) -> X25519PrivateKey:
    """The private key that a master key stands for."""
    derived = HKDF(SHA256(), 32, salt=None, info=b"dialwatt sealing key").derive(master_key)
    return X25519PrivateKey.from_private_bytes(derived)


def unseal(private: X25519PrivateKey, header: bytes, cipher_text: bytes, bound_to: str) -> bytes:
    """The key inside; `header` is everything before the cipher text. Raises InvalidTag."""
    shared = private.exchange(X25519PublicKey.from_public_bytes(header[-PUBLIC_BYTES:]))
    cipher = AESGCM(content_key(shared, header))
    return cipher.decrypt(_NONCE, cipher_text, header + bound_to.encode())


def content_key(shared: bytes, header: bytes) -> bytes:
    """The AES key of one header."""
    return HKDF(SHA256(), 32, salt=None, info=b"dialwatt header" + header).derive(shared)
