"""Mobile-money providers: what they tell us (callbacks), and what we ask of them (clients)."""
