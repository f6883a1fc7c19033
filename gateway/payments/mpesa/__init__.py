"""M-Pesa (Safaricom, Kenya) through Daraja: paybill payments, STK prompts, refunds, statements."""
