"""`genkan serve`, `genkan worker` and `genkan migrate` as processes, several on one database."""

import base64
import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from tests.commands.place import (
    COMMAND_SECONDS,
    Place,
    bare_environment,
    client,
    new_place,
    wait_until_answers,
)
from tests.support.engines import POSTGRES, SQLITE
from tests.support.postgresql import own_server, postgres_url
from tests.support.server import free_port

FORGED = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wrong"}
Begin = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def place(engine: str, tmp_path: Path) -> Place:
    return new_place(engine, tmp_path)


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Commands that are ended with the test."""
    with contextlib.ExitStack() as ends:

        def begun(place: Place, *words: str, script: str = "") -> "subprocess.Popen[str]":
            process = place.begin(*words, script=script)
            ends.callback(process.wait, COMMAND_SECONDS)
            ends.callback(process.kill)
            return process

        yield begun


def serve(place: Place, begin: Begin, *, script: str = "") -> "subprocess.Popen[str]":
    process = begin(place, "serve", script=script)
    wait_until_answers(place.port, process, host=f"localhost:{place.port}")
    return process


def beside(place: Place, name: str, **settings: Any) -> Place:
    """Another node's own settings for the same installation; reached under its own port."""
    folder = place.folder / name
    folder.mkdir()
    (folder / "key").write_bytes((place.folder / "key").read_bytes())
    other = Place(folder, place.database, free_port())
    other.write_settings(**settings)
    return other


def assigned(place: Place, made: dict[str, Any], *, wait: bool) -> str:
    """Ask for an assignment of a new permission set; the status in the end, or at once."""
    admin = client(place, made, "sso-admin")
    instance = made["instance_arn"]
    permission_set = admin.create_permission_set(InstanceArn=instance, Name="Auditors")
    status = admin.create_account_assignment(
        InstanceArn=instance,
        TargetId=made["accounts"][0]["id"],
        TargetType="AWS_ACCOUNT",
        PermissionSetArn=permission_set["PermissionSet"]["PermissionSetArn"],
        PrincipalType="USER",
        PrincipalId=made["users"][0]["user_id"],
    )["AccountAssignmentCreationStatus"]
    deadline = time.monotonic() + COMMAND_SECONDS
    while wait and status["Status"] == "IN_PROGRESS" and time.monotonic() < deadline:
        time.sleep(0.05)
        status = admin.describe_account_assignment_creation_status(
            InstanceArn=instance, AccountAssignmentCreationRequestId=status["RequestId"]
        )["AccountAssignmentCreationStatus"]
    return str(status["Status"])


def test_a_node_serves_the_installation_and_works_on_its_jobs(place: Place, begin: Begin) -> None:
    made = place.init()
    serve(place, begin)
    arn = client(place, made, "sts").get_caller_identity()["Arn"]
    assert arn.endswith(":user/administrator")
    assert assigned(place, made, wait=True) == "SUCCEEDED"


def test_told_to_stop_it_ends_well_and_everything_is_there_again(
    place: Place, begin: Begin
) -> None:
    made = place.init()
    process = serve(place, begin)
    store = client(place, made, "identitystore")
    created = store.create_group(IdentityStoreId=made["identity_store_id"], DisplayName="Night")
    process.send_signal(signal.SIGTERM)
    assert process.wait(COMMAND_SECONDS) == 0
    assert "Traceback" not in place.log.read_text()
    serve(place, begin)
    found = store.describe_group(
        IdentityStoreId=made["identity_store_id"], GroupId=created["GroupId"]
    )
    assert found["DisplayName"] == "Night"


@pytest.mark.parametrize("engine", [POSTGRES], indirect=True)
def test_what_one_node_writes_the_other_answers(place: Place, begin: Begin) -> None:
    made = place.init()
    other = beside(place, "other")
    serve(place, begin)
    serve(other, begin)
    group = client(place, made, "identitystore").create_group(
        IdentityStoreId=made["identity_store_id"], DisplayName="Night"
    )
    found = client(other, made, "identitystore").describe_group(
        IdentityStoreId=made["identity_store_id"], GroupId=group["GroupId"]
    )
    assert found["DisplayName"] == "Night"


