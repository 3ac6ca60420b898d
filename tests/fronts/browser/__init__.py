"""Signing in and consenting, as a browser meets them over HTTP."""
