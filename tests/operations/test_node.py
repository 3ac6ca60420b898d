"""What those who operate a node see: a real `genkan serve` behind a proxy, read from outside."""

import asyncio
import json
import re
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.exceptions
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from genkan.assembly.node import Node, open_installation
from genkan.audit.refusals import CALLER
from genkan.core.call import Call, Operation, Origin, Public, Signer
from genkan.core.errors import Refusal
from genkan.settings.node import node_settings
from tests.commands.place import COMMAND_SECONDS, Place, client, new_place, wait_until_answers
from tests.operations.test_metrics import Samples, of
from tests.support.engines import SQLITE
from tests.support.person import Person
from tests.support.server import free_port

CLIENT = "203.0.113.9"


@dataclass
class Seen:
    """The node's answers, the scrape, the log, and what was made."""

    made: dict[str, Any]
    samples: Samples
    lines: list[dict[str, Any]]
    answers: dict[str, httpx.Response]


def scrape(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def some_work(place: Place, made: dict[str, Any]) -> dict[str, httpx.Response]:
    """A little of everything, well and badly."""
    user = made["users"][0]
    for password in ("Wrong-password-17", "Wrong-password-18", user["password"]):
        person = Person(place, user["user_name"], password)  # type: ignore[arg-type]
        person.http.headers["x-forwarded-for"] = f"198.51.100.66, {CLIENT}"
        person.sign_in()
    answers = {"portal": person.http.get("/start"), "nothing": person.http.get("/nothing-here")}
    client(place, made, "sts").get_caller_identity()
    stranger = {**made, "administrator": {**made["administrator"], "secret_access_key": "x" * 40}}
    for service, call in (("sts", "get_caller_identity"), ("sso-admin", "list_instances")):
        with pytest.raises(botocore.exceptions.ClientError):
            getattr(client(place, stranger, service), call)()
    with pytest.raises(botocore.exceptions.ClientError):
        client(place, made, "sso-admin").describe_permission_set(
            InstanceArn=made["instance_arn"],
            PermissionSetArn=made["instance_arn"].replace("instance", "permissionSet")
            + "/ps-0000000000000000",
        )
    return answers


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A node, worked with, scraped and stopped."""
    folder: Path = tmp_path_factory.mktemp("node")
    place, operations = new_place(SQLITE, folder), free_port()
    place.write_settings(
        operations_listen=f"127.0.0.1:{operations}",
        trusted_proxies=["127.0.0.1"],
        log_format="json",
        log_level="debug",
    )
    made = place.init()
    process = place.begin("serve")
    try:
        wait_until_answers(place.port, process, host=f"localhost:{place.port}")
        answers = some_work(place, made)
        samples = scrape(operations)
        process.terminate()
        assert process.wait(COMMAND_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
    found = [line for line in place.log.read_text().splitlines() if line.startswith("{")]
    return Seen(made, samples, [json.loads(line) for line in found], answers)


@pytest.mark.parametrize("kept", ["limited", "all"])
async def test_a_node_limits_records_of_refusals_as_its_setting_says(
    tmp_path: Path, kept: str
) -> None:
    place = new_place(SQLITE, tmp_path)
    place.write_settings(refusal_records=kept)
    account = (await asyncio.to_thread(place.init))["accounts"][0]["id"]
    settings = node_settings(place.settings, environment={})
    node = Node(settings, open_installation(settings), works=False)
    call = Call(
        operation=Operation(name="DoIt", run=lambda tx: None, access=Public(reason="test")),
        params={},
        caller=Signer(account_id=account, arn="arn", user_id="AIDAX", access_key_id="AKIAX"),
        origin=Origin(request_id="r"),
        event_source="sso.amazonaws.com",
    )
    asked = 2 * CALLER.burst
    recorded = sum(node.refusals.admits(call, Refusal("denied")) for _ in range(asked))
    await node.stop()
    assert recorded == asked if kept == "all" else CALLER.burst <= recorded < asked


def test_sign_ins_are_counted_by_their_outcome(seen: Seen) -> None:
    assert of(seen.samples, "genkan_sign_ins_total", outcome="succeeded") == 1
    assert of(seen.samples, "genkan_sign_ins_total", outcome="wrong") == 2


def test_requests_are_counted_by_the_names_of_models_and_pages(seen: Seen) -> None:
    def count(front: str, operation: str, code: str) -> float:
        name = "genkan_requests_total"
        return of(seen.samples, name, front=front, operation=operation, code=code)

    assert count("aws", "GetCallerIdentity", "200") == 1
    assert count("aws", "DescribePermissionSet", "400") == 1
    assert count("pages", "post_sign_in", "200") >= 2
    assert count("pages", "get_portal", "200") >= 1
    assert count("pages", "none", "404") >= 1
    for name, labels in seen.samples:
        if name == "genkan_requests_total":
            assert re.fullmatch(r"\w+", dict(labels)["operation"])


def test_errors_are_counted_by_the_code_that_their_caller_got(seen: Seen) -> None:
    def count(code: str) -> float:
        return of(seen.samples, "genkan_refusals_total", code=code)

    assert count("SignatureDoesNotMatch") == 1
    assert count("InvalidSignatureException") == 1
    assert count("ResourceNotFoundException") == 1


def test_the_worker_and_the_process_are_told_of(seen: Seen) -> None:
    assert of(seen.samples, "genkan_jobs", state="dead") == 0
    assert of(seen.samples, "genkan_jobs_running") == 0
    assert of(seen.samples, "genkan_password_hashing_places") == 0
    assert of(seen.samples, "process_open_fds") > 5


def test_a_page_and_its_line_carry_one_request_id(seen: Seen) -> None:
    for name, status in (("portal", 200), ("nothing", 404)):
        answer = seen.answers[name]
        (line,) = [
            line
            for line in seen.lines
            if line.get("request_id") == answer.headers["x-amzn-requestid"]
            and line["event"] == "request"
        ]
        assert (line["status"], answer.status_code) == (status, status)
        assert line["source_ip"] == CLIENT
        # The body of the answer as it was sent.
        assert line["bytes"] == int(answer.headers.get("content-length", line["bytes"]))


def test_the_log_names_the_client_behind_the_proxy_and_no_secret(seen: Seen) -> None:
    told = json.dumps(seen.lines)
    assert CLIENT in told
    assert "198.51.100.66" not in told
    secrets = [seen.made["administrator"]["secret_access_key"], "Wrong-password-17"]
    for secret in [*secrets, *(user["password"] for user in seen.made["users"])]:
        assert secret not in told