@pytest.mark.parametrize("engine", [POSTGRES], indirect=True)
def test_a_worker_does_what_a_node_leaves(place: Place, begin: Begin) -> None:
    made = place.init()
    place.write_settings(worker=False)
    serve(place, begin)
    assert assigned(place, made, wait=False) == "IN_PROGRESS"
    worker = begin(place, "worker")
    admin = client(place, made, "sso-admin")
    deadline = time.monotonic() + COMMAND_SECONDS
    while True:
        (status,) = admin.list_account_assignment_creation_status(
            InstanceArn=made["instance_arn"], MaxResults=1
        )["AccountAssignmentsCreationStatus"]
        if status["Status"] != "IN_PROGRESS" or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert status["Status"] == "SUCCEEDED"
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(COMMAND_SECONDS) == 0


@pytest.mark.parametrize("engine", [SQLITE], indirect=True)
def test_one_process_serves_from_a_file(place: Place, begin: Begin) -> None:
    place.init()
    other = beside(place, "other")
    serve(place, begin)
    assert "another process serves from" in other.refusal("serve")
    assert "another process serves from" in other.refusal("worker")


@pytest.mark.parametrize("engine", [SQLITE], indirect=True)
def test_a_file_has_no_workers_of_its_own(place: Place) -> None:
    place.init()
    assert "workers need PostgreSQL" in place.refusal("worker")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_nothing_is_served_before_there_is_an_installation(place: Place, command: str) -> None:
    assert "make one with `genkan init`" in place.refusal(command)
    assert place.run("migrate").returncode == 0
    assert "make one with `genkan init`" in place.refusal(command)


def test_another_installations_key_is_refused(place: Place, tmp_path: Path) -> None:
    place.init()
    other = beside(place, "other")
    (other.folder / "key").write_bytes(b"x" * 43 + b"=")
    assert "is a placeholder" in other.refusal("serve")
    (other.folder / "key").write_bytes(b"MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=")
    assert "is not the key of this database" in other.refusal("serve")
    (other.folder / "key").unlink()
    assert "cannot be read" in other.refusal("serve")


def test_an_address_in_use_is_one_clear_line(place: Place, begin: Begin) -> None:
    place.init()
    serve(place, begin)
    assert "Address already in use" in place.refusal("serve")


def test_it_answers_under_its_own_name_only(place: Place, begin: Begin) -> None:
    place.init()
    process = serve(place, begin)
    asked = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]
    for host, status in ((f"localhost:{place.port}", "302"), ("sso.example.com", "421")):
        done = subprocess.run(
            [*asked, "-I", "-H", f"Host: {host}", f"http://127.0.0.1:{place.port}/start"],
            capture_output=True,
            text=True,
        )
        assert done.stdout == status
    assert process.poll() is None


def test_a_serving_node_knows_nothing_of_the_sandbox(place: Place, begin: Begin) -> None:
    made = place.init()
    told = place.folder / "modules"
    script = f"""
import atexit, sys
def tell():
    names = [name for name in sys.modules if name.startswith("genkan.sandbox")]
    open({str(told)!r}, "w").write(repr(names))
atexit.register(tell)
"""
    process = serve(place, begin, script=script)
    client(place, made, "sts").get_caller_identity()
    process.send_signal(signal.SIGTERM)
    process.wait(COMMAND_SECONDS)
    assert told.read_text() == "[]"


