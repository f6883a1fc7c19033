"""One device in the place of another: its owner, tariff and sales, and the old one out of use."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

# The period of the access rate runs on: the customer pays for the connection, not for the box.
_IN_PLACE = (
    "UPDATE devices n SET owner_id = o.owner_id, assigned_on = :on, tariff_id = o.tariff_id,"
    " access_anchor_on = o.access_anchor_on FROM devices o WHERE n.id = :new AND o.id = :old",
    "UPDATE sales SET device_id = :new WHERE device_id = :old AND state IN ('open', 'complete')"
    " AND customer_id = (SELECT owner_id FROM devices WHERE id = :old)",
    "UPDATE devices SET owner_id = NULL, assigned_on = NULL, access_anchor_on = NULL,"
    " retired_on = :on WHERE id = :old",
    # Whatever was swapped before leads to the device that has the place now.
    "UPDATE devices SET replaced_by_id = :new WHERE id = :old OR replaced_by_id = :old",
)


def put_in_place(connection: Connection, old_id: int, new_id: int, on: date) -> None:
    """The new device has what the old one had; both are locked. Instalments keep what is paid on
    them, and with it which days were given for them."""
    for statement in _IN_PLACE:
        connection.execute(text(statement), {"old": old_id, "new": new_id, "on": on})
