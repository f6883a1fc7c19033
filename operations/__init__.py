"""What an operator runs: the `dialwatt` command, embedded services, processes.

It may import everything below it. Nothing below it imports it.
"""
