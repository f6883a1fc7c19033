"""Which days of a vendor's list are compared, and when."""

from __future__ import annotations

from datetime import date, timedelta

from core.usecases.vends.accounts import store_vendor_accounts
from core.usecases.vends.audit import AuditWindow, audit_account, claim_audit
from core.vend import VendorAbilities
from tests.support.scenario import Scenario

ACCOUNT = ("koios", "main")
LATE = timedelta(hours=26)


def test_a_list_that_comes_a_day_late_is_compared_a_day_later(scenario: Scenario) -> None:
    def claimed() -> AuditWindow | None:
        with scenario.open_unit() as unit:
            return claim_audit(unit, *ACCOUNT, LATE)

    with scenario.open_unit() as unit:
        abilities = VendorAbilities(frozenset({"energy"}), can_list=True)
        store_vendor_accounts(unit, {ACCOUNT: abilities})
        local_date = unit.market.local_date
    compared: list[date] = []
    for _ in range(10):  # every eight hours: each day once, and none that is not complete
        scenario.ahead += timedelta(hours=8)
        window = claimed()
        if window is not None:
            assert scenario.now() >= window.until + LATE
            compared.append(local_date(window.until))
            with scenario.open_unit() as unit:
                audit_account(unit, *ACCOUNT, window, [])
            assert claimed() is None
    assert compared
    assert compared == sorted({*compared})
