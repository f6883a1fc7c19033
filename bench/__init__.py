"""Benchmarks. Each prints its rate as a ratio of a floor that is measured in the same run.

payments   applied payments against pgbench's TPC-B-like transaction
ussd       USSD turns against a bare route with two Redis commands
"""
