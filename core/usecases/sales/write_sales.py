"""Write sales: the row, its instalments, the journal entry, the owner of a device from stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from core.appliance import StoredAppliance
from core.customer import Customer
from core.db.bulk import Values
from core.db.ledger import open_account, post_entries
from core.db.registration import give_devices
from core.db.sales import find_sale_id, insert_sales
from core.device import KnownDevice
from core.errors import Refused
from core.journal import CREDIT, DEBIT, OPENING, JournalEntry, Posting
from core.ownership import Handover
from core.plan import PAYG, ByDay, Instalment, PlanTerms
from core.plan_quote import Quote, ServiceQuote
from core.unit import Unit
from core.usecases.devices.stock import check_in_service, check_product
from core.usecases.devices.vendor import check_served
from core.usecases.messages.queue import send_sms_to
from core.wording.message import BoundMessage
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class SaleDraft:
    """A sale before it is written. `plan` is empty for use by the day.

    `is_imported`: it was made in an earlier system, `paid_minor` of it was paid there.
    """

    customer_id: int
    item: StoredAppliance
    device: KnownDevice | None
    terms: PlanTerms
    total_minor: int
    plan: Sequence[Instalment]
    sold_on: date
    reference: str | None = None
    agent_id: int | None = None
    is_imported: bool = False
    paid_minor: int = 0

    @property
    def device_id(self) -> int | None:
        """The device the sale belongs to: of a replaced device the one that has its place now."""
        return (self.device.replaced_by_id or self.device.id) if self.device else None


def write_sale(
    unit: Unit,
    customer: Customer,
    quote: Quote,
    device: KnownDevice | None,
    reference: str,
    agent_id: int | None = None,
) -> int:
    """Sell to that customer today, as quoted. Return the id of the sale.

    Customer and device are locked. The customer gets an SMS that says what was agreed. The same
    `reference` again is the same sale. Raises Refused: serial_needed, serial_misplaced,
    kind_differs, product_differs, service_price, service_total, device_retired,
    vendor_not_set_up, device_of_another, device_on_plan, tariff_needed.
    """
    known_id = find_sale_id(unit.connection, reference)
    if known_id is not None:
        return known_id
    draft = SaleDraft(
        customer.id,
        quote.item,
        device,
        quote.terms,
        quote.total_minor,
        quote.instalments,
        unit.today,
        reference,
        agent_id,
    )
    check_item(unit, draft)
    if device is not None:
        check_free(device, customer.id)
    (sale_id,) = write_sales(unit, [draft])
    send_sms_to(unit, customer, _agreed(unit, customer, quote), f"agreed:{reference}")
    return sale_id


def _agreed(unit: Unit, customer: Customer, quote: Quote) -> BoundMessage:
    operator = unit.market.operator
    if isinstance(quote, ServiceQuote):
        return agent_sms.agreed_service(
            appliance=quote.item.name, per_day=quote.per_day, least=quote.least, operator=operator
        )
    return agent_sms.agreed_plan(
        appliance=quote.item.name,
        parts=quote.parts,
        each=quote.each,
        cadence=quote.cadence,
        last=quote.last,
        first_on=quote.first_on,
        down_payment=quote.down_payment,
        account=customer.account,
        operator=operator,
    )


def check_item(unit: Unit, draft: SaleDraft) -> None:
    """Check that the device is what is sold. Raises Refused: serial_needed, serial_misplaced,
    kind_differs, product_differs, service_price, service_total."""
    item, device = draft.item, draft.device
    if device is None and item.kind in PAYG:
        raise Refused("serial_needed", kind=item.kind)
    if device is not None and item.kind == "other":
        raise Refused("serial_misplaced")
    if device is not None:
        check_product(unit, device, item)
    if not isinstance(draft.terms.schedule, ByDay):
        return
    if not item.price_per_day_minor or device is None:
        raise Refused("service_price", appliance=item.code)
    if draft.total_minor or draft.terms.down_payment:
        raise Refused("service_total")


def check_free(device: KnownDevice, customer_id: int) -> None:
    """Check that a device can be sold to that customer. Raises Refused: device_retired,
    vendor_not_set_up, device_of_another, device_on_plan, tariff_needed."""
    check_in_service(device)
    check_served(device)
    if device.owner_id not in (None, customer_id):
        raise Refused("device_of_another", serial=device.serial)
    if device.is_on_plan:
        raise Refused("device_on_plan", serial=device.serial)
    if device.owner_id is None and device.kind == "meter" and device.tariff is None:
        raise Refused("tariff_needed")


def write_sales(unit: Unit, drafts: Sequence[SaleDraft]) -> list[int]:
    """Write sales that were checked. Return their ids, in order."""
    rows = [_row(unit, draft) for draft in drafts]
    ids = insert_sales(unit.connection, rows, [draft.plan for draft in drafts])
    entries = [
        _entry(unit, sale_id, draft)
        for sale_id, draft in zip(ids, drafts, strict=True)
        if draft.plan
    ]
    if any(draft.is_imported for draft in drafts):
        open_account(unit.connection, OPENING, CREDIT)
    post_entries(unit.connection, unit.now, entries)
    gifts = [
        (
            Handover(draft.device.id, draft.customer_id, _since(unit, draft), "sale"),
            draft.sold_on,
        )
        for draft in drafts
        if draft.device is not None and draft.device.owner_id is None
    ]
    give_devices(unit.connection, gifts, unit.today)
    return ids


def _since(unit: Unit, draft: SaleDraft) -> datetime:
    """Since when the device is the customer's: that day, of a sale that was made elsewhere."""
    return unit.market.first_instant(draft.sold_on) if draft.is_imported else unit.now


def _row(unit: Unit, draft: SaleDraft) -> Values:
    is_by_day = isinstance(draft.terms.schedule, ByDay)
    return {
        "customer_id": draft.customer_id,
        "appliance_id": draft.item.id,
        "device_id": draft.device_id,
        "scheme": draft.terms.schedule.scheme,
        "cadence": draft.terms.cadence,
        "total_minor": draft.total_minor,
        "price_per_day_minor": draft.item.price_per_day_minor if is_by_day else None,
        "minimum_payment_minor": draft.item.minimum_payment_minor if is_by_day else 0,
        "sold_on": draft.sold_on,
        "sold_at": None if draft.is_imported else unit.now,
        "reference": draft.reference,
        "agent_id": draft.agent_id,
    }


def _entry(unit: Unit, sale_id: int, draft: SaleDraft) -> JournalEntry:
    """Book what a sale is worth; an imported one was income of its own day, in other books."""
    owed = Posting("receivable:sales", DEBIT, draft.total_minor, draft.customer_id)
    if draft.is_imported:
        opening = Posting(OPENING, CREDIT, draft.total_minor, draft.customer_id)
        sold_on = min(draft.sold_on, unit.today)
        return JournalEntry("opening", f"sale:{sale_id}", (owed, opening), value_on=sold_on)
    income = Posting("income:sales", CREDIT, draft.total_minor, draft.customer_id)
    return JournalEntry("sale", f"sale:{sale_id}", (owed, income))
