"""Torture run: real payments through real processes that are killed again and again.

`python -m torture` (or `make torture`) starts its own PostgreSQL and Redis with full durability,
the web process, the workers, the schedule, and simulated providers that misbehave. It kills them at
moments drawn from a seed. At the end it compares what the providers say was paid with the
database. It is a tool for developers; no product code imports it.
"""
