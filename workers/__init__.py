"""Slow work: applying payments, prompting payers, sending texts, and the schedule that wakes them
again.

The row is the work item; RQ only wakes the workers. A job carries no data: it claims pending rows.
"""
