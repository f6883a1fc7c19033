"""Vendors: the servers of makers that make the codes of their own devices, or push the credit."""
