"""Logins: the password, the second factor, the networks that a person logs in from."""

from __future__ import annotations

import hashlib

from core.db.users import (
    add_known_network,
    reseal_totp,
    update_user,
    use_recovery_code,
    use_totp_step,
)
from core.errors import Refused
from core.operator import ConsoleUser
from core.password import verify_password
from core.second_factor import TotpSeals, hash_recovery_code, matching_step
from core.unit import Unit
from core.usecases.operators.access import note_log_in, note_log_out
from core.usecases.operators.audit import write_audit


def check_password(user: ConsoleUser | None, password: str) -> ConsoleUser:
    """Return the user if the password is theirs. None, an unknown name, takes as long.

    Raises Refused("login_wrong"), which never says what was wrong.
    """
    if not verify_password(user.password_hash if user else None, password) or user is None:
        raise Refused("login_wrong")
    return user


def check_code(unit: Unit, seals: TotpSeals, user: ConsoleUser, typed: str) -> None:
    """Use up a code of the user's app, or one of their recovery codes: neither is valid twice.

    Raises Refused: code_wrong, second_factor_unreadable.
    """
    code = "".join(typed.split())
    if not (_use_totp(unit, seals, user, code) or _use_recovery_code(unit, user, code)):
        raise Refused("code_wrong")


def _use_totp(unit: Unit, seals: TotpSeals, user: ConsoleUser, code: str) -> bool:
    if user.totp_sealed is None or not code.isdecimal():
        return False
    secret = seals.open(user.id, user.totp_sealed)
    step = matching_step(secret, code, unit.now)
    if step is None or not use_totp_step(unit.connection, user.id, step):
        return False
    if not seals.is_newest(user.totp_sealed):
        resealed = seals.seal(user.id, secret)
        reseal_totp(unit.connection, user.id, user.totp_sealed, resealed)
    return True


def _use_recovery_code(unit: Unit, user: ConsoleUser, code: str) -> bool:
    used = use_recovery_code(unit.connection, user.id, hash_recovery_code(code))
    if used:
        write_audit(unit, user.name, "use_recovery_code", "user", user.id, "no code of the app")
    return used


def record_login(unit: Unit, user: ConsoleUser, network: str) -> None:
    """Write that a user logged in, and remember the network as one of theirs."""
    add_known_network(unit.connection, user.id, hash_network(user, network))
    note_log_in(unit, user, network)


def log_out(unit: Unit, user: ConsoleUser) -> None:
    """End all logins of a user, on every machine."""
    update_user(unit.connection, user.id)
    note_log_out(unit, user)


def knows_network(user: ConsoleUser | None, network: str) -> bool:
    """Whether the user logged in from that network before."""
    return user is not None and hash_network(user, network) in user.known_networks


def hash_network(user: ConsoleUser, network: str) -> str:
    """Return the hash of a network of a user, under which it is kept."""
    return hashlib.blake2s(f"{user.id}:{network}".encode(), digest_size=12).hexdigest()
