"""The sandbox: a whole sample organization, its seed, its facts file and its reset.

Owns what the sample organization is, writing it through the door, `sandbox.json`, and putting the
store back to its seed. Absent from a production assembly.
Invariants: everything is made by operations of the slices, as a person or a program would; the
seed's ids, keys and passwords are random, and the same after a restart or a reset.
"""
