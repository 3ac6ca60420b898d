"""Static files are answered from memory, for ever under their own version."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from genkan.fronts.web.assets import STATIC, Assets


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets()


@pytest.fixture(scope="module")
def client(assets: Assets) -> AsyncClient:
    transport = ASGITransport(Starlette(routes=[assets.route()]))
    return AsyncClient(transport=transport, base_url="http://genkan.test")


async def test_current_version_may_be_kept_for_ever(client: AsyncClient, assets: Assets) -> None:
    answer = await client.get(assets.url("genkan.css"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.content == (STATIC / "genkan.css").read_bytes()


async def test_modules_are_found_beside_each_other(client: AsyncClient, assets: Assets) -> None:
    answer = await client.get(assets.url("js/main.js"))
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert assets.url("js/copy.js").rsplit("/", 1)[0] == assets.url("js/main.js").rsplit("/", 1)[0]


async def test_another_version_is_answered_but_not_kept(client: AsyncClient) -> None:
    answer = await client.get("/static/0000000000000000/genkan.css")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-cache"


async def test_zipped_and_plain_bodies_are_the_same(client: AsyncClient, assets: Assets) -> None:
    url = assets.url("genkan.css")
    plain = await client.get(url, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    async with client.stream("GET", url, headers={"accept-encoding": "gzip"}) as zipped:
        assert zipped.headers["content-encoding"] == "gzip"
        assert (
            gzip.decompress(b"".join([part async for part in zipped.aiter_raw()])) == plain.content
        )


@pytest.mark.parametrize("name", ["missing.css", "..%2frendering.py", "%2e%2e/rendering.py", ""])
async def test_nothing_else_is_answered(client: AsyncClient, assets: Assets, name: str) -> None:
    answer = await client.get(f"/static/{assets.version}/{name}")
    assert answer.status_code == 404


def test_version_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{}")
    before = Assets(tmp_path).version
    (tmp_path / "a.css").write_text("b{}")
    assert Assets(tmp_path).version != before


def test_a_template_cannot_name_a_missing_file(assets: Assets) -> None:
    with pytest.raises(KeyError):
        assets.url("missing.css")
