"""USSD callbacks: one adapter per aggregator, and the conversation that all of them share."""
