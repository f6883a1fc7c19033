"""Virtual meters and solar kits that accept the tokens typed on them.

virtual_device   a device's state, what it displays, and how a token changes it
decoders         the rules of each token family
store            the states of all devices, in the database
"""
