"""Slow work: applying payments, prompting payers, sending texts, and the schedule that wakes them
again.

The row is the work item; RQ is only the work_queues. A job carries no data: it claims what waits.
"""
