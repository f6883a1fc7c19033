"""The messages, one module per part of the product; the module's name is the wording's section."""

from core.wording.messages import (
    devices,
    engine,
    help,
    home,
    languages,
    owe,
    part,
    pay,
    refused,
    sms,
    tokens,
)

MODULES = (devices, engine, help, home, languages, owe, part, pay, refused, sms, tokens)
