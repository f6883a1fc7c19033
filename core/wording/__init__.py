"""What the gateway says, to whom and in which language: texts of screens and of SMS.

`messages/` declares every message as a signature (its slots and their types), `<language>.toml`
holds the wordings, `message.py`, `slots.py` and `catalogue.py` are the machinery that proves that
the two agree and that nothing is too long.
"""
