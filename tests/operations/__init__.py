"""Health, metrics, logs, and the end of a node."""
