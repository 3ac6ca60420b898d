"""A node in a process of its own, for tests of its end: `python -m tests.operations.slow_node PORT
DRAIN_SECONDS`. Its front takes a moment for each answer and prints each name it has answered.
"""

import asyncio
import sys

from genkan.commands.listening import listening
from genkan.commands.server import Serving, serve
from genkan.core.call import Origin
from genkan.health import Health
from genkan.protocols.aws.wire import Request, Response
from tests.operations.exchange import Listening, a_server


class Slow(Listening):
    """Answers what it was asked, after a while."""

    async def answer(self, request: Request, origin: Origin) -> Response:
        await asyncio.sleep(0.02)
        print(request.body.decode(), flush=True)
        return Response(status=200, headers=[], body=request.body)


def main(port: int, drain_seconds: float) -> None:
    """Serve until told to stop."""
    health = Health({})
    serving = Serving(
        application=a_server(Slow(), health=health),
        sockets=[listening("127.0.0.1", port)],
        base_url=f"http://localhost:{port}",
        health=health,
        drain_seconds=drain_seconds,
    )
    serve(serving)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
