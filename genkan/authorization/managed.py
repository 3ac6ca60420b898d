"""AWS's managed policies: which there are, their text, their compiled document.

Owns reading `managed_policies/` (see its README for the format and the source). Leaves to `iam` how
they appear as policies of an account.

Invariants: nothing is read before the first question, and then only the index (about 200 kB, kept
as bytes) and the one document asked for; compiled documents live in the shared bounded cache.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from genkan.authorization.cache import shared_cache
from genkan.authorization.document import Document, PolicyKind

ARN_PREFIX = "arn:aws:iam::aws:policy/"
_MAX_ARN = 256
_DIRECTORY = Path(__file__).with_name("managed_policies")


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """One of AWS's managed policies, as GetPolicy describes it.

    Attributes:
        arn: such as `arn:aws:iam::aws:policy/job-function/ViewOnlyAccess`.
        name: the last part of the ARN.
        path: `/`, `/job-function/`, `/service-role/`, `/aws-service-role/` …
        default_version_id: such as `v190`.
        create_date: ISO 8601 with zone; so is `update_date`.
    """

    arn: str
    name: str
    path: str
    default_version_id: str
    create_date: str
    update_date: str
    _offset: int = field(repr=False)
    _length: int = field(repr=False)

    def text(self) -> str:
        """The policy document as compact JSON, read from the shipped data."""
        with (_DIRECTORY / "documents.zlib").open("rb") as documents:
            documents.seek(self._offset)
            return zlib.decompress(documents.read(self._length)).decode("ascii")

    def document(self, kind: PolicyKind = PolicyKind.IDENTITY) -> Document:
        """The compiled document, from the shared cache when it is there."""
        key = (kind.name, self.arn.encode("ascii"))
        return shared_cache().get(key, self.text, kind)


def lookup(arn: str) -> ManagedPolicy | None:
    """The managed policy with this ARN (case-sensitive), or None when AWS has none."""
    if not arn.startswith(ARN_PREFIX) or len(arn) > _MAX_ARN or not arn.isascii():
        return None
    if not arn.isprintable():
        return None  # a tab or a line end would read another column of the index
    index = _index()
    start = index.find(f"\n{arn}\t".encode("ascii"))
    if start < 0:
        return None
    return _policy(index[start + 1 : index.index(b"\n", start + 1)])


def all_policies() -> Iterator[ManagedPolicy]:
    """Every managed policy, in the order of the ARNs."""
    for line in _index().splitlines()[1:]:
        yield _policy(line)


def _policy(line: bytes) -> ManagedPolicy:
    arn, version, created, updated, offset, length = line.decode("ascii").split("\t")
    path, _, name = arn[len(ARN_PREFIX) - 1 :].rpartition("/")
    return ManagedPolicy(arn, name, f"{path}/", version, created, updated, int(offset), int(length))


@cache
def _index() -> bytes:
    return (_DIRECTORY / "index.tsv").read_bytes()
