"""`genkan init`: an installation is made whole, once, and what opens it is handed over once."""

import json
import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from genkan.db import installation
from genkan.sandbox.sample import SAMPLE_FILE
from tests.commands.place import Place, bare_environment, new_place
from tests.support import engines


@pytest.fixture
def place(engine: str, tmp_path: Path) -> Place:
    return new_place(engine, tmp_path)


def rows(place: Place, table: str) -> int:
    """How many rows a table has."""
    with place.direct() as database:
        found = database.read(lambda rows: rows.one(f"SELECT COUNT(*) FROM {table}", ()))
    assert found is not None
    return int(found[0])


def test_it_hands_over_keys_and_passwords_in_a_file_of_ones_own(place: Place) -> None:
    made = place.init()
    assert made["base_url"] == place.url
    assert len(made["users"]) == rows(place, "users")
    assert "reset_url" not in made
    if os.name == "posix":
        assert stat.S_IMODE((place.folder / "made.json").stat().st_mode) == 0o600


def test_nothing_that_it_hands_over_is_kept(place: Place) -> None:
    made = place.init()
    assert rows(place, "sandbox_facts") == 0
    told = place.run("serve", "--help").stdout + place.run("migrate").stdout
    for secret in (made["administrator"]["secret_access_key"], made["users"][0]["password"]):
        assert secret not in told


def test_without_a_seed_it_makes_one_administrator(place: Place) -> None:
    done = place.run("init", "--email", "kaho@example.com", "--user-name", "佳穂")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert [user["user_name"] for user in made["users"]] == ["佳穂"]
    assert len(made["accounts"]) == 1
    assert rows(place, "assignments") == 1


def test_without_seed_or_address_it_says_what_to_give(place: Place) -> None:
    assert "--seed FILE" in place.refusal("init")


def test_a_mistake_in_the_seed_changes_nothing(place: Place) -> None:
    seed = place.folder / "seed.yaml"
    seed.write_text("version: 1\norganisation: {}\n")
    done = place.run("init", "--seed", str(seed))
    assert done.returncode == 1
    assert "seed.yaml:2" in done.stderr
    assert not (place.folder / "store").exists()


def test_an_installation_is_not_made_twice(place: Place) -> None:
    place.init()
    before = rows(place, "audit_events")
    assert place.refusal("init", "--email", "a@example.com").endswith(
        "holds an installation already"
    )
    assert rows(place, "audit_events") == before


def test_an_output_that_exists_is_not_written_over(place: Place) -> None:
    output = place.folder / "precious"
    output.write_text("mine")
    line = place.refusal("init", "--email", "a@example.com", "--output", str(output))
    assert line == f"{output} exists already"
    assert output.read_text() == "mine"


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_made(
    place: Place,
) -> None:
    output = place.folder / "missing" / "made.json"
    line = place.refusal("init", "--email", "a@example.com", "--output", str(output))
    assert line == f"cannot write {output}: No such file or directory"
    assert not (place.folder / "store").exists()
    assert place.run("serve").stderr.rstrip().endswith("make one with `genkan init`")
    made = place.init()
    assert len(made["users"]) == rows(place, "users")


def cut_off(place: Place, script: str, says: str) -> Path:
    """What is named as output of a command that fails; it may be there or not."""
    output = place.folder / "made.json"
    done = place.run(
        "init", "--email", "a@example.com", "--output", str(output), script=SCRIPTS[script]
    )
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    return output


@pytest.mark.parametrize(
    ("script", "says"),
    [("FAILS", "the seed is refused"), ("INTERRUPTED", "Aborted!"), ("FULL", "No space left")],
)
def test_after_a_failure_no_output_is_left_and_it_can_be_called_again(
    place: Place, script: str, says: str
) -> None:
    assert not cut_off(place, script, says).exists()
    assert "holds no installation" in place.refusal("serve")
    assert len(place.init()["users"]) == rows(place, "users")


def test_what_the_terminal_did_not_take_was_not_made(place: Place) -> None:
    words = place.command("init", "--email", "a@example.com")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            words, stdout=full, stderr=subprocess.PIPE, env=bare_environment(), timeout=60
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert b"Traceback" not in done.stderr
    assert "holds no installation" in place.refusal("serve")


def test_without_anything_to_print_to_nothing_is_made(place: Place) -> None:
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", *place.command("init", "--email", "a@example.com")]
    done = subprocess.run(closed, stderr=subprocess.PIPE, env=bare_environment(), timeout=60)
    assert done.returncode == 1
    assert b"give --output" in done.stderr
    assert not (place.folder / "store").exists()
    assert "holds no installation" in place.refusal("serve")


def test_told_to_stop_it_leaves_no_output(place: Place) -> None:
    output = place.folder / "made.json"
    process = place.begin(
        "init", "--email", "a@example.com", "--output", str(output), script=SCRIPTS["TERMINATED"]
    )
    assert process.wait(60) == 128 + signal.SIGTERM
    assert "Traceback" not in place.log.read_text()
    assert not output.exists()
    assert len(place.init()["users"]) == rows(place, "users")


