"""What the product does, one file per verb: its table of contents.

The road of a payment: match_account and read_account say whose it is, quote_payment what money
would do; request_payment, follow_prompt; record_payment books it once, tell_payer; apply_payments,
with situation, issue_tokens, report_no_code, open_secret, receipts, split_words and write_applied;
send_texts, texts, resend_token.

Money that is not spent: match_suspense, request_refund, follow_refund, record_reversal,
undo_applied, leave_clearing, compare_statement, balances, find_receipts, line_accounts, audit.

What falls due: accrue_access_rates, send_reminders, reminders_wanted.

People on the phone: read_caller, choose_language, list_debts, list_devices, report_problem,
record_inbound_text, claim_device. Agents: check_pin, change_pin, register_with_device,
hand_over, sell_appliance, write_sale, offer, collect_cash, stock, allowed_plans, look_up_customer,
move_meter, agent_account, settle_agent, tell_agent; list_device_requests, refuse_device_request;
registration_requests, read_terms.
Their plans: reprice_sale, reschedule_sale, cancel_sale, tell_buyer, check_nothing_waits. Codes by
hand: order_token, make_ordered_tokens.

Operators: load_catalogue, rewrites_past, register_customers, register_devices and register_sales
(one or many, see entries), take_over_paid, show_payment, show_customer, replay_stuck, rotate_keys.
The console: console_users, show_today, register_at_desk, edit_customer, close_case, resend_text,
reveal_token, set_up_market, sell_at_desk, change_catalogue, move_tariff, agents_at_desk,
enter_device, swap_device, answer_device_request, export_month.

A use case is a plain function: `verb_noun(unit, ...)`. Returning commits, raising rolls back; what
a person may not do is a Refused.
"""
