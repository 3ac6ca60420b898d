"""What a database cannot promise: failures that are neither a refusal nor a bug in an operation.

Leaves to others: how a front words them. Invariant: `Unavailable` means that nothing of the
operation was committed; only `OutcomeUnknown` leaves that open.
"""


class Unsuitable(Exception):
    """The database can be reached but must not be used; the text says why, in one line."""


class Unavailable(Exception):
    """The operation was not done, and trying later may help."""


class Unreachable(Unavailable):
    """No connection could be made or kept in the time there was."""


class Contended(Unavailable):
    """Other transactions were in the way at every attempt."""


class OutcomeUnknown(Exception):
    """The connection was lost while committing: whether it is durable, nobody here can say.

    Never retried by us: the operation may have been done already. Its caller must look.
    """
