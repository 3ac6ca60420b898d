"""A data set is one that the product could have made: it starts on it and its answers are right."""

import sqlite3
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from benchmarks import dataset, stores
from benchmarks.catalogue import ISSUERS
from benchmarks.dataset import PASSWORD, PERSON_ACCOUNTS, Scale, user_name
from genkan.sandbox.sample import SAMPLE_FILE
from tests.support.engines import new_postgres_database
from tests.support.person import Person, device_token
from tests.support.server import ANSWER_SECONDS, Server

TINY = Scale(
    users=100,
    groups=20,
    accounts=25,
    permission_sets=12,
    assignments=1_000,
    roles_of_an_account=4,
    everywhere=2,
)
_COUNTS = ("users", "groups", "accounts", "permission_sets", "assignments")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`genkan up` on the sample organization brought to a thousandth of the large data set."""
    directory = tmp_path_factory.mktemp("filled") / "data"
    Server(directory).start().stop()
    stores.fill_sqlite(directory, TINY)
    server = Server(directory).start()
    yield server
    server.stop()


@pytest.fixture
def rows(filled: Server) -> Iterator[sqlite3.Connection]:
    raw = sqlite3.connect(filled.data_dir / "genkan.sqlite")
    yield raw
    raw.close()


@pytest.fixture(scope="module")
def token(filled: Server) -> str:
    """An access token of the benchmark person."""
    found: str = device_token(filled, "hanako")["accessToken"]
    return found


def _portal(server: Server, token: str, path: str, **query: str | int) -> dict[str, list[dict]]:
    headers = {"x-amz-sso_bearer_token": token}
    answer = httpx.get(
        f"{server.url}{path}", params=query, headers=headers, timeout=ANSWER_SECONDS
    ).raise_for_status()
    found: dict[str, list[dict]] = answer.json()
    return found


def test_there_is_as_much_as_the_scale_says(rows: sqlite3.Connection) -> None:
    for name in _COUNTS:
        (count,) = rows.execute(f"SELECT COUNT(*) FROM {name}").fetchone()
        assert count == getattr(TINY, name), name
    assert rows.execute("SELECT user_count, group_count FROM identity_stores").fetchone() == (
        TINY.users,
        TINY.groups,
    )


def test_every_reference_holds(rows: sqlite3.Connection) -> None:
    assert rows.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    "broken",
    [
        # An assignment whose permission set has no role in the account.
        "SELECT 1 FROM assignments a LEFT JOIN provisioned_permission_sets p"
        " ON p.account_id = a.account_id AND p.permission_set_id = a.permission_set_id"
        " WHERE p.role_arn IS NULL",
        # A role that is recorded and does not stand there.
        "SELECT 1 FROM provisioned_permission_sets p LEFT JOIN iam_roles r"
        " ON r.account_id = p.account_id AND r.role_name = p.role_name WHERE r.role_id IS NULL",
        # A role without the policies of its permission set.
        "SELECT 1 FROM provisioned_permission_sets p JOIN permission_set_managed_policies m"
        " ON m.permission_set_id = p.permission_set_id LEFT JOIN iam_role_attachments a"
        " ON a.account_id = p.account_id AND a.role_name = p.role_name"
        " AND a.policy_arn = m.policy_arn WHERE a.role_name IS NULL",
        # A role whose provider does not stand in its account.
        "SELECT 1 FROM provisioned_permission_sets p LEFT JOIN iam_saml_providers s"
        " ON s.account_id = p.account_id AND s.name = p.saml_provider_name WHERE s.uuid IS NULL",
        # An assignment to nobody.
        "SELECT 1 FROM assignments a LEFT JOIN users u ON u.id = a.principal_id"
        " LEFT JOIN groups g ON g.id = a.principal_id"
        " WHERE (a.principal_type = 'USER' AND u.id IS NULL)"
        " OR (a.principal_type = 'GROUP' AND g.id IS NULL)",
        # An application's principal who is nobody, or a part or an assignment of no application.
        "SELECT 1 FROM application_assignments a LEFT JOIN users u ON u.id = a.principal_id"
        " LEFT JOIN groups g ON g.id = a.principal_id"
        " WHERE (a.principal_type = 'USER' AND u.id IS NULL)"
        " OR (a.principal_type = 'GROUP' AND g.id IS NULL)",
        "SELECT 1 FROM application_assignments WHERE application_id NOT IN"
        " (SELECT application_id FROM applications)",
        "SELECT 1 FROM application_parts WHERE application_id NOT IN"
        " (SELECT application_id FROM applications)",
        # A request about what is not there, or one that would still run.
        "SELECT 1 FROM assignment_requests WHERE status NOT IN ('SUCCEEDED', 'FAILED')"
        " OR account_id NOT IN (SELECT id FROM accounts)"
        " OR permission_set_id NOT IN (SELECT permission_set_id FROM permission_sets)",
        # A user or group that is listed otherwise than it is.
        "SELECT 1 FROM users WHERE listed_revision <> revision OR listed = ''",
        "SELECT 1 FROM groups WHERE listed_revision <> revision OR listed = ''",
        # A user without a password, or in other than five groups.
        "SELECT 1 FROM users u LEFT JOIN passwords p ON p.user_id = u.id WHERE p.state IS NULL",
        "SELECT 1 FROM group_memberships WHERE user_id IN"
        " (SELECT id FROM users WHERE user_name LIKE 'user%')"
        " GROUP BY user_id HAVING COUNT(*) <> 5",
    ],
)
def test_nothing_is_missing_between_the_tables(rows: sqlite3.Connection, broken: str) -> None:
    assert rows.execute(broken).fetchall() == []


def test_a_made_user_and_group_are_listed_as_they_are_described(filled: Server) -> None:
    client = filled.client("identitystore")
    store = {"IdentityStoreId": filled.facts["identity_store_id"]}
    for user in client.list_users(**store, MaxResults=20)["Users"]:
        described = client.describe_user(**store, UserId=user["UserId"])
        del described["ResponseMetadata"]
        assert described == user
    for group in client.list_groups(**store)["Groups"]:
        described = client.describe_group(**store, GroupId=group["GroupId"])
        del described["ResponseMetadata"]
        assert described == group


def test_applications_and_issuers_are_what_their_slice_reads(filled: Server) -> None:
    client = filled.client("sso-admin")
    here = {"InstanceArn": filled.facts["instance_arn"]}
    made = [
        one
        for page in client.get_paginator("list_applications").paginate(**here)
        for one in page["Applications"]
        if one["Name"].startswith("Application ")
    ]
    assert len(made) == TINY.applications
    arn = {"ApplicationArn": made[0]["ApplicationArn"]}
    assert len(client.list_application_grants(**arn)["Grants"]) == 4
    assert client.list_application_authentication_methods(**arn)["AuthenticationMethods"]
    assert client.get_application_access_scope(
        **arn, Scope=client.list_application_access_scopes(**arn)["Scopes"][0]["Scope"]
    )["AuthorizedTargets"]
    assert len(client.list_trusted_token_issuers(**here)["TrustedTokenIssuers"]) >= ISSUERS
    tags = client.list_tags_for_resource(**here, ResourceArn=made[0]["ApplicationArn"])["Tags"]
    assert [tag["Key"] for tag in tags] == ["cost-center", "owner", "service"]


def test_every_role_is_up_to_date_in_the_products_eyes(filled: Server) -> None:
    client = filled.client("sso-admin")
    instance = filled.facts["instance_arn"]
    for account in filled.facts["accounts"][:30]:
        stale = client.list_permission_sets_provisioned_to_account(
            InstanceArn=instance,
            AccountId=account["id"],
            ProvisioningStatus="LATEST_PERMISSION_SET_NOT_PROVISIONED",
        )
        assert stale["PermissionSets"] == []


def test_the_benchmark_person_has_twenty_accounts_and_a_session_in_each(
    filled: Server, token: str
) -> None:
    accounts = _portal(filled, token, "/assignment/accounts", max_result=100)["accountList"]
    assert len(accounts) == PERSON_ACCOUNTS
    for account in accounts:
        here = {"account_id": account["accountId"]}
        for role in _portal(filled, token, "/assignment/roles", **here)["roleList"]:
            given = _portal(
                filled, token, "/federation/credentials", **here, role_name=role["roleName"]
            )["roleCredentials"]
            assert given["secretAccessKey"]
    identity = filled.client(
        "sts",
        {
            "access_key_id": given["accessKeyId"],
            "secret_access_key": given["secretAccessKey"],
            "session_token": given["sessionToken"],
        },
    ).get_caller_identity()
    assert identity["Account"] == account["accountId"]


def test_the_benchmark_person_opens_an_account_that_the_data_set_made(filled: Server) -> None:
    visitor = Person(filled, "hanako")
    portal = visitor.sign_in()
    made = next(
        account["id"]
        for account in filled.facts["accounts"]
        if account["name"].startswith("Team ") and account["id"] in portal.text
    )
    posting = visitor.post_form(portal, "/console", account_id=made, role_name="Access0000")
    opened = visitor.post_form(posting, "/saml/console")
    assert opened.status_code == 303
    assert made in visitor.http.get(opened.headers["location"]).text


def test_a_user_of_the_data_set_signs_in_and_sees_what_the_rows_say(
    filled: Server, rows: sqlite3.Connection
) -> None:
    portal = Person(filled, user_name(7), PASSWORD).sign_in()
    assigned = rows.execute(
        "SELECT DISTINCT a.account_id FROM assignments a JOIN users u ON u.user_name = ?"
        " WHERE a.principal_id = u.id OR a.principal_id IN"
        " (SELECT group_id FROM group_memberships WHERE user_id = u.id)",
        (user_name(7),),
    ).fetchall()
    assert assigned
    assert all(account in portal.text for (account,) in assigned)


def test_the_same_store_and_scale_give_the_same_rows(tmp_path: Path) -> None:
    base = tmp_path / "base"
    Server(base).start().stop()
    written = []
    for name in ("one", "two"):
        copy = tmp_path / name
        copy.mkdir()
        (copy / "genkan.sqlite").write_bytes((base / "genkan.sqlite").read_bytes())
        stores.fill_sqlite(copy, TINY)
        raw = sqlite3.connect(copy / "genkan.sqlite")
        written.append(
            [
                raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4").fetchall()
                for table in ("users", "group_memberships", "assignments", "iam_roles")
            ]
        )
        raw.close()
    assert written[0] == written[1]


def test_a_store_is_filled_on_postgresql_too(tmp_path: Path) -> None:
    dsn = new_postgres_database(migrated=False)
    (tmp_path / "key").write_text(b64encode(bytes(range(32))).decode())
    settings = tmp_path / "genkan.toml"
    settings.write_text(
        'base_url = "http://localhost:8420"\n'
        f'database = "{_url(dsn)}"\nkey_file = "{tmp_path / "key"}"\n'
    )
    for file in (settings, tmp_path / "key"):
        file.chmod(0o600)
    options = ["--settings", str(settings), "--seed", str(SAMPLE_FILE)]
    subprocess.run(
        [sys.executable, "-m", "genkan.cli", "init", *options], check=True, capture_output=True
    )
    stores.fill_postgres(dsn, TINY)
    with psycopg.connect(dsn) as raw:
        for name in _COUNTS:
            found = raw.execute(f"SELECT COUNT(*) FROM {name}".encode()).fetchone()
            assert found == (getattr(TINY, name),), name


def _url(dsn: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    return (
        f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    )


def test_the_two_scales_are_those_of_the_page() -> None:
    large = dataset.LARGE
    assert (large.users, large.groups, large.accounts) == (100_000, 10_000, 5_000)
    assert (large.permission_sets, large.assignments) == (3_000, 1_000_000)
