"""An answer that breaks off anywhere is a lost one, whatever a client makes of its half."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.faults.journal import UNKNOWN, Journal
from tests.faults.lost import Lost, answered


def message(status: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: application/x-amz-json-1.1\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()


DONE = message("200 OK", '{"PermissionSet":{"PermissionSetArn":"arn"}}')
REFUSED = message("400 Bad Request", '{"__type":"ConflictException","Message":"No."}')


@contextmanager
def client_of(said: bytes) -> Iterator[Any]:
    """A client of a server that says this and is gone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                asked = b""
                while not asked.endswith(b"}"):
                    asked += connection.recv(65536)
                connection.sendall(said)

        server = threading.Thread(target=answer, daemon=True)
        server.start()
        yield boto3.client(
            "sso-admin",
            endpoint_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            region_name="us-east-1",
            aws_access_key_id="AKIA",
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )
        server.join()


def made_by(client: Any) -> Any:
    return client.create_permission_set(
        InstanceArn="arn:aws:sso:::instance/ssoins-0123456789abcdef", Name="One"
    )


def ask(client: Any) -> str:
    arn: str = made_by(client)["PermissionSet"]["PermissionSetArn"]
    return arn


@pytest.mark.parametrize("whole", [DONE, REFUSED], ids=["answer", "refusal"])
def test_what_breaks_off_anywhere_is_lost(whole: bytes) -> None:
    for length in range(0, len(whole), 3):
        with client_of(whole[:length]) as client, pytest.raises(Lost), answered():
            ask(client)


@pytest.mark.parametrize("whole", [DONE, REFUSED], ids=["answer", "refusal"])
def test_what_becomes_of_an_act_whose_answer_breaks_off_is_unknown(
    whole: bytes, tmp_path: Path
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for length in range(0, len(whole), 3):
        with client_of(whole[:length]) as client:
            act = journal.ask("actor", "CreatePermissionSet", {}, lambda agent: made_by(client))
        assert act.outcome == UNKNOWN, whole[:length]


def test_what_is_whole_is_answered_or_refused() -> None:
    with client_of(DONE) as client, answered():
        assert ask(client) == "arn"
    refused = pytest.raises(ClientError, match="ConflictException")
    with client_of(REFUSED) as client, refused, answered():
        ask(client)
