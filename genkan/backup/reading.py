"""A backup as it is read: header first, then proven, then its rows.

Leaves the bytes to `envelope`, what they mean to `contents`, and what becomes of the rows to
`restoring`. One sentence of `BackupRefused` for everything that is wrong with a file.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from genkan.backup.contents import PURPOSE, Counts, Header, Reading
from genkan.backup.envelope import pieces, position_after_header, read_header
from genkan.backup.refusal import BackupRefused
from genkan.core.vault import Cipher, Unsealable, Vault
from genkan.db.database import Row
from genkan.keys.kek import KeyEncryptionKey
from genkan.keys.ring import unwrapped


class BackupFile:
    """A backup that is being read. Nothing in it is proven before `unlock` and `verify`."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self.path = path
        self._raw, self._digest = read_header(file, path)
        try:
            self.header = msgspec.json.decode(self._raw, type=Header)
        except msgspec.DecodeError:
            raise BackupRefused(f"{path} is damaged: its header makes no sense") from None
        self._cipher: Cipher | None = None

    def unlock(self, kek: KeyEncryptionKey) -> None:
        """Unwrap the secret that the file is sealed with; `BackupRefused` if `kek` is another."""
        root = self.header.root.key()
        if root.wrapped_by != kek.name:
            raise BackupRefused(
                f"{self.path} was made under the key-encryption key {root.wrapped_by}, and"
                f" {kek.origin} is {kek.name}"
            )
        try:
            self._cipher = Vault(unwrapped(root, kek)).cipher(PURPOSE)
        except Unsealable:
            raise BackupRefused(f"{self.path} is damaged: its key cannot be opened") from None

    def rows(self) -> Iterator[tuple[str, str, list[Row]]]:
        """Part, table and rows of every piece; whoever reaches the end has the whole file."""
        yield from self._read(Reading(self.header))

    def verify(self) -> Counts:
        """Read everything; how many rows there are."""
        reading = Reading(self.header)
        for _ in self._read(reading):
            pass
        return reading.counts

    def _read(self, reading: Reading) -> Iterator[tuple[str, str, list[Row]]]:
        if self._cipher is None:
            raise RuntimeError("a backup is unlocked before it is read")
        position_after_header(self._file, self._raw)
        for payload, last in pieces(self._file, self._digest, self._cipher, self.path):
            if last:
                reading.end(payload)
            else:
                yield reading.rows(payload)


@contextmanager
def opened(path: Path) -> Iterator[BackupFile]:
    """The backup at `path`, its header read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupRefused(f"{path} cannot be read: {error.strerror}") from None
    with file:
        if not stat.S_ISREG(path.stat().st_mode):
            raise BackupRefused(f"{path} is no regular file")
        yield BackupFile(file, path)
