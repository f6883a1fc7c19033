"""Two weeks of a small operator's business, written by the product's own use cases with their clock
set back: so that pictures show figures as they look after some weeks, not on the first day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Engine

from browser.town import Town
from core.clock import system_clock
from core.db.engine import make_engine
from core.payment import PaymentNotice
from core.serial_number import luhn_ok
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
# Kits sold so many days ago, each on 150 a week. Whoever has had one for long pays no more: what is
# overdue is then of every age.
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
    """Somebody with a meter, and perhaps a kit on a plan."""

    name: str
    msisdn: str
    meter: str
    kit: str = ""
    sold_days_ago: int = 0


def live_through(town: Town) -> None:
    """Fill the town's books with two weeks of payments, and today with some calls."""
    chance = Random(11)
    households = list(_households(chance))
    _settle_in(town, households, chance)
    settings = read_settings_file(town.data / SETTINGS_FILE)
    engine = make_engine(settings["DATABASE_URL"])
    for payer, account, amount_minor, paid_at in _payments(households, chance):
        receipt = "T" + "".join(chance.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=9))
        notice = PaymentNotice(
            "daraja:600123", receipt, "c2b", amount_minor, "KES", account, "msisdn", payer, paid_at
        )
        _pay(engine, settings, notice)
    engine.dispose()
    town.dialwatt("phone", stdin=_CALLS)


def _households(chance: Random) -> Iterator[Household]:
    for number, name in enumerate(_NAMES):
        meter = next(
            serial for digit in range(10) if luhn_ok(serial := f"370002{number + 10:04}{digit}")
        )
        sold = _SOLD_DAYS_AGO[number] if number < len(_SOLD_DAYS_AGO) else 0
        kit = f"LAMP3{chance.randrange(2000, 9999)}" if sold else ""
        yield Household(name, f"+25472230{number:04}", meter, kit, sold)


def _settle_in(town: Town, households: list[Household], chance: Random) -> None:
    """Everybody comes with a file, as an operator's customers do."""
    people = ["msisdn,name,surname,village,language"]
    devices, sales = [DEVICE_COLUMNS], [SALE_COLUMNS]
    for one in households:
        village = chance.choice(("KIB", "MAK"))
        people.append(f"{one.msisdn},{one.name.replace(' ', ',')},{village},en")
        devices.append(f"{one.meter},meter,umeme,home,{one.msisdn},{_day(25)},,,,{_STS}")
        if one.kit:
            sold_on, key = _day(one.sold_days_ago), chance.randbytes(16).hex()
            devices.append(f"{one.kit},shs,sunlite,,{one.msisdn},{sold_on},{key},,1,")
            plan = f"7800.00,0,amount,,150.00,weekly,{sold_on},,{one.kit}"
            sales.append(f"{one.msisdn},lamp3,{one.kit},{plan}")
    for kind, lines in (("customers", people), ("devices", devices), ("sales", sales)):
        file = town.data / f"{kind}.csv"
        file.write_text("\n".join(lines) + "\n")
        town.dialwatt("import", kind, str(file))


def _day(days_ago: int) -> str:
    return f"{system_clock() - timedelta(days=days_ago):%Y-%m-%d}"


def _payments(
    households: list[Household], chance: Random
) -> Iterator[tuple[str, str, int, datetime]]:
    """(payer, account, minor units, instant), the oldest first; weekends are livelier."""
    now = system_clock()
    paying = [one for one in households if one.sold_days_ago < _LONG_DAYS]
    for back in range(DAYS - 1, 0, -1):
        day = (now - timedelta(days=back)).replace(hour=4, minute=0, second=0, microsecond=0)
        payers = chance.sample(paying, chance.randint(4, 7) + 3 * (day.weekday() >= 5))
        for hour, one in enumerate(sorted(payers, key=lambda _: chance.random())):
            account = one.kit if one.kit and chance.random() < 0.6 else one.meter
            amount = chance.choice((50, 100, 150, 150, 200, 300, 500))
            paid_at = day + timedelta(hours=hour, minutes=chance.randrange(60))
            yield one.msisdn, account, amount * 100, paid_at


def _pay(engine: Engine, settings: dict[str, str], notice: PaymentNotice) -> None:
    """Booked and applied when it was paid."""
    open_unit = unit_opener(engine, lambda: notice.paid_at)
    with open_unit() as unit:
        record_payment(unit, notice)
    with open_unit() as unit:
        apply_payments(unit, secrets_from(settings))
