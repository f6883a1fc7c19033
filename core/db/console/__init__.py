"""Queries of the console and of `dialwatt show`, one module for each noun. They only read.

Every query returns frozen dataclasses with named fields. Writes are in the modules of `core.db`.
"""
