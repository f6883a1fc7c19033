"""What comes from others: known vulnerabilities of the locked packages."""
