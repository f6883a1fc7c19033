"""A simulated Airtel Money: its collections API and its callbacks."""
