"""Stand-ins for the servers of vendors: one file for each wire, over one small frame.

wire     what all of them have: faults, a book of vends, refusals
vend_records  the vends and the virtual devices, in the database
codes    codes that say what they give, so that a virtual device can take them
control  what tests ask: how often a device was vended to
"""
