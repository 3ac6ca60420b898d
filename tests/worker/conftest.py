"""A workshop for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genkan import worker
from tests.worker.workshop import Workshop


@pytest.fixture
async def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Workshop]:
    """No worker looks for jobs by itself: what is done was woken for."""
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 3600.0)
    opened = Workshop(tmp_path)
    yield opened
    await opened.close()
