"""What tests ask the stand-in vendors, besides their faults (simulator/fault_injection.py)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, request

from simulator.runtime import current_runtime
from simulator.vendors.vend_records import vends_of

control = Blueprint("vends", __name__, url_prefix="/_ctl")


@control.get("/vends/<vendor>")
def list_vends(vendor: str) -> Any:
    """The vends of a vendor, or with `?serial=` of one device, oldest first: never two for one
    payment."""
    vends = vends_of(current_runtime(), vendor, request.args.get("serial"))
    return jsonify(
        [
            {
                "serial": vend.serial,
                "action": vend.gift.action,
                "units": vend.gift.units,
                "money": vend.gift.money,
                "code": vend.code,
                "handle": vend.handle,
                "at": vend.at.isoformat(),
            }
            for vend in vends
        ]
    )
