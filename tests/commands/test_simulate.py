"""`genkan simulate` as a person and as a program ask it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.place import bare_environment, client, new_place, wait_until_answers
from tests.support.engines import SQLITE

ROLE = "arn:aws:iam::111122223333:role/reader"
USER = "arn:aws:iam::111122223333:user/maria"
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


def run(*words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "genkan.cli", "simulate", *words],
        input=stdin,
        capture_output=True,
        text=True,
        env=bare_environment(),
        timeout=60,
    )


@pytest.fixture
def allow(tmp_path: Path) -> Path:
    file = tmp_path / "allow.json"
    file.write_text(ALLOW)
    return file


def test_the_exit_code_is_the_decision(allow: Path) -> None:
    asked = ("--principal", USER, "--policy", str(allow), "--action")
    done = run(*asked, "s3:GetObject")
    assert done.returncode == 0
    assert "is allowed by statement 0" in done.stdout
    done = run(*asked, "ec2:RunInstances", "--explain")
    assert done.returncode == 1
    assert "does not apply: Action" in done.stdout


def test_a_malformed_policy_is_no_decision(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text("{")
    done = run("--principal", USER, "--policy", str(file), "--action", "s3:GetObject")
    assert done.returncode == 2
    assert "invalid Json" in done.stderr


ASKED = ("--principal", USER, "--action", "s3:GetObject")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--principal", USER), "say at least --action"),
        (("--action", "s3:GetObject"), "--principal or --role"),
        (("--role", USER, "--action", "s3:GetObject"), "is no ARN of a role"),
        ((*ASKED, "--policy", "{folder}/missing.json"), "No such file or directory"),
        ((*ASKED, "--boundary", "{folder}/latin.json"), "is not UTF-8"),
        ((*ASKED, "--scp", "{folder}"), "is a directory"),
        ((*ASKED, "--context", "aws:PrincipalTag/team"), "is not KEY=VALUE"),
        ((*ASKED, "--managed-policy", "arn:aws:iam::aws:policy/Nothing"), "Nothing"),
        ((*ASKED, "--settings", "{folder}/missing.toml"), "missing.toml"),
        (
            ("--role", ROLE, "--action", "a:b", "--data-dir", "{folder}"),
            "holds no organization",
        ),
        ((*ASKED, "--polisy", "x"), "No such option"),
    ],
)
def test_a_question_that_makes_no_sense_is_no_denial(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    (tmp_path / "latin.json").write_bytes(b'{"Sid": "caf\xe9"}')
    done = run(*(word.format(folder=tmp_path) for word in words))
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_bug_is_no_denial() -> None:
    broken = (
        "import genkan.authorization.simulation as simulation\n"
        "simulation.answer_line = None\n"
        "from genkan.cli import main\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken, "simulate", *ASKED],
        capture_output=True,
        text=True,
        env=bare_environment(),
        timeout=60,
    )
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_lines_are_answered_one_by_one_and_in_order() -> None:
    question = {"principal": {"arn": USER}, "policies": {"identity": [json.loads(ALLOW)]}}
    lines = [json.dumps({"id": n, "action": "s3:GetObject", **question}) for n in range(5)]
    lines[2] = "nonsense"
    done = run("--json-lines", stdin="\n".join(lines) + "\n\n")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("id") for answer in answers] == [0, 1, None, 3, 4]
    assert answers[2]["error"]["code"] == "InvalidJson"
    assert all(answer["allowed"] for answer in answers if "id" in answer)


def test_an_answer_comes_before_the_next_question() -> None:
    command = [sys.executable, "-m", "genkan.cli", "simulate", "--json-lines"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=bare_environment()
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(
                json.dumps({"principal": {"arn": USER}, "action": "s3:GetObject"}) + "\n"
            )
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["allowed"] is False
        process.stdin.close()


def test_a_line_without_an_end_is_refused_and_the_next_is_answered() -> None:
    question = json.dumps({"principal": {"arn": USER}, "action": "s3:GetObject"})
    done = run("--json-lines", stdin="x" * 5_000_000 + "\n" + question + "\n")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert first["error"]["message"] == "This line is too long"
    assert second["allowed"] is False


def test_a_role_of_the_organization_brings_its_own_policies(tmp_path: Path) -> None:
    place = new_place(SQLITE, tmp_path)
    place.init()
    with place.direct() as database:
        rows = database.read(
            lambda rows: rows.all("SELECT account_id, path, role_name FROM iam_roles LIMIT 50", ())
        )
    account, path, name = next(row for row in rows if "_ReadOnlyAccess_" in row[2])
    role = f"arn:aws:iam::{account}:role{path}{name}"
    told = ("simulate", "--role", role, "--action")
    assert place.run(*told, "s3:GetObject").returncode == 0
    assert place.run(*told, "s3:PutObject").returncode == 1
    done = place.run("simulate", "--role", f"{role}x", "--action", "a:b")
    assert done.returncode == 2
    assert done.stderr == f"Error: there is no role {role}x\n"


def test_service_control_policies_over_the_account_limit_its_roles(tmp_path: Path) -> None:
    place = new_place(SQLITE, tmp_path)
    made = place.init()
    process = place.begin("serve")
    try:
        wait_until_answers(place.port, process, host=f"localhost:{place.port}")
        organizations = client(place, made, "organizations")
        root = organizations.list_roots()["Roots"][0]["Id"]
        organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        denied = json.loads(ALLOW)
        denied["Statement"][0]["Effect"] = "Deny"
        policy = organizations.create_policy(
            Name="NoS3", Description="", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(denied)
        )["Policy"]["PolicySummary"]["Id"]
        organizations.attach_policy(PolicyId=policy, TargetId=root)
    finally:
        process.terminate()
        process.wait(60)
    with place.direct() as database:
        rows = database.read(
            lambda rows: rows.all("SELECT account_id, path, role_name FROM iam_roles LIMIT 50", ())
        )
    limited = {}
    for account, path, name in rows:
        if "_AdministratorAccess_" in name:
            role = f"arn:aws:iam::{account}:role{path}{name}"
            done = place.run("simulate", "--role", role, "--action", "s3:GetObject")
            limited[account] = "NoS3" in done.stdout
    management = made["management_account_id"]
    assert len(limited) > 1
    assert limited == {account: account != management for account in limited}
