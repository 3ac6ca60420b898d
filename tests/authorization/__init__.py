"""The policy language: what a document means, and what it must never mean."""