@pytest.mark.parametrize(("script", "says"), [("LATE", "Aborted!"), ("UNKNOWN", "keep what was")])
def test_what_opens_a_ready_installation_is_kept_whatever_comes_after(
    place: Place, script: str, says: str
) -> None:
    output = cut_off(place, script, says)
    with place.direct() as database:
        assert database.read(installation.state) == installation.READY
    assert json.loads(output.read_text())["users"][0]["password"]


@pytest.mark.parametrize("words", [("init", "--email", "a@example.com"), ("migrate",), ("serve",)])
def test_another_programs_database_is_refused(
    engine: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    place = new_place(engine, tmp_path)
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "genkan.sqlite").touch()
    with place.direct() as database:
        database.write(lambda rows: rows.run("CREATE TABLE schema_migrations (version TEXT)", ()))
        before = database.tables()
    assert place.refusal(*words).endswith("is another program's database")
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["genkan.sqlite"]
    with place.direct() as database:
        assert database.tables() == before


def test_cut_off_in_the_middle_it_can_be_called_again(place: Place) -> None:
    # Dies at the fifth commit of the seed: keys, schema and part of an organization are there.
    process = place.begin("init", "--seed", str(SAMPLE_FILE), script=DIES_AT_A_WRITE)
    assert process.wait(60) == -signal.SIGKILL
    with place.direct() as database:
        assert database.read(installation.state) == installation.BEGUN
    assert "holds no installation" in place.refusal("serve")
    made = place.init()
    assert len(made["users"]) == rows(place, "users")
    with place.direct() as database:
        assert database.read(installation.state) == installation.READY


def test_two_at_once_make_one(place: Place) -> None:
    processes = [place.begin("init", "--email", "a@example.com") for _ in range(2)]
    ends = sorted(process.wait(60) for process in processes)
    assert ends == [0, 1], place.log.read_text()
    assert rows(place, "users") == 1


AT_A_WRITE = """
import os, signal
from genkan.sandbox import seed_door
signal.signal(signal.SIGINT, signal.default_int_handler)  # what ran the tests may ignore it
done = 0
do = seed_door.Seeder.do
async def counted(self, *words, **params):
    global done
    done += 1
    if done == 5:
        {happens}
    return await do(self, *words, **params)
seed_door.Seeder.do = counted
"""
AFTER_THE_END = """
from genkan.commands import init
from genkan.db.failures import OutcomeUnknown
mark = init._mark_ready
def marked(place):
    mark(place)
    raise {raises}
init._mark_ready = marked
"""
DIES_AT_A_WRITE = AT_A_WRITE.format(happens="os.kill(os.getpid(), signal.SIGKILL)")
SCRIPTS = {
    "FAILS": AT_A_WRITE.format(happens="raise seed_door.SeedFailed('the seed is refused')"),
    "INTERRUPTED": AT_A_WRITE.format(happens="os.kill(os.getpid(), signal.SIGINT)"),
    "TERMINATED": AT_A_WRITE.format(
        happens="[os.kill(os.getpid(), signal.SIGTERM) for _ in range(2)]"
    ),
    "LATE": AFTER_THE_END.format(raises="KeyboardInterrupt"),
    "UNKNOWN": AFTER_THE_END.format(raises="OutcomeUnknown('the connection was lost')"),
    "FULL": """
import errno, os
def full(descriptor):
    raise OSError(errno.ENOSPC, "No space left on device")
os.fsync = full
""",
}


def test_a_database_of_something_else_is_left_alone(place: Place, engine: str) -> None:
    if engine == "sqlite":
        (place.folder / "store").mkdir()
        (place.folder / "store" / "genkan.sqlite").write_bytes(b"Not a database. " * 100)
        before = (place.folder / "store" / "genkan.sqlite").read_bytes()
        assert "cannot be used" in place.refusal("init", "--email", "a@example.com")
        assert (place.folder / "store" / "genkan.sqlite").read_bytes() == before
    else:
        place.init()
        with place.direct() as database:
            database.write(lambda rows: rows.run("DELETE FROM installation", ()))
        assert "holds something else" in place.refusal("init", "--email", "a@example.com")


def test_a_sandboxs_directory_is_no_place(tmp_path: Path) -> None:
    place = new_place(engines.SQLITE, tmp_path)
    (place.folder / "store").mkdir()
    (place.folder / "store" / "sandbox.json").write_text("{}")
    for words in (("init", "--email", "a@example.com"), ("serve",), ("migrate",)):
        assert "is a sandbox's data directory" in place.refusal(*words)


def test_nor_is_a_link_into_it(tmp_path: Path) -> None:
    place = new_place(engines.SQLITE, tmp_path)
    (place.folder / "store").mkdir()
    (place.folder / "store" / "sandbox.json").write_text("{}")
    (place.folder / "store" / "genkan.sqlite").touch()
    (place.folder / "link.sqlite").symlink_to(place.folder / "store" / "genkan.sqlite")
    place.write_settings(database=f"sqlite:{place.folder / 'link.sqlite'}")
    assert "is a sandbox's data directory" in place.refusal("serve")
