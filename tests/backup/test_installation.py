"""An installation made by `genkan init` moves to the other engine and is served from there."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tests.backup.rows import everything
from tests.commands.place import COMMAND_SECONDS, Place, client, new_place, wait_until_answers
from tests.support.engines import POSTGRES, SQLITE, Data, PostgresData, SqliteData


def data_of(place: Place) -> Data:
    if place.database.startswith("sqlite:"):
        return SqliteData(Path(place.database.removeprefix("sqlite:")))
    return PostgresData(place.database)


@contextmanager
def served(place: Place) -> Iterator["subprocess.Popen[str]"]:
    """A node, which is killed in the end."""
    with ExitStack() as ends:
        process = place.begin("serve")
        ends.callback(process.wait, COMMAND_SECONDS)
        ends.callback(process.kill)
        wait_until_answers(place.port, process, host=f"localhost:{place.port}")
        yield process


def moved_to(engine: str, place: Place, folder: Path) -> Place:
    """An empty place on an engine for the same installation, at the same address."""
    folder.mkdir()
    other = new_place(engine, folder)
    (folder / "key").write_bytes((place.folder / "key").read_bytes())
    found = Place(folder, other.database, place.port)
    found.write_settings()
    return found


def test_an_installation_moves_between_engines_while_its_node_runs(
    engine: str, tmp_path: Path
) -> None:
    (tmp_path / "first").mkdir()
    first = new_place(engine, tmp_path / "first")
    made = first.init()
    with served(first):
        caller = client(first, made, "sts").get_caller_identity()
        done = first.run("backup", str(tmp_path / "file"))
        assert done.returncode == 0, done.stderr
    second = moved_to(SQLITE if engine == POSTGRES else POSTGRES, first, tmp_path / "second")
    done = second.run("restore", str(tmp_path / "file"))
    assert done.returncode == 0, done.stderr
    with closing(data_of(first)) as data, closing(data_of(second)) as other:
        assert everything(other) == everything(data)
    with served(second):
        assert client(second, made, "sts").get_caller_identity()["Arn"] == caller["Arn"]
        name = client(second, made, "sso-admin").create_permission_set(
            InstanceArn=made["instance_arn"], Name="AfterTheMove"
        )["PermissionSet"]["Name"]
        assert name == "AfterTheMove"
    assert "holds an organization already" in second.refusal("restore", str(tmp_path / "file"))


def test_an_installation_is_not_restored_into_a_sandboxs_directory(
    engine: str, tmp_path: Path
) -> None:
    (tmp_path / "first").mkdir()
    first = new_place(engine, tmp_path / "first")
    first.init()
    assert first.run("backup", str(tmp_path / "file")).returncode == 0
    second = moved_to(SQLITE, first, tmp_path / "second")
    store = Path(second.database.removeprefix("sqlite:"))
    store.parent.mkdir()
    (store.parent / "sandbox.json").write_text("{}")
    assert "is a sandbox's data directory" in second.refusal("restore", str(tmp_path / "file"))
    assert {path.name for path in store.parent.iterdir()} == {"sandbox.json"}
