"""A handset in the terminal: it plays against a running gateway what a person does with a phone.

It knows the gateway only by its gateway and the simulated phones' API, never by import or database.
"""
