"""What the product does: one folder per noun, one function `verb_noun(unit, ...)` per use case.

Returning commits, raising rolls back. What a person may not do is a `Refused`. A folder uses only
the folders below it in this list (an import contract in pyproject.toml):

registration    a customer together with a device, by an agent, an operator, SMS or the caller
sales           selling an appliance on a plan, changing, cancelling and importing sales
reconciliation  comparing provider statements with the ledger, balances, cases
devices         stock, import, transfer to another customer, replacement
refunds         money back to the payer, reversals, suspense
agents          PIN, account and float, cash collection
payments        quote, prompt, record, apply, receipt
tokens          manual tokens, resending, device keys
catalogue       tariffs, appliances, villages, access fees
customers       who is calling, registering and editing customers
messages        queueing, sending, receiving SMS; reminders
operators       console users, audit, dashboard, retries, month export
"""
