"""Protocol libraries: pure functions over bytes and values.

No database, no HTTP server, no clock: time, keys and secrets come in as parameters. Nothing of
ours is imported here but `genkan.core`, so each library can be read and tested alone.
"""
