"""A simulated Safaricom: M-Pesa on the customer's phone, and Daraja, the HTTP API for businesses.

    api                      the endpoints and their paths
    oauth                    access tokens
    c2b_urls, c2b_payment    C2B: registered URLs; a customer pays by paybill
    stk_push                 STK push and its query
    reversal, transaction_status, account_balance    operations whose result comes by callback
    pull_transactions        the list of payments

Field names, codes and limits follow Safaricom's published Daraja documentation.
"""
