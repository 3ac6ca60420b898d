"""SIGTERM under load: what was accepted is answered whole, and what was answered is kept."""

import asyncio
import json
import signal
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.operations.busy import Connection, keep_asking
from tests.operations.exchange import HOST
from tests.support.server import END_SECONDS, START_SECONDS, Server, free_port

CONNECTIONS = 32
ANSWERS_BEFORE = 100


async def under_load(
    port: int,
    request: Callable[[str], bytes],
    process: subprocess.Popen[str],
    trusted: ssl.SSLContext | None = None,
) -> list[Connection]:
    """SIGTERM in the middle of it all."""
    connections = [Connection() for _ in range(CONNECTIONS)]
    asking = [
        asyncio.create_task(keep_asking(port, number, request, made, trusted))
        for number, made in enumerate(connections)
    ]
    while sum(len(made.answered) for made in connections) < ANSWERS_BEFORE:
        assert not all(task.done() for task in asking), connections[0]
        await asyncio.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    await asyncio.gather(*asking)
    return connections


def creating(server: Server) -> Callable[[str], bytes]:
    """Signed CreateUser requests by user name."""
    keys = server.facts["administrator"]
    signer = SigV4Auth(
        Credentials(keys["access_key_id"], keys["secret_access_key"]),
        "identitystore",
        server.facts["region"],
    )

    def request(name: str) -> bytes:
        body = json.dumps(
            {
                "IdentityStoreId": server.facts["identity_store_id"],
                "UserName": name,
                "DisplayName": name,
                "Name": {"GivenName": name, "FamilyName": "Busy"},
            }
        )
        asked = AWSRequest(
            "POST",
            f"{server.url}/",
            data=body,
            headers={
                "content-type": "application/x-amz-json-1.1",
                "x-amz-target": "AWSIdentityStore.CreateUser",
                "host": f"localhost:{server.port}",
                "content-length": str(len(body)),
            },
        )
        signer.add_auth(asked)
        lines = "".join(f"{key}: {value}\r\n" for key, value in asked.headers.items())
        return f"POST / HTTP/1.1\r\n{lines}\r\n{body}".encode()

    return request


@pytest.fixture(params=["http", "https"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server that the test may stop."""
    tls = "true" if request.param == "https" else "false"
    made = Server(tmp_path / "data", environment={"GENKAN_TLS": tls}).start()
    yield made
    made.stop()


def trusted_by(server: Server) -> ssl.SSLContext | None:
    """What a client of it needs."""
    ca_file = server.facts.get("ca_file")
    return ssl.create_default_context(cafile=ca_file) if ca_file else None


async def test_a_stop_under_load_cuts_no_answer_off_and_keeps_every_write(sandbox: Server) -> None:
    assert sandbox.process is not None
    ended = await under_load(sandbox.port, creating(sandbox), sandbox.process, trusted_by(sandbox))
    assert sandbox.process.wait(timeout=END_SECONDS) == 0
    assert [made.cut_off for made in ended if made.cut_off] == []
    assert [made.refused for made in ended if made.refused] == []
    answered = {name for made in ended for name in made.answered}
    store = sqlite3.connect(f"file:{sandbox.data_dir / 'genkan.sqlite'}?mode=ro", uri=True)
    # Both ways: what had no answer was never begun, so whoever asks again does it once.
    assert answered == {
        name
        for (name,) in store.execute("SELECT user_name FROM users WHERE user_name LIKE 'busy-%'")
    }
    store.close()
    sandbox.start()
    found = await asyncio.to_thread(stored, sandbox)
    assert found == answered


def stored(server: Server) -> set[str]:
    """The names of the load's users, as the server that was started again tells them."""
    keys = server.facts["administrator"]
    client = boto3.client(
        "identitystore",
        endpoint_url=server.facts["base_url"],
        region_name=server.facts["region"],
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        verify=server.facts.get("ca_file"),
    )
    pages = client.get_paginator("list_users").paginate(
        IdentityStoreId=server.facts["identity_store_id"]
    )
    names = {user["UserName"] for page in pages for user in page["Users"]}
    return {name for name in names if name.startswith("busy-")}


# --- with time to drain ---------------------------------------------------------------------------


def posting(name: str) -> bytes:
    """A request whose body is its name."""
    return f"POST / HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {len(name)}\r\n\r\n{name}".encode()


@pytest.fixture
def make_node() -> Iterator[Callable[[float], tuple[subprocess.Popen[str], int]]]:
    """Slow nodes, by how long they drain."""
    started: list[subprocess.Popen[str]] = []

    def make(drain_seconds: float) -> tuple[subprocess.Popen[str], int]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.operations.slow_node", str(port), str(drain_seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    assert answer.status == 200
                    return process, port
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the node did not start")

    yield make
    for process in started:
        process.kill()
        process.communicate()


async def test_a_node_that_drains_ends_every_connection_with_an_answer_that_says_so(
    make_node: Callable[[float], tuple[subprocess.Popen[str], int]],
) -> None:
    process, port = make_node(300.0)
    ended = await under_load(port, posting, process)
    process.send_signal(signal.SIGTERM)  # the second one ends the draining
    said, _ = await asyncio.to_thread(process.communicate, timeout=END_SECONDS)
    assert [made for made in ended if made.cut_off or made.refused] == []
    assert all(made.said_close for made in ended)
    assert all(made.sent == made.answered for made in ended)
    assert sorted(said.split()) == sorted(name for made in ended for name in made.answered)


async def test_a_node_that_has_drained_ends_by_itself(
    make_node: Callable[[float], tuple[subprocess.Popen[str], int]],
) -> None:
    process, _ = make_node(0.2)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, END_SECONDS) in (0, -signal.SIGTERM)


async def test_while_a_node_drains_it_answers_and_is_not_ready_and_a_second_signal_ends_it(
    make_node: Callable[[float], tuple[subprocess.Popen[str], int]],
) -> None:
    process, port = make_node(3600.0)
    process.send_signal(signal.SIGTERM)
    status = b""
    while b" 503 " not in status:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        status = await reader.readline()
        rest = await reader.read()
        writer.close()
    assert b'"failing":"stopping"' in rest
    made = await keep_asking(port, 0, posting, Connection())
    assert (made.answered, made.said_close) == (["busy-0-0"], True)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, END_SECONDS) in (0, -signal.SIGTERM)


async def test_without_a_drain_no_answer_is_cut_off_and_nothing_unanswered_is_begun(
    make_node: Callable[[float], tuple[subprocess.Popen[str], int]],
) -> None:
    process, port = make_node(0)
    ended = await under_load(port, posting, process)
    said, _ = await asyncio.to_thread(process.communicate, timeout=END_SECONDS)
    assert [made for made in ended if made.cut_off or made.refused] == []
    assert sorted(said.split()) == sorted(name for made in ended for name in made.answered)
