"""`python -m tests.support.forgetful`: genkan, whose nodes forget with SIGUSR1 whom they refused.

What a node has counted outlives a reset of its database: a test's refusals would use up the budget
of the records that a later test looks for.
"""

import asyncio
import signal

from genkan.assembly.node import Node
from genkan.cli import main

_start = Node.start


async def _start_and_listen(node: Node) -> None:
    # Not signal.signal, whose handler could want a lock that what it interrupts holds.
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, node.refusals.forget)
    await _start(node)


if __name__ == "__main__":
    Node.start = _start_and_listen  # type: ignore[method-assign]
    main()
