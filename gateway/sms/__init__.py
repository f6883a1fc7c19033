"""SMS: sending them through a provider, its delivery reports, and answering incoming ones."""
