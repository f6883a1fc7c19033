"""The commands of `dialwatt`, one module for each. They do nothing when they are imported."""
