"""What stands inside a sandbox account."""
