"""The adapters of all supported aggregators, by their name in the address."""

from __future__ import annotations

from gateway.ussd.africastalking import AFRICASTALKING
from gateway.ussd.airtel import AIRTEL
from gateway.ussd.arkesel import ARKESEL
from gateway.ussd.beem import BEEM
from gateway.ussd.hubtel import HUBTEL

ADAPTERS = {adapter.name: adapter for adapter in (AFRICASTALKING, HUBTEL, ARKESEL, BEEM, AIRTEL)}
