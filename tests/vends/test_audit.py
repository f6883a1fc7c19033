"""Every night the vendor's list is compared with what we asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from core.money import Money
from core.usecases.vends.audit import AuditWindow, audit_account, claim_audit
from core.vend import ListedVend, Refusal, Unknown
from tests.support.cast import METER
from tests.support.played_vendor import Office

OfficeOf = Callable[[str], Office]
KEY = ("stron", "main")


def paid(office: Office, *receipts: str) -> None:
    for receipt in receipts:
        office.scenario.pay(receipt, METER, 500_00)
    office.scenario.apply()
    office.work()


def window_of(office: Office) -> AuditWindow | None:
    with office.scenario.open_unit() as unit:
        return claim_audit(unit, *KEY)


def audited(
    office: Office, change: Callable[[list[ListedVend]], Sequence[ListedVend]] = list
) -> None:
    """The next night has come, and the vendor's list is changed before it is compared."""
    office.scenario.ahead += timedelta(days=1)
    window = window_of(office)
    assert window is not None
    listed = office.vendor.list_vends(*window.listed)
    assert isinstance(listed, list)
    with office.scenario.open_unit() as unit:
        audit_account(unit, *KEY, window, change(listed))


def test_what_agrees_is_no_case_and_is_compared_once(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    paid(office, "QA1", "QA2")
    audited(office)

    assert office.cases() == []
    assert window_of(office) is None
    office.scenario.ahead += timedelta(days=1)
    assert window_of(office) is not None


def test_a_list_that_does_not_come_is_asked_for_later(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    assert window_of(office) is not None
    assert window_of(office) is None
    office.scenario.ahead += timedelta(minutes=16)
    assert window_of(office) is not None


def test_every_difference_is_a_case(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    paid(office, "QA1", "QA2", "QA3")

    def differ(listed: list[ListedVend]) -> list[ListedVend]:
        first, second, _missing = listed
        other = replace(first, money=Money(1, "KES"))
        strange = replace(second, handle=None, reference="elsewhere", serial="999")
        return [other, second, second, strange]

    audited(office, differ)

    assert sorted(map(str, office.cases())) == [
        *("vend_listed", "vend_listed"),
        *("vend_not_listed", "vend_not_ours"),
    ]


def test_the_list_tells_what_nobody_knew(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    office.vendor.abilities = replace(office.vendor.abilities, repeat_is_safe=False)
    office.set_up()
    office.vendor.troubles.append(lambda answer: Unknown("time ran out"))
    paid(office, "QA1")
    assert office.cases() == ["vend_unknown"]
    audited(office)

    assert office.states() == ["done"]
    assert office.cases() == []


def test_what_was_refused_and_is_listed_is_a_case(office_of: OfficeOf) -> None:
    office = office_of("pushed")
    office.vendor.troubles.append(lambda answer: Refusal("other", "no"))
    paid(office, "QA1")
    audited(office)

    assert office.cases() == ["vend_refused", "vend_listed"]
