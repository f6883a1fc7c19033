"""What all changes of a running sale have in common: the locks, the entry, the customer's SMS."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.customers import get_customer, note_changed_debts
from core.db.devices import get_device, lock_devices
from core.db.ledger import post_entries
from core.db.sales import income_of_changes, lock_sale
from core.db.tariffs import versions_of
from core.device import Device
from core.errors import Refused
from core.journal import CREDIT, DEBIT, OPENING, JournalEntry, Posting
from core.plan import Instalment
from core.sale import RUNNING, LockedSale
from core.unit import Unit
from core.usecases.catalogue.access_fees import post_access_fees
from core.usecases.messages.queue import send_sms_to
from core.wording.message import BoundMessage


def lock_running(unit: Unit, sale_id: int, *, changes_debts: bool = True) -> LockedSale:
    """Return the running sale with that id, locked to be changed. Fees due on its meter are charged
    first. What was paid before and is not applied yet will wait for a person, where the act changes
    what is owed (`changes_debts`).

    Raises Refused: sale_unknown, sale_not_open.
    """
    sale = lock_sale(unit.connection, sale_id)
    if sale is None:
        raise Refused("sale_unknown")
    if sale.state not in RUNNING:
        raise Refused("sale_not_open", state=sale.state)
    device = device_of_sale(unit, sale)
    if device is not None:
        post_access_fees(unit, [device], versions_of(unit.connection, [device]))
    if changes_debts:
        note_changed_debts(unit.connection, unit.now, sale.customer_id)
    return sale


def lock_running_plan(unit: Unit, sale_id: int, *, changes_debts: bool = True) -> LockedSale:
    """Return the running sale on a plan with that id, locked as by `lock_running`.

    Raises Refused: sale_unknown, sale_not_open, sale_without_plan.
    """
    sale = lock_running(unit, sale_id, changes_debts=changes_debts)
    if sale.scheme == "service":
        raise Refused("sale_without_plan")
    return sale


def lock_due_plan(unit: Unit, sale_id: int, *, changes_debts: bool = True) -> LockedSale:
    """As `lock_running_plan`; raises Refused("sale_paused") too, while its due days stand still."""
    sale = lock_running_plan(unit, sale_id, changes_debts=changes_debts)
    if sale.state == "paused":
        raise Refused("sale_paused")
    return sale


def device_of_sale(unit: Unit, sale: LockedSale) -> Device | None:
    """Return the device of a sale, locked, while it is still that customer's; None otherwise."""
    if sale.device_id is None:
        return None
    device = lock_devices(unit.connection, [sale.device_id], [])[sale.device_id]
    return device if device.owner_id == sale.customer_id else None


def device_of_another(unit: Unit, sale_id: int) -> str | None:
    """Return the serial number of a sale's device that is another customer's by now, or None."""
    sale = lock_sale(unit.connection, sale_id)
    if sale is None or sale.device_id is None:
        return None
    device = get_device(unit.connection, sale.device_id)
    return device.serial if device.owner_id not in (None, sale.customer_id) else None


def open_minor(plan: Sequence[Instalment]) -> int:
    """Return what is left to pay of a plan."""
    return sum(instalment.open_minor for instalment in plan)


def paid_minor(plan: Sequence[Instalment]) -> int:
    """Return what was paid of a plan."""
    return sum(instalment.paid_minor for instalment in plan)


def post_sale_change(
    unit: Unit, sale: LockedSale, kind: str, against: str, change_minor: int
) -> None:
    """Book that the customer owes `change_minor` more for the sale, or less where negative.

    `kind` is that of the entry; `against` the account that gets the other side. The price of an
    imported sale was never income here: what is taken off it goes back to the opening account,
    except what was added to it here.
    """
    if not change_minor:
        return
    receivable, other = (DEBIT, CREDIT) if change_minor > 0 else (CREDIT, DEBIT)
    amount = abs(change_minor)
    opened = 0
    if sale.is_imported and against == "income:sales" and change_minor < 0:
        added = income_of_changes(unit.connection, sale.id, sale.customer_id)
        opened = amount - min(amount, added)
    legs = (
        Posting("receivable:sales", receivable, amount, sale.customer_id),
        Posting(against, other, amount - opened, sale.customer_id),
        Posting(OPENING, other, opened, sale.customer_id),
    )
    key = f"{kind}:{sale.id}:{unit.now.isoformat()}"
    post_entries(unit.connection, unit.now, [JournalEntry(kind, key, legs)])


def notify_buyer(unit: Unit, sale: LockedSale, message: BoundMessage) -> None:
    """Queue an SMS to the customer of a sale, about a change of it."""
    customer = get_customer(unit.connection, sale.customer_id)
    send_sms_to(unit, customer, message, f"sale_changed:{sale.id}:{unit.now.isoformat()}")
