"""Backup files: encrypted for the holder of a key (age), and signed by the gateway (Ed25519).

Who has the public keys can make no sense of a backup, and cannot pass one of their own off as ours.
The format is age's (age-encryption.org/v1), so that `age --decrypt` opens it without Dialwatt.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.errors import BadInput

_AGE = b"age-encryption.org/v1\n"
_SIGNED = b"dialwatt backup 1\0"


@contextmanager
def encrypted(file: BinaryIO, recipient: str) -> Iterator[BinaryIO]:
    """A pipe into `file`: what is written into it arrives encrypted for `recipient` (age1...).

    Raises BadInput where the recipient is none.
    """
    try:
        public = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise BadInput(
            "--recipient is not a public key of age, which begins with age1 (age-keygen makes one)"
        ) from None
    read_end, write_end = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(_encrypt, read_end, file, public)
        with os.fdopen(write_end, "wb") as writer:
            yield writer
        done.result()


def _encrypt(read_end: int, file: BinaryIO, public: pyrage.x25519.Recipient) -> None:
    """Closing the pipe also ends the writer where `file` takes no more."""
    with os.fdopen(read_end, "rb") as reader:
        pyrage.encrypt_io(reader, file, [public])


def is_encrypted(file: Path) -> bool:
    """Whether the file is one of age."""
    with file.open("rb") as content:
        return content.read(len(_AGE)) == _AGE


def decrypt(file: Path, identity: Path, into: Path) -> None:
    """Write what an encrypted file holds into a new file, which only its owner may read.

    `identity` is the file with the secret key, as age-keygen writes it. Raises BadInput where the
    key does not open the file, or the file was changed.
    """
    secrets = _read_identity(identity)
    try:
        with (
            file.open("rb") as sealed,
            os.fdopen(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as plain,
        ):
            pyrage.decrypt_io(sealed, plain, secrets)
    except (OSError, pyrage.DecryptError) as error:
        raise BadInput(f"{identity} does not open {file}, or it was changed: {error}") from None


def _read_identity(file: Path) -> list[pyrage.x25519.Identity]:
    try:
        words = file.read_text(encoding="ascii").split()
        found = [pyrage.x25519.Identity.from_str(word) for word in words if word[:4] == "AGE-"]
    except (OSError, UnicodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise BadInput(f"{file} holds no secret key of age (AGE-SECRET-KEY-...)")
    return found


def signer_of(setting: str) -> Ed25519PrivateKey:
    """The key that signs backups, from 32 bytes in base64. Raises BadInput."""
    try:
        return Ed25519PrivateKey.from_private_bytes(b64decode(setting, validate=True))
    except (Base64Error, ValueError):
        raise BadInput("BACKUP_SIGNING_KEY must be 32 bytes in base64") from None


def public_key_of(signer: Ed25519PrivateKey) -> str:
    """The public half, which `check_signature` takes."""
    return b64encode(signer.public_key().public_bytes_raw()).decode()


def sign(file: Path, signer: Ed25519PrivateKey) -> None:
    """Write the signature of a file beside it, as FILE.sig."""
    _signature_of(file).write_bytes(b64encode(signer.sign(_signed_bytes(file))))


def check_signature(file: Path, public_key: str) -> None:
    """Raise BadInput unless FILE.sig is the signature of the file by the owner of that key."""
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(public_key, validate=True))
    except (Base64Error, ValueError):
        raise BadInput("--signed-by is not what `dialwatt keys signer` prints") from None
    try:
        key.verify(b64decode(_signature_of(file).read_bytes()), _signed_bytes(file))
    except FileNotFoundError:
        raise BadInput(f"{file} is not signed: there is no {_signature_of(file).name}") from None
    except (InvalidSignature, Base64Error):
        raise BadInput(f"{file} is not what was signed: do not use it") from None


def _signature_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.sig")


def _signed_bytes(file: Path) -> bytes:
    with file.open("rb") as content:
        return _SIGNED + hashlib.file_digest(content, "sha512").digest()
