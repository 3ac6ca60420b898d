"""Read a secret from the database, a backup, a log or an error.

One run does everything that this release does, well and badly, at the most talkative log level.
Every secret that was given, sent or made is then searched for: in each file of the data directory
(the write-ahead log and the seed's copy are files of it), in each file and row of the database on
PostgreSQL, in the log, in every error answer.
"""

import base64
import contextlib
import json
import re
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote_plus

import httpx
import pytest

from genkan.db.database import Connection
from genkan.db.direct import DirectDatabase
from genkan.db.place import SqlitePlace
from genkan.keys.ring import open_vault, unwrapped
from genkan.keys.store import all_keys
from tests.security.attacker import (
    DEVICE_GRANT,
    HTTP,
    ask_by_pkce,
    assume,
    authorization_code,
    cookie_of,
    create_token,
    credentials_in,
    csrf_of,
    person,
    post,
    registered,
    role_pair,
    saml_response,
    with_token,
)
from tests.support.keys import vault_of
from tests.support.person import Person
from tests.support.server import Server
from tests.support.wire_engines import new_server

NOT_SECRET = {"sandbox.json", "key"}
"""The two files that hold secrets by purpose; only their owner may read them."""


@dataclass(slots=True, repr=False)
class Run:
    """What was done: the stopped server, the secrets by what they are, and the error answers."""

    server: Server
    secrets: dict[str, str] = field(default_factory=dict)
    errors: list[tuple[str, str]] = field(default_factory=list)
    log: str = ""

    def keep(self, **secrets: str) -> None:
        for name, value in secrets.items():
            assert len(value) >= 8, name
            self.secrets[name.replace("_", " ")] = value

    def error(self, what: str, answer: httpx.Response) -> None:
        assert answer.status_code >= 400, (what, answer.status_code)
        self.errors.append((what, f"{answer.headers}{answer.text}"))


def sign_in_badly(run: Run) -> None:
    someone = Person(run.server, "maria", "Wrong-password-17")
    page = someone.http.get("/start")
    page = someone.post_form(page, "/signin", user_name="maria", action="continue")
    run.keep(wrong_password=someone.password, attempt=cookie_of(someone, "genkan_attempt"))
    run.keep(attempts_csrf_token=csrf_of(page))
    answer = someone.post_form(page, "/signin", password=someone.password, action="continue")
    run.error("wrong password", answer)
    # A password in the place of a user name happens to everybody once.
    typed = run.server.user("ken")["password"]
    page = someone.post_form(page, "/signin", user_name=typed, action="restart")
    run.error(
        "form of another session",
        someone.http.post("/signin", data={"csrf_token": "x", "password": typed, "x": typed}),
    )


def log_in_by_pkce(run: Run, browser: Person) -> None:
    asked = ask_by_pkce(run.server)
    code = authorization_code(browser, asked)
    run.keep(authorization_code=code, code_verifier=asked.verifier)
    run.keep(client_secret=asked.client["clientSecret"])
    given = create_token(run.server, **asked.redemption(code)).json()
    run.keep(access_token=given["accessToken"], refresh_token=given["refreshToken"])
    refresh = {**asked.client, "grantType": "refresh_token", "refreshToken": given["refreshToken"]}
    second = create_token(run.server, **refresh).json()
    run.keep(second_access_token=second["accessToken"], second_refresh=second["refreshToken"])
    run.error("a code again", create_token(run.server, **asked.redemption(code)))
    run.error("a refresh token of a dead grant", create_token(run.server, **refresh))
    run.error("a secret twice", create_token(run.server, **{**refresh, "clientId": "x"}))
    with_both = create_token(run.server, **refresh, code=code, deviceCode=given["accessToken"])
    run.error("too many members", with_both)


def log_in_by_device(run: Run, browser: Person) -> str:
    client = registered(run.server, grantTypes=[DEVICE_GRANT, "refresh_token"])
    start = {**client, "startUrl": run.server.facts["start_url"]}
    started = HTTP.post(f"{run.server.url}/device_authorization", json=start).json()
    run.keep(device_code=started["deviceCode"], user_code=started["userCode"])
    run.keep(user_code_as_typed=started["userCode"].replace("-", ""))
    body = {**client, "grantType": DEVICE_GRANT, "deviceCode": started["deviceCode"]}
    run.error("pending", create_token(run.server, **body))
    browser.approve_device(started["userCode"]).raise_for_status()
    given = create_token(run.server, **body).json()
    run.keep(device_access_token=given["accessToken"], device_refresh=given["refreshToken"])
    run.error("a device code again", create_token(run.server, **body))
    token: str = given["accessToken"]
    return token


