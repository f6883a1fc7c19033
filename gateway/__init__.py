"""Everything that speaks to a network: USSD, SMS, payments, the console. No business rules."""
