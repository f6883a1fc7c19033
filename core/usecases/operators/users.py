"""Users of the console: added, given another role or a first password, shut out, let back in."""

from __future__ import annotations

from collections.abc import Mapping

from core.db.users import find_user_by_id, insert_user, lock_owners, update_user
from core.errors import Refused
from core.operator import ConsoleUser, parse_login_name
from core.password import check_strength, hash_password, random_password, verify_password
from core.unit import Unit
from core.usecases.operators.audit import write_audit

ROLES = ("owner", "finance", "support", "read_only")


def add_user(unit: Unit, name: str, password: str, role: str, operator: str) -> int:
    """Add a user; returns the id. `expect_new_password` makes them change the password.

    Raises Refused: name_invalid, role_unknown, user_exists, and those of `check_strength`.
    """
    login = parse_login_name(name)
    _check_role(role)
    check_strength(password, login, unit.market.operator)
    user_id = insert_user(unit.connection, login, hash_password(password), role, unit.now)
    if user_id is None:
        raise Refused("user_exists", name=login)
    write_audit(unit, operator, "add", "user", user_id, "a new user", name=login, role=role)
    return user_id


def expect_new_password(unit: Unit, user_id: int) -> None:
    """Have the user choose a password at the next login: another person knows the present one."""
    _change(unit, user_id, password_is_initial=True)


def give_first_password(unit: Unit, user_id: int, operator: str, reason: str) -> str:
    """Give a user a random password, to be changed at the next login; all logins end. Returns it.

    Not for the own account: a person at a login that was left open could keep it that way. Raises
    Refused: user_unknown, own_account, reason_missing.
    """
    user = get_user(unit, user_id)
    _check_other(user, operator)
    password = random_password()
    _change(unit, user_id, password_hash=hash_password(password), password_is_initial=True)
    write_audit(unit, operator, "first_password", "user", user_id, reason)
    return password


def change_password(unit: Unit, user: ConsoleUser, present: str, new: str) -> None:
    """Change one's own password; all logins end.

    Raises Refused: login_wrong, password_same, and those of `check_strength`.
    """
    if not verify_password(user.password_hash, present):
        raise Refused("login_wrong")
    if new == present:
        raise Refused("password_same")
    check_strength(new, user.name, unit.market.operator)
    _change(unit, user.id, password_hash=hash_password(new), password_is_initial=False)
    write_audit(unit, user.name, "change_password", "user", user.id, "a new password")


def set_role(unit: Unit, user_id: int, role: str, operator: str, reason: str) -> None:
    """Give a user another role. There is always an owner.

    Raises Refused: role_unknown, user_unknown, last_owner, reason_missing.
    """
    _check_role(role)
    if role != "owner":
        _check_owner_left(unit, user_id)
    _change(unit, user_id, role=role)
    write_audit(unit, operator, "set_role", "user", user_id, reason, role=role)


def disable_user(unit: Unit, user_id: int, operator: str, reason: str) -> None:
    """Disable a user at once. Raises Refused: user_unknown, last_owner, reason_missing."""
    _check_owner_left(unit, user_id)
    _change(unit, user_id, disabled_at=unit.now)
    write_audit(unit, operator, "disable", "user", user_id, reason)


def enable_user(unit: Unit, user_id: int, operator: str, reason: str) -> None:
    """Let a disabled user log in again, with the password and the role of before.

    Raises Refused: user_unknown, reason_missing.
    """
    _change(unit, user_id, disabled_at=None)
    write_audit(unit, operator, "enable", "user", user_id, reason)


def reset_second_factor(unit: Unit, user_id: int, operator: str, reason: str) -> None:
    """Remove the second factor of a user whose phone and recovery codes are gone; all logins end.

    Where the role must have one, they set up a new one at the next login. Raises Refused:
    user_unknown, own_account, reason_missing.
    """
    user = get_user(unit, user_id)
    _check_other(user, operator)
    _change(unit, user_id, **WITHOUT_SECOND_FACTOR)
    write_audit(unit, operator, "reset_second_factor", "user", user_id, reason)


# The columns of a user who has no second factor. The last step that was used stays.
WITHOUT_SECOND_FACTOR: Mapping[str, object] = {
    "totp_sealed": None,
    "totp_since": None,
    "recovery_hashes": [],
}


def get_user(unit: Unit, user_id: int) -> ConsoleUser:
    """Return a user, disabled or not. Raises Refused("user_unknown")."""
    user = find_user_by_id(unit.connection, user_id)
    if user is None:
        raise Refused("user_unknown", name=user_id)
    return user


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Refused("role_unknown", role=role)


def _check_other(user: ConsoleUser, operator: str) -> None:
    if user.name == operator:
        raise Refused("own_account")


def _check_owner_left(unit: Unit, user_id: int) -> None:
    owners = lock_owners(unit.connection)
    if user_id in owners and len(owners) == 1:
        raise Refused("last_owner")


def _change(unit: Unit, user_id: int, **values: object) -> None:
    if not update_user(unit.connection, user_id, **values):
        raise Refused("user_unknown", name=user_id)
