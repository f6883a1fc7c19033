"""Ask vendors: one call after the other for each device, several at once for each account."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from functools import partial

from core.logs import log_fields
from core.unit import Unit
from core.usecases.providers.circuit import call_answered, call_failed
from core.usecases.registration.vendor_answers import (
    SerialCheck,
    claim_serial_checks,
    complete_registration,
    serial_answered,
)
from core.usecases.vends.accounts import store_vendor_accounts
from core.usecases.vends.audit import audit_account, claim_audit
from core.usecases.vends.claim import VendTask, claim_vends
from core.usecases.vends.outcome import provider_name
from core.usecases.vends.record import codes_made, vend_answered, vend_looked_up, vend_prepared
from core.vend import OF_ACCOUNT, Done, NotSent, Refusal, Unknown, Vend
from gateway.vendors.vendor import Vendor
from workers.drain import Lane, Record, Shift, drain, keep_calling
from workers.jobs import job
from workers.runtime import Runtime, runtime

log = logging.getLogger(__name__)

# A vend that was asked for, and of whom.
Asked = tuple[Vendor, Vend]
_DELIVERIES = 4
# A slow vendor keeps the calls of the others waiting no longer than this many shifts.
_SHIFTS = 4
# Agents wait for few answers at a time.
_CHECKS_AT_ONCE = 2


@job("vends")
def ask_vendors(worker: Runtime, shift: Shift) -> None:
    """Ask for the vends that wait, look up those whose outcome is due, ask for devices that agents
    register, and compare the lists of the vendors that push credit with what we asked for."""
    if not worker.vendors_are_stored.is_set():
        with worker.open_unit() as unit:
            store_vendor_accounts(
                unit, {(each.token, each.account): each.abilities for each in worker.vendors}
            )
        worker.vendors_are_stored.set()
    asked: deque[Asked] = deque()
    lanes = [_lane(vendor, asked) for vendor in worker.vendors]
    if any(vendor.abilities.can_deliver for vendor in worker.vendors):
        lanes.append(_delivery_lane(asked))
    lanes += [_check_lane(vendor) for vendor in worker.vendors if vendor.abilities.can_check]
    if lanes:
        keep_calling(worker.open_unit, lanes, shift)
    drain(lambda: _complete_registration(worker), shift)
    for vendor in worker.vendors:
        if vendor.abilities.can_list and shift.has_time(_SHIFTS):
            _audit(worker, vendor)


def _lane(vendor: Vendor, asked: deque[Asked]) -> Lane:
    """`asked` gets the vends of an account that can deliver codes, once a call is recorded."""
    account = (vendor.token, vendor.account)

    def call(task: VendTask) -> Record:
        record = call_vendor(vendor, task)
        return partial(_record_asked, record=record, asked=asked, vend=(vendor, task.vend))

    return Lane(
        partial(_claim, account=account, vendor=vendor),
        call if vendor.abilities.can_deliver else partial(call_vendor, vendor),
        vendor.abilities.at_once,
        shifts=_SHIFTS,
    )


def _record_asked(unit: Unit, record: Record, asked: deque[Asked], vend: Asked) -> None:
    record(unit)
    asked.append(vend)


def _delivery_lane(asked: deque[Asked]) -> Lane:
    """Codes that are stored go to their devices over the air too, where the account can. They are
    texted all the same, so nothing is stored of it, and nothing depends on it."""

    def claim(unit: Unit, limit: int) -> list[Callable[[], None]]:
        taken = [asked.popleft() for _ in range(min(limit, len(asked)))]
        return [
            partial(vendor.deliver, vend.order, Done(codes))
            for vendor, vend in taken
            if (codes := codes_made(unit, vend.id))
        ]

    def call(deliver: Callable[[], None]) -> Record:
        deliver()
        return lambda unit: None

    return Lane(claim, call, _DELIVERIES, shifts=_SHIFTS)


def _check_lane(vendor: Vendor) -> Lane:
    """Ask whether the vendor has the devices that agents register."""
    account = (vendor.token, vendor.account)

    def claim(unit: Unit, limit: int) -> list[SerialCheck]:
        return claim_serial_checks(unit, account, limit)

    def call(check: SerialCheck) -> Record:
        return partial(serial_answered, check=check, answer=vendor.check(check.serial))

    return Lane(claim, call, _CHECKS_AT_ONCE)


def _complete_registration(worker: Runtime) -> int:
    with worker.open_unit() as unit:
        return complete_registration(unit)


def _claim(unit: Unit, limit: int, account: tuple[str, str], vendor: Vendor) -> list[VendTask]:
    return claim_vends(unit, account, vendor.abilities, limit)


def call_vendor(vendor: Vendor, task: VendTask) -> Record:
    """Make the call of a claimed task, with no transaction open; returns what to record.

    Should a driver raise, the row stays as it was claimed: what may have been done is unknown.
    """
    order, abilities = task.vend.order, vendor.abilities
    if task.step == "prepare":
        date = vendor.prepare(order)
        _report(vendor, date)
        return partial(vend_prepared, task=task, answer=date)
    if task.step == "look_up":
        found = vendor.look_up(order)
        _report(vendor, found)
        return partial(vend_looked_up, task=task, abilities=abilities, answer=found)
    answer = vendor.vend(order)
    _report(vendor, answer)
    return partial(vend_answered, task=task, abilities=abilities, answer=answer)


def _report(vendor: Vendor, answer: object) -> None:
    """Tell the circuit of the account how a call went, in a transaction of its own."""
    provider = provider_name(vendor.token, vendor.account)
    failure = None
    if isinstance(answer, NotSent | Unknown):
        failure = "not_sent" if isinstance(answer, NotSent) else "no_answer"
    elif isinstance(answer, Refusal) and answer.reason in OF_ACCOUNT:
        failure = answer.reason
    with runtime().open_unit() as unit:
        if failure is None:
            call_answered(unit, provider)
        else:
            call_failed(unit, provider, failure)


def _audit(worker: Runtime, vendor: Vendor) -> None:
    """Compare an account's list with our vends, if that is due."""
    account = (vendor.token, vendor.account)
    with worker.open_unit() as unit:
        window = claim_audit(unit, *account, vendor.abilities.list_complete_after)
    if window is None:
        return
    listed = vendor.list_vends(*window.listed)
    _report(vendor, listed)
    if isinstance(listed, NotSent | Unknown):
        log.warning("%s:%s gave no list of its vends: %s", *account, listed.words)
        return
    with worker.open_unit() as unit:
        cases = audit_account(unit, *account, window, listed)
    log.info("a vendor's list was compared", extra=log_fields(account=account, cases=cases))
