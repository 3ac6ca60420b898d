"""What may be done to an installation under faults, and what must follow: a table of each room.

One `Deed` is one kind of act: how it is asked and what it changes on paper. One `Fact` is one kind
of thing that may be so: where the store has it and which operation tells it. One `Race` is two acts
on one thing at once. `tests.faults.keeper` does deeds, `tests.faults.verdict` judges them; to put
one more under the faults is to add it to its room's table.
"""
