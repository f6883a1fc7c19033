"""A stand-in for Safaricom: the M-Pesa customers' side and Daraja, the businesses' HTTP API.

`doors` is the API (OAuth, STK push and query, URL registration); `paybill` and `prompts` are what a
customer does on the phone; `wallets` moves the money; `notices` are the callback bodies. Field
names, codes and limits follow Safaricom's published Daraja documentation.
"""
