"""Moving in from MicroPowerManager: reading its exports and turning them into our records."""