def status_of(port: int, path: str) -> int:
    """What a port answers to a GET; 0 when nobody listens."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{port}{path}", timeout=COMMAND_SECONDS
        ) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def status_after_ready(port: int) -> int:
    """What `/readyz` answers once that is no longer 200."""
    deadline = time.monotonic() + COMMAND_SECONDS
    while (status := status_of(port, "/readyz")) == 200:
        assert time.monotonic() < deadline, "the node is ready for ever"
        time.sleep(0.02)
    return status


def test_a_node_tells_its_health_by_address_on_both_ports(place: Place, begin: Begin) -> None:
    place.init()
    operations = free_port()
    place.write_settings(operations_listen=f"127.0.0.1:{operations}")
    serve(place, begin)
    for port in (place.port, operations):
        assert status_of(port, "/healthz") == 200
        assert status_of(port, "/readyz") == 200
    assert status_of(operations, "/start") == 404


def test_only_the_operations_port_tells_what_is_counted(place: Place, begin: Begin) -> None:
    made = place.init()
    operations = free_port()
    place.write_settings(operations_listen=f"127.0.0.1:{operations}")
    serve(place, begin)
    client(place, made, "sts").get_caller_identity()
    with pytest.raises(ClientError):
        client(place, {**made, "administrator": FORGED}, "sts").get_caller_identity()
    with urllib.request.urlopen(f"http://127.0.0.1:{operations}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    counted = 'genkan_requests_total{code="200",front="aws",operation="GetCallerIdentity"} 1.0'
    assert counted in lines
    assert counted.replace("200", "403") in lines
    assert "genkan_password_hashing_places 0.0" in lines
    assert status_of(place.port, "/metrics") == 421


def test_a_node_that_drains_answers_but_is_not_ready(place: Place, begin: Begin) -> None:
    made = place.init()
    operations = free_port()
    place.write_settings(operations_listen=f"127.0.0.1:{operations}", drain_seconds=300)
    process = serve(place, begin)
    process.send_signal(signal.SIGTERM)
    assert status_after_ready(operations) == 503
    assert client(place, made, "sts").get_caller_identity()["Account"]
    process.send_signal(signal.SIGTERM)  # the second one ends the draining
    assert process.wait(COMMAND_SECONDS) == 0
    assert status_of(operations, "/readyz") == 0


_TELLS_OF_ITS_STOP = """
from genkan.assembly.node import Node
stop = Node.stop
async def told(self):
    await stop(self)
    print("stopped in order", flush=True)
Node.stop = told
"""


@pytest.mark.parametrize(
    ("second", "in_order"), [(signal.SIGTERM, True), (signal.SIGINT, False)], ids=["term", "int"]
)
def test_only_a_second_interrupt_skips_the_orderly_stop(
    place: Place, begin: Begin, second: signal.Signals, in_order: bool
) -> None:
    place.init()
    place.write_settings(drain_seconds=300)
    process = serve(place, begin, script=_TELLS_OF_ITS_STOP)
    process.send_signal(signal.SIGTERM)
    assert status_after_ready(place.port) == 503
    process.send_signal(second)
    assert process.wait(COMMAND_SECONDS) == 0
    assert ("stopped in order" in place.log.read_text()) == in_order


@pytest.mark.parametrize("engine", [POSTGRES], indirect=True)
def test_a_worker_tells_its_health(place: Place, begin: Begin) -> None:
    place.init()
    operations = free_port()
    place.write_settings(operations_listen=f"127.0.0.1:{operations}")
    worker = begin(place, "worker")
    deadline = time.monotonic() + COMMAND_SECONDS
    while status_of(operations, "/readyz") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(COMMAND_SECONDS) == 0


_NEVER_STOPS = """
import asyncio
from genkan.worker import InProcessWorker
async def stop(self):
    print("stopping", flush=True)
    await asyncio.sleep(300)
InProcessWorker.stop = stop
"""


@pytest.mark.parametrize("engine", [POSTGRES], indirect=True)
def test_a_second_interrupt_ends_a_worker_that_will_not_stop(place: Place, begin: Begin) -> None:
    place.init()
    worker = begin(place, "worker", script=_NEVER_STOPS)
    for sent, said in ((signal.SIGTERM, "Genkan works"), (signal.SIGINT, "stopping")):
        deadline = time.monotonic() + COMMAND_SECONDS
        while said not in place.log.read_text():
            assert worker.poll() is None, place.log.read_text()
            assert time.monotonic() < deadline, place.log.read_text()
            time.sleep(0.02)
        worker.send_signal(signal.SIGTERM)  # however often that is said
        worker.send_signal(sent)
    assert worker.wait(COMMAND_SECONDS) == 0
    assert "Traceback" not in place.log.read_text()


# --- upgrades -------------------------------------------------------------------------------------

_NEXT_RELEASE = """
from genkan.db import migrate, release
shipped = migrate.shipped
def more():
    step = migrate.Migration(9001, "more", '''{text}''')
    return [*shipped(), step]
