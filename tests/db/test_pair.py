"""The tests' own pair of nodes: every request goes to another node than the one before."""

import re
import socket
import time

import pytest

from tests.support.engines import POSTGRES
from tests.support.pair import Pair
from tests.support.server import ANSWER_SECONDS
from tests.support.wire_engines import Servers

_LENGTH = re.compile(rb"(?i)content-length: *([0-9]+)")


def robots(pair: Pair) -> bytes:
    return f"GET /robots.txt HTTP/1.1\r\nHost: localhost:{pair.port}\r\n\r\n".encode()


def read_answers(connection: socket.socket, count: int) -> None:
    """Return once so many answers are there, each with the length that it said."""
    seen = b""
    while count:
        head, found, body = seen.partition(b"\r\n\r\n")
        length = int(_LENGTH.findall(head)[0]) if found else 0
        if found and len(body) >= length:
            count, seen = count - 1, body[length:]
            continue
        chunk = connection.recv(65536)
        assert chunk, seen
        seen += chunk


@pytest.fixture
def pair(servers: Servers) -> Pair:
    server = servers(POSTGRES)
    assert isinstance(server, Pair)
    server.reset()
    return server


def test_requests_of_one_connection_go_to_the_nodes_in_turn(pair: Pair) -> None:
    assert pair.alternator is not None
    store = pair.client("identitystore")
    before = pair.alternator.taken.copy()
    for _ in range(6):
        store.list_users(IdentityStoreId=pair.facts["identity_store_id"])
    taken = pair.alternator.taken - before
    assert [taken[port] for port in pair.ports] == [3, 3]


def test_a_head_that_comes_in_pieces_is_answered_and_the_next_request_goes_elsewhere(
    pair: Pair,
) -> None:
    assert pair.alternator is not None
    before = pair.alternator.taken.copy()
    request = robots(pair)
    with socket.create_connection(("127.0.0.1", pair.port), timeout=ANSWER_SECONDS) as connection:
        for pieces in ((request[:9], request[9:]), (request,)):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(0.05)
            read_answers(connection, 1)
    taken = pair.alternator.taken - before
    assert [taken[port] for port in pair.ports] == [1, 1]


def test_requests_that_come_together_stay_with_one_node(pair: Pair) -> None:
    assert pair.alternator is not None
    before = pair.alternator.taken.copy()
    with socket.create_connection(("127.0.0.1", pair.port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(robots(pair) * 2)
        read_answers(connection, 2)
    assert sorted((pair.alternator.taken - before).values()) == [1]


def test_a_connection_that_the_node_ends_is_ended(pair: Pair) -> None:
    with socket.create_connection(("127.0.0.1", pair.port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: foreign\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 421")
