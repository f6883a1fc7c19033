"""What a user does to their own second factor: set it up, get new recovery codes, remove it.

Each needs the password, and a code where there is a second factor already: an open login alone
changes nothing. All logins of the user end; the caller begins the present one again.
"""

from __future__ import annotations

from core.db.users import update_user, use_totp_step
from core.errors import Refused
from core.operator import ConsoleUser
from core.second_factor import (
    TotpSeals,
    hash_recovery_code,
    matching_step,
    new_recovery_codes,
)
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.operators.users import WITHOUT_SECOND_FACTOR

# A secret that was shown for longer is not taken: the page was left open.
SHOWN_FOR_S = 15 * 60


def set_up_second_factor(
    unit: Unit, seals: TotpSeals, user: ConsoleUser, offered: str, code: str
) -> tuple[str, ...]:
    """Take the secret that the user's app has: `offered` is its sealed form, `code` what the app
    makes of it. Returns the recovery codes, which are kept as hashes only.

    Raises Refused: second_factor_unreadable, code_wrong.
    """
    secret = seals.open(user.id, offered, within_s=SHOWN_FOR_S)
    step = matching_step(secret, "".join(code.split()), unit.now)
    if step is None:
        raise Refused("code_wrong")
    codes, hashes = _recovery_codes()
    update_user(
        unit.connection,
        user.id,
        totp_sealed=seals.seal(user.id, secret),
        totp_since=unit.now,
        recovery_hashes=hashes,
    )
    use_totp_step(unit.connection, user.id, step)
    write_audit(unit, user.name, "set_up_second_factor", "user", user.id, "a second factor")
    return codes


def renew_recovery_codes(unit: Unit, user: ConsoleUser) -> tuple[str, ...]:
    """Replace all recovery codes of a user who has a second factor; returns the new ones."""
    codes, hashes = _recovery_codes()
    update_user(unit.connection, user.id, recovery_hashes=hashes)
    write_audit(unit, user.name, "renew_recovery_codes", "user", user.id, "new recovery codes")
    return codes


def remove_second_factor(unit: Unit, user: ConsoleUser) -> None:
    """Remove the second factor of a user whose role needs none; the caller checks that."""
    update_user(unit.connection, user.id, **WITHOUT_SECOND_FACTOR)
    write_audit(unit, user.name, "remove_second_factor", "user", user.id, "no second factor")


def _recovery_codes() -> tuple[tuple[str, ...], list[str]]:
    codes = new_recovery_codes()
    return codes, [hash_recovery_code(code) for code in codes]