def take_credentials(run: Run, token: str, browser: Person) -> None:
    named = {"account_id": run.server.account("sakura-playground"), "role_name": "ReadOnlyAccess"}
    given = with_token(run.server, "/federation/credentials", token, **named).json()
    keys = given["roleCredentials"]
    run.keep(role_secret=keys["secretAccessKey"], role_token=keys["sessionToken"])
    run.error(
        "no such role", with_token(run.server, "/federation/credentials", token, role_name="x")
    )
    run.error("a changed token", with_token(run.server, "/assignment/accounts", token + "x"))
    page = post(browser, "/access-keys", **named)
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        found = re.search(rf'{name}=(?:<[^>]+>|&#34;|")*([A-Za-z0-9+/=_-]{{30,}})', page.text)
        assert found, name
        run.keep(**{f"page's {name}": found[1]})


def open_an_account(run: Run, browser: Person) -> None:
    response = saml_response(browser, "sakura-playground", "ReadOnlyAccess")
    run.keep(saml_response=response, saml_response_in_a_form=quote_plus(response))
    document = base64.b64decode(response).decode()
    for name in ("SignatureValue", "DigestValue"):
        found = re.search(f"{name}>([^<]+)<", document)
        assert found
        run.keep(**{name: found[1].split("\n")[0]})
    keys = credentials_in(assume(run.server, response))
    run.keep(saml_secret=keys["secret_access_key"], saml_token=keys["session_token"])
    run.error("a response again", assume(run.server, response))
    run.error("half a response", assume(run.server, response[:-400], role_pair(response)))
    again = browser.http.post("/saml/console", data={"SAMLResponse": response})
    run.error("a response again in the browser", again)
    fresh = saml_response(browser, "sakura-playground", "ReadOnlyAccess")
    browser.http.post("/saml/console", data={"SAMLResponse": fresh})
    run.keep(console_cookie=cookie_of(browser, "genkan_console"))
    chained = run.server.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{run.server.account('sakura-playground')}"
        ":role/OrganizationAccountAccessRole",
        RoleSessionName="chained",
    )["Credentials"]
    run.keep(chained_secret=chained["SecretAccessKey"], chained_token=chained["SessionToken"])
    wrong = {**keys, "session_token": chained["SessionToken"]}
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        run.server.client("sts", wrong).get_caller_identity()


def break_things(run: Run, browser: Person) -> None:
    """Secrets where they do not belong, since that is where carelessness would repeat them."""
    secret = run.secrets["access token"]
    url = run.server.url
    for path in (f"/sandbox/reset/{secret}", f"/sandbox/%72eset/{secret}"):
        for method in ("GET", "POST", "PUT"):
            run.error(f"{method} of a path", HTTP.request(method, f"{url}{path}"))
    run.error("a secret in a query", HTTP.get(f"{url}/nowhere?{secret}"))
    reset = run.server.facts.get("reset_url", f"{url}/sandbox/reset/{secret}")
    run.error("GET of the reset URL", HTTP.get(reset))
    run.error("a longer reset URL", HTTP.post(f"{reset}x"))
    for body in (
        b"\xff\xfe",
        b"{" + secret.encode(),
        b'{"clientSecret":["' + secret.encode() + b'"]}',
    ):
        headers = {"content-type": "application/json"}
        run.error("a bad body", HTTP.post(f"{url}/token", content=body, headers=headers))
        headers = {"content-type": "application/x-www-form-urlencoded"}
        run.error("a bad form", browser.http.post("/console", content=body, headers=headers))
    administrator = run.server.facts["administrator"]
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential="
        f"{administrator['secret_access_key']}/20260101/us-east-1/sts/aws4_request,"
        " SignedHeaders=host, Signature=x",
        "x-amz-date": "20260101T000000Z",
    }
    form = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    run.error("a secret as key id", HTTP.post(f"{url}/", data=form, headers=headers))
    form = {"Action": secret, "Version": run.secrets["refresh token"]}
    assert HTTP.post(f"{url}/", data=form).status_code == 400


