"""Two weeks of a small operator's business, so that pictures show realistic figures.

The use cases of the product write it, with their clock set back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine

from browser.installation import Installation
from core.clock import system_clock
from core.db.engine import make_engine
from core.luhn import has_luhn_digit
from core.payment import PaymentNotice
from core.unit import unit_opener
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from core.usecases.tokens.device_keys import secrets_from
from operations.environment import SETTINGS_FILE, read_settings_file

DAYS = 14
DEVICE_COLUMNS = (
    "serial,kind,manufacturer,tariff,owner_msisdn,assigned_on,secret_key,starting_code,count,sts"
)
SALE_COLUMNS = (
    "owner_msisdn,appliance,serial,total,down_payment,scheme,count,instalment,cadence,sold_on,"
    "first_due_on,reference"
)
_STS = "ea=11;dkga=04;sgc=600000;krn=1;ti=01;kt=2;ken=255;base=2014"
_NAMES = (
    "Achieng Were", "Daudi Kiptoo", "Esther Mutua", "Farida Ali", "George Ouma", "Halima Noor",
    "Isaac Korir", "Joyce Njeri", "Kamau Njoroge", "Lucy Auma", "Musa Hassan", "Nancy Chebet",
)  # fmt: skip
# How many days ago each kit was sold, for 150 a week. Customers stop paying after `_LONG_DAYS`, so
# that there are arrears of every age.
_SOLD_DAYS_AGO = (16, 18, 20, 23, 48, 110)
_LONG_DAYS = 40
_CALLS = """\
phone Amina
dial *384*96#
> 1
hang up
dial *384*96#
> 2
hang up
phone Baraka
dial *384*96*1*LAMP31001*150#
hang up
phone Neema
dial *384*96#
> 1
hang up
phone +254712123456
dial *384*96#
> 1
hang up
phone Juma
dial *384*96*3*37000100026*800#
> 1
> 4321
dial *384*96*3*LAMP31003*300#
> 1
> 4321
dial *384*96#
> 6
hang up
"""


@dataclass(frozen=True)
class Household:
    """A customer with a meter, and perhaps a kit on a plan."""

    name: str
    msisdn: str
    meter: str
    kit: str = ""
    sold_days_ago: int = 0


def write_history(installation: Installation) -> None:
    """Write two weeks of payments, and some calls of today."""
    chance = Random(11)
    households = list(_households(chance))
    _import_customers(installation, households, chance)
    settings = read_settings_file(installation.data / SETTINGS_FILE)
    engine = make_engine(settings["DATABASE_URL"])
    for payer, account, amount_minor, paid_at in _random_payments(households, chance):
        receipt = "T" + "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=9))
        notice = PaymentNotice(
            "daraja:600123", receipt, "c2b", amount_minor, "KES", account, "msisdn", payer, paid_at
        )
        _record_and_apply(engine, settings, notice)
    engine.dispose()
    installation.dialwatt("phone", stdin=_CALLS)


def _households(chance: Random) -> Iterator[Household]:
    for number, name in enumerate(_NAMES):
        meter = next(
            serial
            for digit in range(10)
            if has_luhn_digit(serial := f"370002{number + 10:04}{digit}")
        )
        sold = _SOLD_DAYS_AGO[number] if number < len(_SOLD_DAYS_AGO) else 0
        kit = f"LAMP3{chance.randrange(2000, 9999)}" if sold else ""
        yield Household(name, f"+25472230{number:04}", meter, kit, sold)


def _import_customers(
    installation: Installation, households: list[Household], chance: Random
) -> None:
    """Import the customers, devices and sales from CSV files."""
    people = ["msisdn,name,surname,village,language"]
    devices, sales = [DEVICE_COLUMNS], [SALE_COLUMNS]
    for household in households:
        village = chance.choice(("KIB", "MAK"))
        people.append(f"{household.msisdn},{household.name.replace(' ', ',')},{village},en")
        devices.append(
            f"{household.meter},meter,umeme,home,{household.msisdn},{_day_text(25)},,,,{_STS}"
        )
        if household.kit:
            sold_on, key = _day_text(household.sold_days_ago), chance.randbytes(16).hex()
            devices.append(f"{household.kit},shs,sunlite,,{household.msisdn},{sold_on},{key},,1,")
            plan = f"7800.00,0,amount,,150.00,weekly,{sold_on},,{household.kit}"
            sales.append(f"{household.msisdn},lamp3,{household.kit},{plan}")
    for kind, lines in (("customers", people), ("devices", devices), ("sales", sales)):
        file = installation.data / f"{kind}.csv"
        file.write_text("\n".join(lines) + "\n")
        installation.dialwatt("import", kind, str(file))


def _day_text(days_ago: int) -> str:
    return f"{system_clock() - timedelta(days=days_ago):%Y-%m-%d}"


def _random_payments(
    households: list[Household], chance: Random
) -> Iterator[tuple[str, str, int, datetime]]:
    """Yield (payer, account, minor units, instant), the oldest first; most on weekends."""
    now = system_clock()
    paying = [household for household in households if household.sold_days_ago < _LONG_DAYS]
    for back in range(DAYS - 1, 0, -1):
        day = (now - timedelta(days=back)).replace(hour=4, minute=0, second=0, microsecond=0)
        payers = chance.sample(paying, chance.randint(4, 7) + 3 * (day.weekday() >= 5))
        for hour, household in enumerate(sorted(payers, key=lambda _: chance.random())):
            account = household.kit if household.kit and chance.random() < 0.6 else household.meter
            amount = chance.choice((50, 100, 150, 150, 200, 300, 500))
            paid_at = day + timedelta(hours=hour, minutes=chance.randrange(60))
            yield household.msisdn, account, amount * 100, paid_at


def _record_and_apply(engine: Engine, settings: dict[str, str], notice: PaymentNotice) -> None:
    """Record and apply a payment at the time when it was paid."""
    open_unit = unit_opener(engine, lambda: notice.paid_at)
    with open_unit() as unit:
        record_payment(unit, notice)
    with open_unit() as unit:
        apply_payments(unit, secrets_from(settings))
