"""The second factor of a login: the codes of an authenticator app (TOTP, RFC 6238), and recovery
codes for a person whose phone is gone.

An app and the console share a secret, from which both make the same six digits for every step of 30
seconds. The secret is kept encrypted: who reads the database alone can make no code.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyotp import TOTP, random_base32

from core.errors import Refused

RECOVERY_CODES = 8
_CODE = re.compile(r"[0-9]{6}")
_STEP_S = 30
# The clock of a phone may be a step off.
_STEPS_AROUND = (0, -1, 1)
_RECOVERY_BYTES = 10
_GROUP = 4


def new_totp_secret() -> str:
    """Return a secret of 160 bits in base32, as apps take it."""
    return random_base32()


def totp_address(secret: str, user: str, issuer: str) -> str:
    """Return the otpauth address that an app reads from a QR code."""
    return TOTP(secret).provisioning_uri(name=user, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step whose code this is, now or one step around it; None where it is wrong.

    A step is a count of 30 seconds since 1970. The caller refuses a step that was used before.
    """
    if not _CODE.fullmatch(code):
        return None
    totp, present = TOTP(secret), int(now.timestamp()) // _STEP_S
    steps = (present + around for around in _STEPS_AROUND)
    fits = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), code)]
    return fits[0] if fits else None


def new_recovery_codes() -> tuple[str, ...]:
    """Return codes of 80 bits, each to be used once: `abcd-efgh-ijkl-mnop`."""
    return tuple(_recovery_code() for _ in range(RECOVERY_CODES))


def _recovery_code() -> str:
    letters = b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))


def hash_recovery_code(typed: str) -> str:
    """Return the hash under which a recovery code is kept, however it was grouped. 80 random bits
    need no slow hash."""
    letters = "".join(letter for letter in typed.lower() if letter.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()


class TotpSeals:
    """Encrypts the secrets of second factors, with keys derived from the secrets of the console.

    The first secret encrypts, all of them decrypt, so that a secret can be replaced. What is
    encrypted for one user decrypts for no other.
    """

    def __init__(self, console_secrets: Sequence[str]) -> None:
        keys = [_key_of(secret) for secret in console_secrets]
        self._newest, self._all = keys[0], MultiFernet(keys)

    def seal(self, user_id: int, secret: str) -> str:
        """Return the encrypted secret of that user."""
        return self._all.encrypt(f"{user_id}:{secret}".encode()).decode()

    def open(self, user_id: int, sealed: str, within_s: int | None = None) -> str:
        """Return the secret.

        Raises Refused("second_factor_unreadable") for one of another user, of a secret of the
        console that is not set any more, or older than `within_s` seconds.
        """
        try:
            whose, _, secret = self._all.decrypt(sealed, ttl=within_s).decode().partition(":")
        except InvalidToken:
            raise Refused("second_factor_unreadable") from None
        if whose != str(user_id):
            raise Refused("second_factor_unreadable")
        return secret

    def is_newest(self, sealed: str) -> bool:
        """Whether the newest secret of the console encrypted it."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True


def _key_of(console_secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"dialwatt second factor")
    return Fernet(urlsafe_b64encode(derived.derive(console_secret.encode())))
