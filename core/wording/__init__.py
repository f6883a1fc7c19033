"""Everything the gateway writes to people: the texts of USSD screens and of SMS.

`messages/` declares each message as a function signature: its slots and their types.
`<language>.toml` holds the wordings of one language. `message.py`, `slots.py` and `translation.py`
check that both agree and that no message gets too long.
"""
