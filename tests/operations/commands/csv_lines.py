"""Headers and values of the CSV files that the tests import."""

from __future__ import annotations

from core.clock import system_clock
from tests.support.builders import NAIROBI

CUSTOMERS = "msisdn,name,surname,village,language\n"
DEVICES = (
    "serial,kind,manufacturer,tariff,owner_msisdn,assigned_on,secret_key,starting_code,count,sts\n"
)
SALES = (
    "owner_msisdn,appliance,serial,total,down_payment,scheme,count,instalment,cadence,sold_on,"
    "first_due_on,reference\n"
)
STS = "ea=11;dkga=04;sgc=600000;krn=1;ti=01;kt=2;ken=255;base=2014"
KEY = "bc41ec9530f6dac86b1a29ab82edc5fb"
METER = "37000100018"
AMINA, BARAKA = "+254722000001", "+254722000002"
TODAY = system_clock().astimezone(NAIROBI).date()
