"""The load client counts whole, right answers, and nothing else."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from benchmarks.load import Answer, Repeated, Wrong, closes, cpu_seconds, run, take

Talk = Callable[[socket.socket], None]
_RIGHT = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nright"


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """A server that talks to each connection in a thread of its own; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


class Counting:
    """Answers each request with the same parts, one packet each, and counts the requests."""

    def __init__(self, *parts: bytes, then_close: bool = False) -> None:
        self._parts = parts
        self._then_close = then_close
        self.requests = 0

    def __call__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while connection.recv(65_536):
                self.requests += 1
                for part in self._parts:
                    connection.sendall(part)
                if self._then_close:
                    return


def _run(port: int, count: int, connections: int = 1) -> int:
    requests = iter([b"GET / HTTP/1.1\r\n\r\n"] * count)
    flows = [Repeated(requests, contains=b"right") for _ in range(connections)]
    return run([port], flows, seconds=30, pids=[os.getpid()]).operations


def test_each_right_answer_is_one_operation() -> None:
    server = Counting(_RIGHT)
    with serving(server) as port:
        assert _run(port, 50, connections=4) == 50
    assert server.requests == 50


def test_an_answer_in_many_packets_is_one_operation() -> None:
    with serving(Counting(*(bytes([byte]) for byte in _RIGHT))) as port:
        assert _run(port, 3) == 3


def test_a_server_that_closes_after_each_answer_is_asked_on_a_new_connection() -> None:
    closing = _RIGHT.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    with serving(Counting(closing, then_close=True)) as port:
        assert _run(port, 5) == 5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 500 Oops\r\ncontent-length: 5\r\n\r\nright",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong",
        b"HTTP/1.1 200 OK\r\n\r\nright",
        _RIGHT + _RIGHT,
    ],
)
def test_a_wrong_answer_ends_the_run(answer: bytes) -> None:
    with serving(Counting(answer)) as port, pytest.raises(Wrong):
        _run(port, 5)


def test_half_an_answer_is_none() -> None:
    with serving(Counting(_RIGHT[:-1], then_close=True)) as port, pytest.raises(Wrong):
        _run(port, 5)


def test_a_server_that_is_gone_when_it_is_asked_again_ends_the_run() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def answer_once() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            listener.close()
            connection.sendall(_RIGHT.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))

    threading.Thread(target=answer_once, daemon=True).start()
    with pytest.raises(Wrong):
        _run(port, 5)


def test_a_process_that_has_ended_counts_no_further() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert cpu_seconds([ended.pid]) == 0.0
    assert cpu_seconds([os.getpid(), ended.pid]) > 0.0


class TwoSteps:
    """An operation of two requests."""

    def __init__(self, times: int) -> None:
        self._left = times
        self._second = False

    def begin(self) -> bytes | None:
        self._left -= 1
        return b"first" if self._left >= 0 else None

    def answered(self, answer: Answer) -> bytes | None:
        self._second = not self._second
        return b"second" if self._second else None


def test_an_operation_of_two_requests_counts_once() -> None:
    server = Counting(_RIGHT)
    with serving(server) as port:
        assert run([port], [TwoSteps(7)], seconds=30, pids=[os.getpid()]).operations == 7
    assert server.requests == 14


def test_connections_are_spread_over_the_ports() -> None:
    servers = Counting(_RIGHT), Counting(_RIGHT)
    with serving(servers[0]) as one, serving(servers[1]) as two:
        flows = [TwoSteps(2), TwoSteps(3)]
        run([one, two], flows, seconds=30, pids=[os.getpid()])
    assert [server.requests for server in servers] == [4, 6]


def test_an_answer_is_taken_only_when_it_is_whole() -> None:
    assert all(take(_RIGHT[:end]) is None for end in range(len(_RIGHT)))
    assert take(_RIGHT) == Answer(200, b"HTTP/1.1 200 OK\r\ncontent-length: 5", b"right")


def test_http_1_0_closes_unless_it_says_otherwise() -> None:
    assert closes(b"HTTP/1.0 200 OK\r\ncontent-length: 0")
    assert not closes(b"HTTP/1.0 200 OK\r\nConnection: keep-alive")
    assert not closes(b"HTTP/1.1 200 OK\r\ncontent-length: 0")
