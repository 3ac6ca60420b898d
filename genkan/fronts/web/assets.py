"""Static files: read once, named by their content, answered from memory.

All files share one version, the hash of them all, as the first part of the path:
`/static/<version>/genkan.css`. So a module can import its neighbour by a relative path, and every
answer under the current version may be cached for ever. Under another version (a page that an older
node rendered) the present file is answered uncached. Lookups are in a dict: there is no path to
escape.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

STATIC: Final = Path(__file__).with_name("static")
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    zipped: bytes
    media_type: str


class Assets:
    """The static files of the package."""

    def __init__(self, root: Path = STATIC) -> None:
        self._files = {
            path.relative_to(root).as_posix(): _read(path)
            for path in sorted(root.rglob("*"))
            if path.suffix in _TYPES
        }
        digest = hashlib.sha256()
        for name, file in self._files.items():
            digest.update(f"{name}\0{len(file.body)}\0".encode() + file.body)
        self.version: Final = digest.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Path of a file; KeyError when there is none, so that a template cannot name a missing
        one."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    def route(self) -> Route:
        """The Starlette route that answers them."""
        return Route("/static/{version}/{name:path}", self._answer, methods=["GET"])

    async def _answer(self, request: Request) -> Response:
        file = self._files.get(request.path_params["name"])
        if file is None:
            return Response(status_code=404)
        current = request.path_params["version"] == self.version
        headers = {
            "cache-control": _FOR_EVER if current else "no-cache",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
            # An SVG opened by itself is a document: it gets no powers either.
            "content-security-policy": "default-src 'none'",
        }
        body = file.body
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            body = file.zipped
        return Response(body, headers=headers, media_type=file.media_type)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, gzip.compress(body, mtime=0), _TYPES[path.suffix])
