"""`genkan audit` on a sandbox that runs and goes on writing: a second process on the file."""

import json
import threading

import pytest

from tests.keys.command import genkan
from tests.support.server import Server

pytestmark = pytest.mark.sandbox_only("an installation has the same commands, tried beside it")


def make_groups(server: Server, names: list[str], stopping: threading.Event) -> None:
    """Until told to stop."""
    client = server.client("identitystore")
    while not stopping.is_set():
        name = f"group-{len(names)}"
        client.create_group(IdentityStoreId=server.facts["identity_store_id"], DisplayName=name)
        names.append(name)


def test_sealing_verifying_and_exporting_go_on_beside_a_server_that_writes(server: Server) -> None:
    where = ("--data-dir", server.data_dir)
    stopping, names = threading.Event(), list[str]()
    writing = threading.Thread(target=make_groups, args=(server, names, stopping))
    writing.start()
    try:
        for _ in range(3):
            before = len(names)
            genkan("audit", "seal", *where)
            assert ", 0 problems;" in genkan("audit", "verify", *where)
            assert len(names) > before
    finally:
        stopping.set()
        writing.join()
    genkan("audit", "seal", *where)
    state = server.data_dir / "audit.state"
    said = genkan("audit", "export", *where, "--state", state)
    exported = [json.loads(line) for line in said.splitlines()]
    assert len({record["eventID"] for record in exported}) == len(exported)
    made = [record for record in exported if record["eventName"] == "CreateGroup"]
    wanted = {record["requestID"] for record in made}
    assert len(wanted) >= len(names)
    assert genkan("audit", "export", *where, "--state", state) == ""
