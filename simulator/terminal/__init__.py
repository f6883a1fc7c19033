"""A phone in the terminal, which plays a person's side of a conversation with a running gateway.

It reaches the gateway only over HTTP, by its callbacks and by the API of the simulated phones.
"""