migrate.shipped = release.shipped = more
"""
ADDED = _NEXT_RELEASE.format(
    text="-- keeps: {last:04}\\n"
    "CREATE TABLE more (x {{int64}} PRIMARY KEY) {{strict}};\\n"
    "ALTER TABLE jobs ADD COLUMN colour {{text}};\\n"
)
BROKEN = _NEXT_RELEASE.format(text="CREATE TABLE more (x {{int64}} PRIMARY KEY) {{strict}};\\n")


def next_release(script: str) -> str:
    """A release with one step more, which says which nodes it keeps."""
    from genkan.db.migrate import shipped

    return (
        script.replace("{last:04}", f"{shipped()[-1].number:04}")
        .replace("{{", "{")
        .replace("}}", "}")
    )


@pytest.mark.parametrize("engine", [POSTGRES], indirect=True)
def test_a_node_of_the_release_before_goes_on_and_may_start_again(
    place: Place, begin: Begin
) -> None:
    made = place.init()
    old = serve(place, begin)
    done = place.run("migrate", script=next_release(ADDED))
    assert done.stdout.endswith(": more\n")
    assert assigned(place, made, wait=True) == "SUCCEEDED"
    old.send_signal(signal.SIGTERM)
    assert old.wait(COMMAND_SECONDS) == 0
    serve(place, begin)
    new = beside(place, "new")
    serve(new, begin, script=next_release(ADDED))
    assert client(new, made, "sts").get_caller_identity()["Account"]


def test_a_step_that_keeps_nobody_refuses_older_nodes(place: Place) -> None:
    place.init()
    assert place.run("migrate", script=next_release(BROKEN)).returncode == 0
    assert "the database is of a newer release" in place.refusal("serve")
    assert "newer than this release" in place.refusal("migrate")


def test_a_node_ahead_of_its_database_asks_for_the_migration(place: Place) -> None:
    place.init()
    done = place.run("serve", script=next_release(ADDED))
    assert done.returncode == 1
    assert "run `genkan migrate`" in done.stderr


def test_an_init_by_mistake_migrates_nothing(place: Place, begin: Begin) -> None:
    place.init()
    done = place.run("init", "--email", "a@example.com", script=next_release(BROKEN))
    assert done.returncode == 1
    assert done.stderr.endswith("holds an installation already\n")
    serve(place, begin)


def test_migrating_twice_does_nothing(place: Place) -> None:
    place.init()
    assert place.run("migrate").stdout.endswith("nothing to do\n")


def test_settings_of_the_environment_alone_are_enough(place: Place) -> None:
    place.init()
    command = place.command("migrate")
    del command[command.index("--settings") : command.index("--settings") + 2]
    env = {
        **bare_environment(),
        "GENKAN_BASE_URL": place.url,
        "GENKAN_DATABASE": place.database,
        "GENKAN_KEY_FILE": str(place.folder / "key"),
    }
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.stdout.endswith("nothing to do\n"), done.stderr


# --- a database that is gone ----------------------------------------------------------------------


def test_without_its_database_a_node_says_so_and_goes_on_when_it_is_back(
    tmp_path: Path, begin: Begin
) -> None:
    with own_server() as cluster:
        with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
            admin.execute("CREATE DATABASE installation")
        place = Place(tmp_path, postgres_url(cluster.dsn("installation")), free_port())
        (tmp_path / "key").write_bytes(base64.b64encode(os.urandom(32)))
        place.write_settings()
        made = place.init()
        process = serve(place, begin)
        cluster.stop()
        with pytest.raises(ClientError) as caught:
            client(place, made, "sts").get_caller_identity()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert caught.value.response["Error"]["Code"] == "ServiceUnavailable"
        assert status_of(place.port, "/readyz") == 503
        assert status_of(place.port, "/healthz") == 200
        cluster.start()
        deadline = time.monotonic() + COMMAND_SECONDS
        while status_of(place.port, "/readyz") != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert client(place, made, "sts").get_caller_identity()["Account"]
        assert process.poll() is None
