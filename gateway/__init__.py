"""Everything that speaks to a network: USSD, SMS, payments, vendors. No business rules here."""
