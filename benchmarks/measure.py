"""First answer, memory and requests a second of a sandbox on this machine.

    python -m benchmarks.measure [--runs 5] [--seconds 3]

The server is pinned to one core and the client to another, where there are two. Requests are signed
beforehand. Prints a table; docs/benchmarks.md keeps the last one.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks import load
from tests.support.person import access_token
from tests.support.server import Server

FORM = "application/x-www-form-urlencoded; charset=utf-8"
JSON11 = "application/x-amz-json-1.1"


def wire(server: Server, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{server.port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def signed(server: Server, service: str, headers: dict[str, str], body: bytes) -> bytes:
    """A request signed with the administrator's key."""
    key = server.facts["administrator"]
    request = AWSRequest("POST", f"{server.url}/", headers=headers, data=body)
    credentials = Credentials(key["access_key_id"], key["secret_access_key"])
    SigV4Auth(credentials, service, server.facts["region"]).add_auth(request)
    return wire(server, "POST", "/", dict(request.headers.items()), body)


def get_caller_identity(server: Server) -> list[bytes]:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    return [signed(server, "sts", {"Content-Type": FORM}, body)]


def describe_user(server: Server) -> list[bytes]:
    headers = {"Content-Type": JSON11, "X-Amz-Target": "AWSIdentityStore.DescribeUser"}
    store = server.facts["identity_store_id"]
    return [
        signed(
            server,
            "identitystore",
            headers,
            json.dumps({"IdentityStoreId": store, "UserId": user["user_id"]}).encode(),
        )
        for user in server.facts["users"]
    ]


def get_role_credentials(server: Server) -> list[bytes]:
    token = access_token(server, "hanako")
    headers = {"x-amz-sso_bearer_token": token}
    return [
        wire(
            server,
            "GET",
            "/federation/credentials?"
            + urllib.parse.urlencode({"role_name": "ReadOnlyAccess", "account_id": account["id"]}),
            headers,
            b"",
        )
        for account in server.facts["accounts"]
    ]


OPERATIONS: dict[str, Callable[[Server], list[bytes]]] = {
    "GetCallerIdentity": get_caller_identity,
    "DescribeUser": describe_user,
    "GetRoleCredentials": get_role_credentials,
}


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def first_answer(data_dir: Path) -> float:
    """Seconds from starting the process to its first answer, on an existing data directory."""
    server = Server(data_dir)
    began = time.perf_counter()
    server.start()
    elapsed = time.perf_counter() - began
    server.stop()
    return elapsed


def pin(pid: int, core: int) -> None:
    """Pin every thread of a process to one core."""
    with contextlib.suppress(OSError, AttributeError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3.0)
    arguments.add_argument("--only", default="")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        data_dir = Path(directory) / "data"
        Server(data_dir).start().stop()
        starts = [first_answer(data_dir) for _ in range(chosen.runs)]
        print(
            f"machine: {platform.machine()}, {os.cpu_count()} cores, Python "
            f"{platform.python_version()}"
        )
        print(f"first answer on an existing data directory: {statistics.median(starts):.2f} s")
        server = Server(data_dir).start()
        assert server.process is not None
        pid = server.process.pid
        if (os.cpu_count() or 1) > 1:
            pin(pid, 0)
            os.sched_setaffinity(0, {1})
        print(f"memory after start: {memory_mib(pid):.0f} MiB")
        print("| operation | requests/s | p50 ms | p95 ms | p99 ms | server CPU µs/request |")
        print("|---|---|---|---|---|---|")
        for name, prepare in OPERATIONS.items():
            if chosen.only and chosen.only != name:
                continue
            requests = prepare(server)
            load.run(server.port, pid, requests, seconds=0.5)
            results = [
                load.run(server.port, pid, requests, seconds=chosen.seconds)
                for _ in range(chosen.runs)
            ]
            if any(result.failures for result in results):
                print(f"{name}: {sum(result.failures for result in results)} FAILURES")
            middle = sorted(results, key=lambda result: result.rate)[len(results) // 2]
            print(
                f"| {name} | {middle.rate:,.0f} | {middle.p50:.1f} | {middle.p95:.1f} |"
                f" {middle.p99:.1f} | {middle.cpu_us:.0f} |"
            )
        print(f"memory after the load: {memory_mib(pid):.0f} MiB")
        server.stop()


if __name__ == "__main__":
    main()
