"""A stolen backup holds no usable secret, not even for somebody who could open its pieces.

`tests.security.test_secrets` does all that this release does and keeps every secret of it; here
the backup of that run is opened with its key, unpacked, and searched for each of them.
"""

import base64
import contextlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from genkan.backup import envelope
from genkan.backup.contents import COPY, STORE
from genkan.backup.reading import opened
from genkan.backup.writing import write_backup
from genkan.db.direct import DirectSqlite
from tests.security.test_secrets import Run, run, signing_key_of
from tests.support.keys import keys_of

__all__ = ["run"]

MINIMUM_BYTES = 6
"""Of base64, a secret's middle is searched for: its ends depend on what stands beside it."""


@pytest.fixture(scope="module")
def file(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The backup of the run's directory, its copy for a reset included."""
    path = tmp_path_factory.mktemp("backup") / "file"
    seed = run.server.data_dir / "seed.sqlite"
    with contextlib.ExitStack() as open_files:
        store = open_files.enter_context(closing(run.server.place.direct()))
        copy = None
        if seed.exists():
            copy = open_files.enter_context(closing(DirectSqlite(seed)))
        write_backup(store, path, run.server.kek, now=1, copy=copy)
    return path


@pytest.fixture(scope="module")
def unpacked(run: Run, file: Path) -> bytes:
    """Every byte of it, opened and decompressed, header included."""
    with opened(file) as backup:
        backup.unlock(run.server.kek)
        assert backup.verify()[STORE]["role_sessions"] > 2
        has_copy = backup.header.part(COPY) is not None
        assert has_copy == (run.server.data_dir / "seed.sqlite").exists()
        return b"\n".join((backup._raw, *_payloads(backup)))


def _payloads(backup: object) -> Iterator[bytes]:
    envelope.position_after_header(backup._file, backup._raw)  # type: ignore[attr-defined]
    for payload, _ in envelope.pieces(
        backup._file,  # type: ignore[attr-defined]
        backup._digest,  # type: ignore[attr-defined]
        backup._cipher,  # type: ignore[attr-defined]
        Path("the backup"),
    ):
        yield payload


def forms_of(secret: bytes) -> Iterator[bytes]:
    """As it is, in hexadecimal, and in base64 wherever in a longer text it may begin."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            whole = secret[shift:]
            middle = whole[: len(whole) // 3 * 3]
            assert len(middle) >= MINIMUM_BYTES
            yield encode(middle)


def test_the_search_would_find_what_is_there(run: Run, unpacked: bytes) -> None:
    """A search that finds nothing proves nothing unless it could have found something."""
    user = run.server.user("hanako")["user_id"].encode()
    assert user in unpacked
    assert run.server.facts["administrator"]["access_key_id"].encode() in unpacked
    secret = run.secrets["access token"].encode()
    for around in (secret, b"x" + secret + b"y", b"xy" + secret, b"xyz" + secret):
        for held in (around, around.hex().encode(), base64.b64encode(around)):
            assert any(form in held for form in forms_of(secret))
    assert len(run.secrets) > 35


def test_no_secret_of_the_run_is_in_it(run: Run, unpacked: bytes) -> None:
    found = [
        what
        for what, secret in run.secrets.items()
        if any(form in unpacked for form in forms_of(secret.encode()))
    ]
    assert found == []


def test_no_key_is_in_it(run: Run, unpacked: bytes, file: Path) -> None:
    private = signing_key_of(run.server)
    lines = [line for line in private.splitlines() if len(line) > 60]
    assert lines
    keys = keys_of(run.server)
    assert len(keys) == 3
    for held in (unpacked, file.read_bytes()):
        for key in (*keys, *lines, base64.b64decode(b"".join(lines))):
            assert not any(form in held for form in forms_of(key))
        assert b"PRIVATE KEY" not in held


def test_sealed_columns_are_in_it_as_they_are_in_the_store(run: Run, unpacked: bytes) -> None:
    with closing(run.server.place.direct()) as database:
        sealed = database.read(
            lambda rows: rows.all(
                "SELECT secret_sealed FROM access_keys UNION ALL"
                " SELECT private_key_sealed FROM signing_keys UNION ALL"
                " SELECT wrapped FROM data_keys LIMIT 100",
                (),
            )
        )
    assert len(sealed) == 4
    assert all(value in unpacked for (value,) in sealed)


def test_without_the_key_nothing_about_anybody_can_be_read(run: Run, file: Path) -> None:
    """Names, addresses and password hashes travel under the installation's root secret."""
    held = file.read_bytes()
    facts = run.server.facts
    hashed = b"$argon2id$"
    for known in (
        *(user["user_id"].encode() for user in facts["users"]),
        *(account["id"].encode() for account in facts["accounts"]),
        facts["instance_arn"].encode(),
        b"hanako",
        hashed,
    ):
        assert known not in held
    with opened(file) as backup:
        told = msgspec.to_builtins(backup.header)
    assert told.keys() == {"release", "created_at", "steps", "root", "parts"}
    assert told["root"].keys() == {"key_id", "wrapped", "wrapped_by", "created_at"}
