"""Who has which permission set where."""
