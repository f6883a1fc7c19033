"""Torture: real payments through real processes that are killed all the time.

`python -m torture` (or `make torture`) starts its own PostgreSQL and Redis with full durability,
the web process, workers, the schedule and stand-in providers that misbehave; kills them at moments
drawn from a seed; and at the end compares what the providers say moved with what is in the books.
It is a tool of the developers: nothing of the product imports it.
"""
