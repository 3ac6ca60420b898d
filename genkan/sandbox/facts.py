"""What `sandbox.json` tells: kept sealed in the store, written to a file for scripts."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from genkan.core.call import Operation, System
from genkan.db.database import Tx
from genkan.identity_store import operations as identity_store
from genkan.instances import operations as instances
from genkan.organization import operations as organization
from genkan.organization.records import Account

FILE_NAME = "sandbox.json"
BEGUN = "begun"
READY = "ready"


@dataclass(frozen=True, slots=True)
class Administrator:
    """The long-term key of the management account's administrator."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handed:
    """What making an organization gives to whoever made it, and nobody can read again."""

    administrator: Administrator
    passwords: Mapping[str, str] = field(repr=False)


def remember(tx: Tx, *, handed: Handed, reset_secret: str) -> None:
    """Keep what the seed alone knows: a sandbox tells it at every start."""
    _put(tx, "administrator", msgspec.json.encode(handed.administrator))
    _put(tx, "passwords", msgspec.json.encode(handed.passwords))
    _put(tx, "reset_secret", reset_secret.encode())


def mark_begun(tx: Tx) -> None:
    """What is in the store from now on is a sandbox's, complete or not."""
    _put(tx, BEGUN, b"1")


def mark_ready(tx: Tx) -> None:
    """Seed and snapshot are complete."""
    _put(tx, READY, b"1")


def is_ready(tx: Tx) -> bool:
    """Whether this store was seeded to the end."""
    return tx.one("SELECT 1 FROM sandbox_facts WHERE name = ?", READY) is not None


def is_half_made(tx: Tx) -> bool:
    """Whether a seed was begun here that has not ended, or never will."""
    begun = tx.one("SELECT 1 FROM sandbox_facts WHERE name = ?", BEGUN)
    return begun is not None and not is_ready(tx)


def reset_secret(tx: Tx) -> str:
    """What a reset must present."""
    return tx.remembered("sandbox.reset_secret", lambda: _get(tx, "reset_secret").decode())


def describe(tx: Tx) -> dict[str, Any]:
    """The contents of `sandbox.json` (issue "The front door opens"; docs/sandbox.md)."""
    handed = Handed(
        administrator=msgspec.json.decode(_get(tx, "administrator"), type=Administrator),
        passwords=msgspec.json.decode(_get(tx, "passwords")),
    )
    return {
        **describe_organization(tx, handed=handed),
        "reset_url": f"{tx.deployment.base_url}/sandbox/reset/{reset_secret(tx)}",
    }


def describe_organization(tx: Tx, *, handed: Handed) -> dict[str, Any]:
    """Where an organization is reached, and who may enter it at first."""
    base_url = tx.deployment.base_url
    instance = instances.the_instance(tx)
    found = [
        (name, identity_store.find_user_by_name(tx, instance.identity_store_id, name))
        for name in handed.passwords
    ]
    users = [
        {"user_name": name, "password": handed.passwords[name], "user_id": user.user_id}
        for name, user in found
        if user is not None
    ]
    return {
        "base_url": base_url,
        "start_url": f"{base_url}/start",
        "aws_start_url": instances.aws_start_url(instance),
        "issuer_url": instances.issuer_url(instance),
        "region": instance.region,
        "instance_arn": instance.arn,
        "identity_store_id": instance.identity_store_id,
        "management_account_id": organization.management_account_id(tx),
        "administrator": msgspec.to_builtins(handed.administrator),
        "users": users,
        "accounts": [
            {"id": account.account_id, "name": account.name, "alias": account.alias}
            for account in _accounts(tx)
        ],
    }


def _accounts(tx: Tx) -> list[Account]:
    found: list[str] = []
    token: str | None = None
    while True:
        answer = organization.list_accounts(tx, next_token=token)
        found += [account["id"] for account in answer["accounts"]]
        token = answer["next_token"]
        if token is None:
            known = organization.accounts_by_id(tx, found)
            return [known[account_id] for account_id in found]


def write_file(directory: Path, contents: Mapping[str, Any]) -> Path:
    """Write `sandbox.json` so that only this user can read it, whole or not at all."""
    path = directory / FILE_NAME
    partial = directory / f".{FILE_NAME}.partial"
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(contents), indent=2) + b"\n")
    partial.replace(path)
    return path


def _put(tx: Tx, name: str, value: bytes) -> None:
    sealed = tx.vault.seal(value, _place(name))
    tx.run(
        "INSERT INTO sandbox_facts VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed",
        name,
        sealed,
    )


def _get(tx: Tx, name: str) -> bytes:
    row = tx.one("SELECT sealed FROM sandbox_facts WHERE name = ?", name)
    if row is None:
        raise LookupError(f"the sandbox has no fact {name}")
    return tx.vault.open(row[0], _place(name))


def _place(name: str) -> str:
    return f"sandbox_facts.sealed:{name}"


DESCRIBE = Operation(name="DescribeSandbox", run=describe, access=System(), reads="scan")
DESCRIBE_ORGANIZATION = Operation(
    name="DescribeOrganization", run=describe_organization, access=System(), reads="scan"
)
REMEMBER = Operation(name="RememberFacts", run=remember, access=System(), recorded=False)
MARK_BEGUN = Operation(name="MarkBegun", run=mark_begun, access=System(), recorded=False)
MARK_READY = Operation(name="MarkReady", run=mark_ready, access=System(), recorded=False)
IS_READY = Operation(name="IsReady", run=is_ready, access=System(), reads="point")
READ_RESET_SECRET = Operation(
    name="ReadResetSecret", run=reset_secret, access=System(), reads="point"
)
