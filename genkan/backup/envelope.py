"""The file as bytes: a readable header, then sealed pieces, the last of which says that it is.

    "genkan backup\\n", format (2 bytes), length of the header (4), header (JSON), SHA-256 of that;
    for each piece: length (4), 1 if it is the last, else 0 (1), sealed and compressed payload

Numbers are big-endian. A piece is AES-256-GCM under a key derived from the installation's root
secret; its associated data are the SHA-256 above, the piece's number and whether it is the last, so
that no piece can be changed, left out, moved, taken from another file, or be the last but the last.
The SHA-256 proves nothing; it tells a damaged header from one that is none of ours.
Leaves to others: what header and payloads mean (`contents`).
"""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from genkan.backup.refusal import BackupRefused
from genkan.core.vault import Cipher

MAGIC = b"genkan backup\n"
FORMAT = 1
_PRELUDE = struct.Struct(">HI")
_PIECE = struct.Struct(">IB")
_ASSOCIATED = struct.Struct(">QB")
_LONGEST_HEADER = 4 << 20
LONGEST_PIECE = 64 << 20
_LEVEL = 6


class PieceWriter:
    """Seals payloads into `file`, which stands behind the header that `begin` wrote."""

    def __init__(self, file: BinaryIO, digest: bytes, cipher: Cipher) -> None:
        self._file = file
        self._digest = digest
        self._cipher = cipher
        self._count = 0

    def add(self, payload: bytes, *, last: bool = False) -> None:
        """Write one piece; nothing may follow the last."""
        associated = self._digest + _ASSOCIATED.pack(self._count, last)
        sealed = self._cipher.encrypt(zlib.compress(payload, _LEVEL), associated)
        self._file.write(_PIECE.pack(len(sealed), last) + sealed)
        self._count += 1


def begin(file: BinaryIO, header: bytes) -> bytes:
    """Write what comes first; the digest that every piece is bound to."""
    prelude = MAGIC + _PRELUDE.pack(FORMAT, len(header)) + header
    digest = hashlib.sha256(prelude).digest()
    file.write(prelude + digest)
    return digest


def read_header(file: BinaryIO, name: Path) -> tuple[bytes, bytes]:
    """The header and the digest that every piece is bound to; `BackupRefused` names `name`."""
    start = file.read(len(MAGIC) + _PRELUDE.size)
    if not start:
        raise BackupRefused(f"{name} is empty")
    if not start.startswith(MAGIC[: len(start)]):
        raise BackupRefused(f"{name} is no backup that genkan has written")
    if len(start) < len(MAGIC) + _PRELUDE.size:
        raise _cut_off(name)
    number, length = _PRELUDE.unpack_from(start, len(MAGIC))
    if length > _LONGEST_HEADER:
        raise BackupRefused(f"{name} is damaged: its header was changed")
    header = _exactly(file, length, name)
    digest = hashlib.sha256(start + header).digest()
    if _exactly(file, len(digest), name) != digest:
        raise BackupRefused(f"{name} is damaged: its header was changed")
    if number != FORMAT:
        raise BackupRefused(
            f"{name} has the format {number}, which this release cannot read: restore it with the"
            " release that wrote it"
        )
    return header, digest


def pieces(
    file: BinaryIO, digest: bytes, cipher: Cipher, name: Path
) -> Iterator[tuple[bytes, bool]]:
    """The payloads, each authentic when it is given, and whether it is the last.

    `BackupRefused` otherwise. Only whoever has reached the end knows that nothing is missing.
    """
    count = 0
    last = False
    while not last:
        start = _exactly(file, _PIECE.size, name)
        length, flag = _PIECE.unpack(start)
        if length > LONGEST_PIECE or flag > 1:
            raise _damaged(name, count)
        last = bool(flag)
        sealed = _exactly(file, length, name)
        try:
            packed = cipher.decrypt(sealed, digest + _ASSOCIATED.pack(count, last))
        except InvalidTag:
            raise _damaged(name, count) from None
        yield _unpacked(packed, name, count), last
        count += 1
    if file.read(1):
        raise BackupRefused(f"{name} is damaged: something follows its end")


def position_after_header(file: BinaryIO, header: bytes) -> None:
    """Go back to the first piece."""
    file.seek(len(MAGIC) + _PRELUDE.size + len(header) + hashlib.sha256().digest_size, os.SEEK_SET)


def _unpacked(packed: bytes, name: Path, count: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        payload = unpacking.decompress(packed, LONGEST_PIECE)
    except zlib.error:
        raise _damaged(name, count) from None
    if not unpacking.eof:
        raise _damaged(name, count)
    return payload


def _exactly(file: BinaryIO, length: int, name: Path) -> bytes:
    read = file.read(length)
    if len(read) < length:
        raise _cut_off(name)
    return read


def _cut_off(name: Path) -> BackupRefused:
    return BackupRefused(f"{name} is damaged: it is cut off, or was changed")


def _damaged(name: Path, count: int) -> BackupRefused:
    return BackupRefused(f"{name} is damaged or was changed, in piece {count + 1} of its contents")
