"""A simulated MTN MoMo: its Collections API and its callbacks."""
