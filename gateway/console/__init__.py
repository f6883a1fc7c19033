"""The operator's console at /console/: HTML rendered on the server, without a script.

Views call use cases, and the read queries of core/db for the console. They contain no SQL and hold
no device key. An action that needs a token stores an order, which a worker fulfils.
"""
