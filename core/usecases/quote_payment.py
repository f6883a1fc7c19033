"""What a payment would do, said before the money moves, and whether it may be made at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.db.catalogue import versions_of
from core.db.customers import Customer, get_customer
from core.db.devices import Device, devices_served
from core.db.owed import open_obligations
from core.errors import Refused
from core.tariff import TariffVersion, fees_due, version_on
from core.unit import Unit
from core.usecases.match_account import Match, match_account
from core.waterfall import Obligation, Outcome, Target, apply_money


@dataclass(frozen=True, slots=True)
class Quote:
    """How the money will fall. Money in minor units; `days` by serial; `unlocks` are serials."""

    match: Match
    owner: Customer
    amount_minor: int
    loan_minor: int
    access_minor: int
    energy_tenths: int
    days: dict[str, int]
    unlocks: tuple[str, ...]
    credit_minor: int
    owes_loan: bool


def quote_payment(unit: Unit, account: str, amount_minor: int, *, loan_only: bool = False) -> Quote:
    """The quote for paying that account. Raises Refused: unknown_serial, device_in_stock,
    amount_invalid, amount_too_large, nothing_to_pay, below_minimum."""
    match = match_account(unit, account)
    check_amount(unit, amount_minor)
    owner = get_customer(unit.connection, match.customer_id)
    devices = {d.id: d for d in devices_served(unit.connection, owner.id, match.device.id)}
    versions = versions_of(unit.connection, devices.values())
    owed = owed_today(unit, owner.id, list(devices.values()), versions)
    outcome = apply_money(
        amount_minor,
        owner.credit_minor,
        owed,
        target := target_of(match.device, versions, unit.today),
        unit.today,
        loan_only=loan_only or match.purpose == "loan",
    )
    _check_useful(outcome, amount_minor, target)
    return _quote(match, owner, amount_minor, outcome, owed, devices)


def check_amount(unit: Unit, amount_minor: int) -> None:
    """Raises Refused when it is not positive, not a multiple of the cash unit, or over the ceiling."""
    market = unit.market
    if amount_minor <= 0 or amount_minor % market.cash_unit_minor:
        raise Refused("amount_invalid", cash_unit_minor=market.cash_unit_minor)
    if amount_minor > market.payment_max_minor:
        raise Refused("amount_too_large", most_minor=market.payment_max_minor)


def target_of(device: Device, versions: dict[int, list[TariffVersion]], today: date) -> Target:
    """What money left after the debts buys on that device."""
    if device.tariff_id is not None:
        return Target(device.id, tariff=version_on(versions[device.tariff_id], today))
    if device.scheme == "service":
        return Target(
            device.id,
            price_per_day_minor=device.price_per_day_minor,
            minimum_payment_minor=device.minimum_payment_minor or 0,
        )
    return Target(device.id, plan_sale_id=device.sale_id)


def owed_today(
    unit: Unit,
    customer_id: int,
    devices: Sequence[Device],
    versions: dict[int, list[TariffVersion]],
) -> list[Obligation]:
    """All open obligations, with the access fees that are due but not written yet."""
    owed = open_obligations(unit.connection, [customer_id])[customer_id]
    for device in devices:
        if device.owner_id == customer_id and device.tariff_id and device.access_anchor_on:
            fees, _ = fees_due(versions[device.tariff_id], device.access_anchor_on, unit.today)
            owed += [
                Obligation("access_rate", None, fee.due_on, fee.amount_minor, device_id=device.id)
                for fee in fees
            ]
    return sorted(owed, key=lambda one: one.due_on)


def _check_useful(outcome: Outcome, amount_minor: int, target: Target) -> None:
    """A channel that asks first refuses money that would only become credit (domain 3 and 4)."""
    spent = sum(line.amount_minor for line in outcome.lines if line.kind != "credit")
    minimum = _minimum(target)
    if outcome.credit_minor and minimum > outcome.credit_minor:
        if not outcome.energy_tenths and not outcome.days and amount_minor > spent:
            raise Refused("below_minimum", minimum_minor=minimum)
    if not spent and target.tariff is None and not target.price_per_day_minor:
        raise Refused("nothing_to_pay")


def _minimum(target: Target) -> int:
    if target.tariff is not None:
        return target.tariff.minimum_purchase_minor
    return target.minimum_payment_minor


def _quote(
    match: Match,
    owner: Customer,
    amount_minor: int,
    outcome: Outcome,
    owed: list[Obligation],
    devices: dict[int, Device],
) -> Quote:
    spent: Counter[str] = Counter()
    for line in outcome.lines:
        spent[line.kind] += line.amount_minor
    return Quote(
        match=match,
        owner=owner,
        amount_minor=amount_minor,
        loan_minor=spent["down_payment"] + spent["instalment"],
        access_minor=spent["access_rate"],
        energy_tenths=outcome.energy_tenths,
        days={devices[device_id].serial: days for device_id, days in outcome.days.items()},
        unlocks=tuple(devices[device_id].serial for device_id in outcome.freed),
        credit_minor=outcome.credit_minor,
        owes_loan=any(one.kind != "access_rate" for one in owed),
    )