def everything(run: Run) -> None:
    """The whole of what this release does."""
    facts = run.server.facts
    run.keep(administrators_secret=facts["administrator"]["secret_access_key"])
    if "reset_url" in facts:
        run.keep(reset_secret=facts["reset_url"].rpartition("/")[2])
    for user in facts["users"]:
        run.keep(**{f"password of {user['user_name']}": user["password"]})
    browser = person(run.server, "ken")
    run.keep(session_cookie=cookie_of(browser, "genkan_session"))
    run.keep(browser_cookie=cookie_of(browser, "genkan_browser"))
    run.keep(csrf_token=csrf_of(browser.http.get("/start")))
    sign_in_badly(run)
    log_in_by_pkce(run, browser)
    token = log_in_by_device(run, browser)
    take_credentials(run, token, browser)
    open_an_account(run, browser)
    break_things(run, browser)
    with pytest.raises(Exception, match="ValidationException"):
        run.server.client("sso-admin").create_permission_set(
            InstanceArn=facts["instance_arn"], Name=run.secrets["access token"] + "!"
        )


@pytest.fixture(scope="module")
def run(wire_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Everything, done once at the most talkative level; the server is killed with it fresh."""
    data_dir = tmp_path_factory.mktemp("secrets") / "data"
    data_dir.mkdir(mode=0o755)
    environment = {"GENKAN_LOG_LEVEL": "debug"}
    server = new_server(wire_engine, data_dir, environment=environment).start()
    server.reset()
    made = Run(server)
    everything(made)
    # Killed, not stopped: what is only in the write-ahead log stays there.
    server.stop(kill=True)
    made.log = _without_banner(server.log()) if wire_engine == "sqlite" else server.log()
    return made


def _without_banner(log: str) -> str:
    """The banner tells a person the passwords; it goes to standard output, once."""
    start, end = log.index("  Genkan "), log.index("starting again keeps everything.")
    return log[:start] + log[end:]


@contextlib.contextmanager
def store_of(server: Server) -> Iterator[DirectDatabase]:
    """The store, or a copy: opening SQLite's own would tidy up what the kill has left."""
    place = server.place
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(place, SqlitePlace):
            copy = shutil.copytree(place.path.parent, Path(folder) / "data")
            place = SqlitePlace(copy / place.path.name)
        with contextlib.closing(place.direct()) as database:
            yield database


def keys_of(server: Server) -> list[bytes]:
    """The key-encryption key and every key that it wraps."""
    with store_of(server) as database:
        wrapped = database.read(all_keys)
    return [server.kek.key, *(unwrapped(key, server.kek) for key in wrapped)]


def signing_key_of(server: Server) -> bytes:
    """The identity provider's private key, opened as the server does."""

    def opened(rows: Connection) -> bytes:
        row = rows.one("SELECT key_id, private_key_sealed FROM signing_keys", ())
        assert row is not None
        vault = open_vault(rows, server.kek).within(rows)
        return vault.open(row[1], f"signing_keys.private_key:{row[0]}")

    with store_of(server) as database:
        return database.read(opened)


@pytest.fixture(scope="module")
def held(run: Run) -> dict[str, bytes]:
    """Everything that is kept, by file; and each row as text, since files may be compressed."""
    found = {path.name: path.read_bytes() for path in run.server.files()}
    with store_of(run.server) as database:
        tables = [name for name in database.tables() if not name.startswith("sqlite_")]
        rows = database.read(
            lambda rows: [rows.all(f"SELECT * FROM {name}", ()) for name in tables]
        )
    return {**found, "rows": repr(rows).encode()}


def test_there_is_much_to_find(run: Run, held: dict[str, bytes]) -> None:
    """A search that finds nothing proves nothing unless it could have found something."""
    assert len(run.secrets) >= 35
    assert len(set(run.secrets.values())) == len(run.secrets)
    assert len(run.errors) > 25
    assert run.log.count("\n") > 50
    assert "GET /start" in run.log
    hanako = run.server.user("hanako")["user_id"].encode()
    assert hanako in held["rows"]
    assert any(hanako in kept for name, kept in held.items() if name not in {*NOT_SECRET, "rows"})


@pytest.mark.sandbox_only("SQLite's own files")
def test_what_is_not_yet_in_the_database_is_in_the_write_ahead_log(run: Run) -> None:
    names = {path.name for path in run.server.files()}
    assert {"genkan.sqlite", "genkan.sqlite-wal", "seed.sqlite"} <= names
    assert (run.server.data_dir / "genkan.sqlite-wal").stat().st_size > 100_000
    facts = (run.server.data_dir / "sandbox.json").read_text()
    assert run.secrets["administrators secret"] in json.dumps(json.loads(facts))


def test_no_file_and_no_row_holds_a_secret(run: Run, held: dict[str, bytes]) -> None:
    for name, kept in held.items():
        if name not in NOT_SECRET:
            assert [what for what, one in run.secrets.items() if one.encode() in kept] == [], name


def test_the_keys_themselves_are_in_no_file_but_their_own(run: Run, held: dict[str, bytes]) -> None:
    keys = keys_of(run.server)
    assert len(keys) == 3
    private = signing_key_of(run.server)
    lines = [line for line in private.splitlines() if len(line) > 60]
    assert lines
    for name, kept in held.items():
        assert name != "key" or base64.b64decode(kept) == keys[0]
        for key in keys[1:] if name == "key" else keys:
            assert key not in kept
            for form in (
                key.hex(),
                base64.b64encode(key).decode(),
                base64.urlsafe_b64encode(key).decode(),
            ):
                assert form.encode() not in kept
        assert b"PRIVATE KEY" not in kept
        assert not any(line in kept for line in lines)


def test_no_line_of_the_log_holds_a_secret(run: Run) -> None:
    found = [what for what, secret in run.secrets.items() if secret in run.log]
    assert found == []


def test_no_error_answer_holds_a_secret(run: Run) -> None:
    for what, text in run.errors:
        found = [name for name, secret in run.secrets.items() if secret in text]
        # What a person has just typed is shown again to that person, and their page's own token.
        assert set(found) <= {"attempts csrf token", "attempt"}, what


def test_no_error_answer_tells_how_the_server_is_built(run: Run) -> None:
    for what, text in run.errors:
        for telling in ("Traceback", ".py", "sqlite", "SELECT ", "uvicorn", "starlette"):
            assert telling not in text, (what, telling)


def test_the_log_holds_no_traceback(run: Run) -> None:
    assert "Traceback" not in run.log


@pytest.mark.sandbox_only("an installation's files are whoever's who wrote them")
def test_only_the_owner_may_read_the_files(run: Run) -> None:
    """In a directory that everybody may look into, as people make them."""
    directory = run.server.data_dir
    assert stat.S_IMODE(directory.stat().st_mode) == 0o755
    for path in directory.iterdir():
        if path.name.startswith("lock.sqlite"):  # Holds nothing: its lock is what counts.
            continue
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


@pytest.mark.sandbox_only("SQLite's own files")
def test_passwords_are_kept_as_argon2id_of_the_documented_cost(run: Run) -> None:
    for name in ("genkan.sqlite", "seed.sqlite"):
        raw = sqlite3.connect(f"file:{run.server.data_dir / name}?mode=ro", uri=True)
        hashes = [row[0] for row in raw.execute("SELECT password_hash FROM passwords")]
        raw.close()
        assert len(hashes) == len(run.server.facts["users"])
        assert all(text.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for text in hashes)


@pytest.mark.sandbox_only("only a sandbox keeps what it tells")
def test_a_sealed_value_opens_in_its_own_row_only(run: Run) -> None:
    """Who can write to the database cannot put one secret in another's place."""
    raw = sqlite3.connect(f"file:{run.server.data_dir / 'genkan.sqlite'}?mode=ro", uri=True)
    facts = dict(raw.execute("SELECT name, sealed FROM sandbox_facts"))
    raw.close()
    vault = vault_of(run.server.data_dir)
    assert vault.open(facts["reset_secret"], "sandbox_facts.sealed:reset_secret")
    for other in ("passwords", "administrator", "reset_secret2"):
        with pytest.raises(Exception, match="sandbox_facts"):
            vault.open(facts["reset_secret"], f"sandbox_facts.sealed:{other}")
