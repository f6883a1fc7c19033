"""Background work: the jobs of each queue, reconciliation with providers, and the schedule.

The row is the work item; RQ only wakes the workers. A job carries no data: it claims pending rows.
"""
