"""Quote a payment: what it would do, before money moves, and whether it is allowed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from core.customer import Customer
from core.device import Device
from core.errors import Refused
from core.money import Money
from core.payment import PaymentPurpose
from core.tariff import TariffVersion, version_on
from core.tokens.family import Action, max_units_per_token
from core.tokens.openpaygo import kit_of
from core.unit import Unit
from core.usecases.payments.find_account import Account, read_account
from core.usecases.payments.possible_codes import let_fall, without_tokens
from core.waterfall import PLAN_PARTS, Outcome, Target, apply_money


@dataclass(frozen=True, slots=True)
class Quote:
    """How the money will be allocated to the owner's debts and the device.

    `device` is None where the owner's account reference is paid to; `account` is what is paid to,
    in texts: the serial number, or the account reference.
    `purpose` is what the account says or was asked for: the booking has the same. `owes_loan`:
    whether the owner has a loan that could be paid instead.
    """

    device: Device | None
    account: str
    purpose: PaymentPurpose
    owner: Customer
    outcome: Outcome
    owes_loan: bool

    @property
    def device_id(self) -> int | None:
        return self.device.id if self.device else None


def quote_payment(unit: Unit, account: str, amount_minor: int, *, loan_only: bool = False) -> Quote:
    """Return the quote for a payment to `account`, as the payer typed it.

    Raises Refused: unknown_serial, device_in_stock, amount_invalid, amount_too_large,
    nothing_to_pay, below_minimum; no_code where the money would buy a code for that device that
    can never be made, as far as its row tells: the loan may be paid all the same.
    """
    return quote_account(unit, read_account(unit, account), amount_minor, loan_only=loan_only)


def quote_account(
    unit: Unit, named: Account, amount_minor: int, *, loan_only: bool = False
) -> Quote:
    """Return the quote for a payment to an account that was read. Raises Refused as
    `quote_payment`, but for what the account is."""
    check_amount(unit, amount_minor)
    purpose: PaymentPurpose = "loan" if loan_only else named.purpose
    target = _target(unit, named)
    outcome, without_token = _let_fall(unit, named, target, amount_minor, purpose)
    _check_code(named, outcome, without_token, purpose)
    if _is_below_minimum(outcome, target, amount_minor, purpose):
        most = unit.market.payment_max_minor
        _check_code(named, *_let_fall(unit, named, target, most, purpose), purpose)

        def outcome_of(money_minor: int) -> Outcome:
            return _let_fall(unit, named, target, money_minor, purpose)[0]

        least = _least_that_buys(unit, outcome_of, amount_minor, _minimum(target))
        raise Refused("below_minimum", minimum=Money(least, unit.market.currency))
    owes_loan = any(
        debt.kind in PLAN_PARTS and debt.sale_id != target.plan_sale_id for debt in named.owed
    )
    return Quote(named.device, named.name, purpose, named.owner, outcome, owes_loan)


def _check_code(
    named: Account, outcome: Outcome, without_token: Collection[int], purpose: PaymentPurpose
) -> None:
    """Refuse money that would buy a code for the device that was named, but cannot. The loan is
    paid all the same, unless all of it would be for days that no code gives."""
    is_useless = all(line.kind == "credit" for line in outcome.lines)
    is_named = named.device is not None and named.device.id in without_token
    if (is_named and purpose == "device") or (without_token and is_useless):
        raise Refused("no_code", serial=named.name)


def check_credit_is_useful(unit: Unit, account: str) -> None:
    """Check that the owner's credit alone would do something, paid to `account`.

    Raises Refused: credit_buys_nothing, unknown_serial, device_in_stock.
    """
    named = read_account(unit, account)
    money_minor, owner = named.owner.credit_minor, replace(named.owner, credit_minor=0)
    named = replace(named, owner=owner)
    outcome, _ = _let_fall(unit, named, _target(unit, named), money_minor, named.purpose)
    if all(line.kind == "credit" for line in outcome.lines):
        credit = Money(money_minor, unit.market.currency)
        raise Refused("credit_buys_nothing", credit=credit)


def _target(unit: Unit, named: Account) -> Target:
    tariff_id = named.device.tariff_id if named.device else None
    versions = named.versions.get(tariff_id or 0, [])
    return target_of(named.device, version_on(versions, unit.today))


def _let_fall(
    unit: Unit, named: Account, target: Target, money_minor: int, purpose: PaymentPurpose
) -> tuple[Outcome, dict[int, str]]:
    """Return what the money will do, and why some devices will get no code for it."""

    def decide(without_token: Collection[int]) -> Outcome:
        return apply_money(
            money_minor,
            named.owner.credit_minor,
            [debt.copy() for debt in named.owed],
            replace(target, without_token=without_token),
            unit.today,
            loan_only=purpose == "loan",
            waterfall=named.waterfall,
        )

    outcome, without_token = let_fall(decide, target.device_id, named.devices, unit.now)
    without_tokens(outcome, without_token)
    return outcome, without_token


def check_amount(unit: Unit, amount_minor: int) -> None:
    """Check the amount of a payment.

    Raises Refused: amount_invalid (not positive, or not a multiple of the cash unit),
    amount_too_large (over the market's limit).
    """
    market = unit.market
    if amount_minor <= 0 or amount_minor % market.cash_unit_minor:
        raise Refused("amount_invalid", cash_unit=Money(market.cash_unit_minor, market.currency))
    if amount_minor > market.payment_max_minor:
        raise Refused("amount_too_large", most=Money(market.payment_max_minor, market.currency))


def target_of(device: Device | None, tariff: TariffVersion | None) -> Target:
    """Return what the money left after all debts buys for that device; `tariff`: its prices."""
    if device is None:
        return Target(None)
    if device.tariff_id is not None:
        return Target(device.id, tariff=tariff, max_per_token=_max_per_token(device, "energy"))
    if device.scheme == "service":
        return Target(
            device.id,
            price_per_day_minor=device.price_per_day_minor,
            minimum_payment_minor=device.minimum_payment_minor or 0,
            max_per_token=_max_per_token(device, "days"),
        )
    return Target(device.id, plan_sale_id=device.sale_id)


def _max_per_token(device: Device, action: Action) -> Callable[[int], int]:
    """A line of a payment gives at most one token: how many units fit into it."""
    kit = kit_of(device.digits, device.divider)
    return lambda units: max_units_per_token(device.token_family, action, units, kit)


def _is_below_minimum(
    outcome: Outcome, target: Target, new_minor: int, purpose: PaymentPurpose
) -> bool:
    """Whether money would only become credit: a channel that asks first must not take it.

    `new_minor` is the money offered. Credit from earlier payments is no reason to refuse. Raises
    Refused("nothing_to_pay").
    """
    loan_only = purpose == "loan"
    spent = sum(line.amount_minor for line in outcome.lines if line.kind != "credit")
    if not spent and (loan_only or not target.sells):
        raise Refused("nothing_to_pay")
    minimum = 0 if loan_only else _minimum(target)
    sold = any(line.kind in ("energy", "days") for line in outcome.lines)
    return not sold and new_minor > spent and outcome.credit_minor < minimum


def _least_that_buys(
    unit: Unit, outcome_of: Callable[[int], Outcome], too_little: int, minimum: int
) -> int:
    """Return the least payment that buys something after the debts; the plain minimum where the
    largest payment does not."""
    coin = unit.market.cash_unit_minor

    def sells(coins: int) -> bool:
        return any(line.kind in ("energy", "days") for line in outcome_of(coins * coin).lines)

    coins = range(too_little // coin + 1, unit.market.payment_max_minor // coin + 1)
    place = bisect_left(coins, True, key=sells)
    return coins[place] * coin if place < len(coins) else minimum


def _minimum(target: Target) -> int:
    if target.tariff is not None:
        return target.tariff.minimum_purchase_minor
    return target.minimum_payment_minor
