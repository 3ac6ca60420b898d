"""Commands that work on an installation from beside it: keys, backup, restore.

Owns what a person types and reads. Leaves the work to `keys` and `backup`, and what is imported by
them for the moment when it is needed: `genkan --help` is quick.
"""
