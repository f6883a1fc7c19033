"""Codes that a person types into a device: pure functions, one file per token family.

Nothing here does I/O, reads a clock, draws a random number or remembers anything: counters,
time and randomness come in as arguments, and the caller stores what comes out. Nothing here
logs: a token or a key leaves these modules only as a return value.
"""
