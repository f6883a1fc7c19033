"""The servers and processes of `dialwatt up`: PostgreSQL, Valkey, and what keeps them running."""
