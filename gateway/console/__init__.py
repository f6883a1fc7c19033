"""The operator's console at /console/: pages rendered here, without a script.

Its views call use cases and the read-queries of core/db; they write no SQL and hold no device key.
What needs a token leaves a row for a worker.
"""
