"""Users of the console: added, logged in, given another role, disabled."""

from __future__ import annotations

import re

from core.db.users import find_user, insert_user, lock_owners, update_user
from core.errors import Refused
from core.operator import ConsoleUser
from core.password import check_strength, hash_password, verify_password
from core.unit import Unit
from core.usecases.operators.audit import write_audit

ROLES = ("owner", "finance", "support", "read_only")
_NAME = re.compile(r"[a-z0-9._-]{2,40}")


def add_user(unit: Unit, name: str, password: str, role: str, operator: str) -> int:
    """Add a user; returns the id.

    Raises Refused: name_invalid, role_unknown, password_short, user_exists.
    """
    login = name.strip().lower()
    if not _NAME.fullmatch(login):
        raise Refused("name_invalid")
    _check_role(role)
    check_strength(password)
    user_id = insert_user(unit.connection, login, hash_password(password), role, unit.now)
    if user_id is None:
        raise Refused("user_exists", name=login)
    write_audit(unit, operator, "add", "user", user_id, "a new user", name=login, role=role)
    return user_id


def log_in(unit: Unit, name: str, password: str) -> ConsoleUser:
    """Return the user. Raises Refused("login_wrong"), which never says what was wrong."""
    user = find_user(unit.connection, name.strip().lower())
    if not verify_password(user.password_hash if user else None, password) or user is None:
        raise Refused("login_wrong")
    return user


def log_out(unit: Unit, user_id: int) -> None:
    """End all logins of a user, on every machine."""
    update_user(unit.connection, user_id)


def change_password(unit: Unit, user: ConsoleUser, present: str, new: str) -> None:
    """Change one's own password; all logins end. Raises Refused: login_wrong, password_short."""
    if not verify_password(user.password_hash, present):
        raise Refused("login_wrong")
    check_strength(new)
    update_user(unit.connection, user.id, password_hash=hash_password(new))
    write_audit(unit, user.name, "change_password", "user", user.id, "a new password")


def set_role(unit: Unit, user_id: int, role: str, operator: str, reason: str) -> None:
    """Give a user another role; a disabled user may log in again. There is always an owner.

    Raises Refused: role_unknown, user_unknown, last_owner, reason_missing.
    """
    _check_role(role)
    if role != "owner":
        _check_owner_left(unit, user_id)
    _change(unit, user_id, role=role, disabled_at=None)
    write_audit(unit, operator, "set_role", "user", user_id, reason, role=role)


def disable_user(unit: Unit, user_id: int, operator: str, reason: str) -> None:
    """Disable a user at once. Raises Refused: user_unknown, last_owner, reason_missing."""
    _check_owner_left(unit, user_id)
    _change(unit, user_id, disabled_at=unit.now)
    write_audit(unit, operator, "disable", "user", user_id, reason)


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Refused("role_unknown", role=role)


def _check_owner_left(unit: Unit, user_id: int) -> None:
    owners = lock_owners(unit.connection)
    if user_id in owners and len(owners) == 1:
        raise Refused("last_owner")


def _change(unit: Unit, user_id: int, **values: object) -> None:
    if not update_user(unit.connection, user_id, **values):
        raise Refused("user_unknown", name=user_id)
