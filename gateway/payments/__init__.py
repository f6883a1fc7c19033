"""Mobile-money providers: what they tell us (doors), and what we ask of them (clients)."""
