"""Ports for the servers of tests: nobody else has one, and nobody else is given it."""

import socket

import pytest

from tests.support.server import free_port, share_of_ports


def test_a_port_is_given_once() -> None:
    given = [free_port() for _ in range(1000)]
    assert len(set(given)) == len(given)


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_processes_of_a_session_share_the_ports_and_none_is_of_two(workers: int) -> None:
    shares = [set(share_of_ports(worker, workers)) for worker in range(workers)]
    assert sum(len(share) for share in shares) == len(set.union(*shares)) == 17_000
    # One that stands in for a worker that fell has its share.
    assert set(share_of_ports(workers, workers)) == shares[0]


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_port_that_something_listens_on_at_either_loopback_is_not_given(
    family: socket.AddressFamily, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, free = free_port(), free_port()
    with socket.socket(family) as listener:
        try:
            listener.bind((address, taken))
        except OSError:
            pytest.skip("no IPv6 here")
        listener.listen()
        monkeypatch.setattr("tests.support.server._PORTS", iter((taken, free)))
        assert free_port() == free
