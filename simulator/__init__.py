"""A phone in the browser, stand-in provider servers and virtual devices.

Everything here speaks the real wire formats over real HTTP and keeps its own state in the
PostgreSQL schema `simulator`. It never reads or writes the gateway's tables.
"""
