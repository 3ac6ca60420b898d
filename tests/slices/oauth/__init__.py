"""Registered clients, codes and tokens on a real store."""
