"""Texts: handing them over to a provider, hearing of their delivery, receiving them."""
