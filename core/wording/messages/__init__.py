"""The messages, one module per part of the product; the module's name is the wording's section."""

from core.wording.messages import (
    agent,
    agent_sms,
    answer,
    devices,
    engine,
    help,
    home,
    languages,
    money_back,
    owe,
    part,
    pay,
    refused,
    reminder,
    sms,
    tokens,
)

MODULES = (
    agent,
    agent_sms,
    answer,
    devices,
    engine,
    help,
    home,
    languages,
    money_back,
    owe,
    part,
    pay,
    refused,
    reminder,
    sms,
    tokens,
)
