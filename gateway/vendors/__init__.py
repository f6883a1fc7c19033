"""Vendors: servers of manufacturers that make the codes of their devices, or push the credit."""
