"""A simulated pawaPay: its Merchant API, its callbacks and their signatures."""
