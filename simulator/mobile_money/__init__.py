"""What every simulated mobile-money provider shares: wallets, receipts and payment prompts."""
