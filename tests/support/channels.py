"""The mobile-money channels of a test: all that are known, with M-Pesa set up."""

from gateway.payments.channel_table import channel_table

CHANNELS = channel_table(("daraja",))
