"""The accounts with vendors that the workers have credentials for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import row_or_none
from core.vend import VendorAbilities

_FLAGS = ("pushes_credit", "repeat_is_safe", "can_look_up", "can_check", "can_list", "needs_date")
_SET = ("actions", *_FLAGS, "code_digits", "at_once", "set_up_at")


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """An account with a vendor that is set up, and what of its abilities other processes ask.

    `audited_until`: up to where its list was compared with our vends.
    """

    vendor: str
    account: str
    actions: list[str]
    pushes_credit: bool
    can_check: bool
    can_list: bool
    code_digits: list[int]
    set_up_at: datetime
    audited_until: datetime | None


_COLUMNS = (
    "vendor, account, actions, pushes_credit, can_check, can_list, code_digits, set_up_at,"
    " audited_until"
)


def store_accounts(
    connection: Connection, now: datetime, accounts: Mapping[tuple[str, str], VendorAbilities]
) -> None:
    """Store these accounts (vendor, name) with their abilities; no others are set up any more."""
    names = sorted(accounts)
    connection.execute(
        text(
            "DELETE FROM vendor_accounts WHERE NOT (vendor, account) IN (SELECT * FROM"
            " unnest(CAST(:vendors AS text[]), CAST(:accounts AS text[])))"
        ),
        {"vendors": [name[0] for name in names], "accounts": [name[1] for name in names]},
    )
    changed = ", ".join(f"{name} = excluded.{name}" for name in _SET)
    for vendor, account in names:
        abilities = accounts[vendor, account]
        values = {name: getattr(abilities, name) for name in _FLAGS} | {
            "vendor": vendor,
            "account": account,
            "actions": sorted(abilities.actions),
            "code_digits": list(abilities.code_digits),
            "at_once": abilities.at_once,
            "set_up_at": now,
        }
        connection.execute(
            text(
                f"INSERT INTO vendor_accounts (vendor, account, {', '.join(_SET)})"
                f" VALUES (:vendor, :account, {', '.join(f':{name}' for name in _SET)})"
                f" ON CONFLICT (vendor, account) DO UPDATE SET {changed}"
            ),
            values,
        )


def find_account(connection: Connection, vendor: str, account: str) -> VendorAccount | None:
    """Return an account if it is set up."""
    return row_or_none(
        connection,
        VendorAccount,
        f"SELECT {_COLUMNS} FROM vendor_accounts WHERE vendor = :vendor AND account = :account",
        vendor=vendor,
        account=account,
    )


def free_calls(connection: Connection, now: datetime, vendor: str, account: str) -> int:
    """Lock an account and return how many more calls it may have under way; 0 where it is not set
    up, or another worker claims for it."""
    row = connection.execute(
        text(
            "SELECT at_once FROM vendor_accounts WHERE vendor = :vendor AND account = :account"
            " FOR NO KEY UPDATE SKIP LOCKED"
        ),
        {"vendor": vendor, "account": account},
    ).one_or_none()
    if row is None:
        return 0
    under_way = connection.execute(
        text(
            "SELECT count(*) FROM vends WHERE vendor = :vendor AND account = :account"
            " AND state = 'asked' AND next_attempt_at > :now"
        ),
        {"vendor": vendor, "account": account, "now": now},
    ).scalar_one()
    return max(0, int(row.at_once) - int(under_way))


def lock_account(connection: Connection, vendor: str, account: str) -> None:
    """Lock an account, where it is set up still."""
    connection.execute(
        text(
            "SELECT FROM vendor_accounts WHERE vendor = :vendor AND account = :account"
            " FOR NO KEY UPDATE"
        ),
        {"vendor": vendor, "account": account},
    )


def claim_account_audit(
    connection: Connection, now: datetime, account: tuple[str, str], again_at: datetime
) -> tuple[datetime | None, datetime] | None:
    """Claim the comparison of an account's list, if it is due, until `again_at`: returns up to
    where it was compared, and since when the account is set up."""
    row = connection.execute(
        text(
            "UPDATE vendor_accounts SET next_audit_at = :again_at"
            " WHERE vendor = :vendor AND account = :account AND can_list"
            " AND coalesce(next_audit_at, :now) <= :now RETURNING audited_until, set_up_at"
        ),
        {"vendor": account[0], "account": account[1], "now": now, "again_at": again_at},
    ).one_or_none()
    return None if row is None else (row.audited_until, row.set_up_at)


def set_audited(
    connection: Connection, account: tuple[str, str], until: datetime, next_at: datetime
) -> None:
    """Store up to where an account's list was compared with our vends, and when it is next."""
    connection.execute(
        text(
            "UPDATE vendor_accounts SET audited_until = :until, next_audit_at = :next_at"
            " WHERE vendor = :vendor AND account = :account"
        ),
        {"vendor": account[0], "account": account[1], "until": until, "next_at": next_at},
    )
