"""Slow work: applying payments, prompting payers, sending texts, and the schedule that re-rings.

The row is the work item; RQ is only the doorbell. A job carries no data: it claims what waits.
"""
