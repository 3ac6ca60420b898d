"""Genkan."""
