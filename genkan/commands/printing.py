"""Standard output that takes nothing: a full disk, a reader that has gone."""

import os
import sys


def settle_output() -> bool:
    """After a failure: let go of what standard output does not take; whether there was any.

    What is still buffered would fail once more at exit, and change the exit status.
    """
    if sys.stdout is None:
        return False
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True
    return False
