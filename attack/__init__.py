"""Attacks from outside, over HTTP, on the processes that production starts.

`make attack` starts `dialwatt web`, the workers and the schedule with the demo's customers and
stand-in providers, and plays what a stranger, a broken provider or a careless colleague would do.
`ATTACK_SCALE=0.1 make attack` makes the long trials a tenth as long. No product code imports it.
"""
