"""Organizations made of seed documents in this process, without a server."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from genkan.assembly.sandbox import Sandbox, export_organization
from genkan.sandbox.document import SeedDocument
from genkan.sandbox.seed_text import text_of
from genkan.settings import SandboxSettings

T = TypeVar("T")


def seeded(directory: Path, document: SeedDocument) -> Path:
    """A stopped sandbox's directory, made of the document as a file."""
    written = directory / "seed.yaml"
    written.write_text(text_of(document), encoding="utf-8")
    data_dir = directory / "data"

    async def nothing(sandbox: Sandbox) -> None:
        pass

    run(SandboxSettings(port=8420, data_dir=data_dir, seed=written), nothing)
    return data_dir


def run(settings: SandboxSettings, work: Callable[[Sandbox], Awaitable[T]]) -> T:
    """Do something while a sandbox is up."""

    async def up() -> T:
        sandbox = Sandbox(settings)
        try:
            await sandbox.start()
            return await work(sandbox)
        finally:
            await sandbox.stop()

    return asyncio.run(up())


def exported_after_seeding(document: SeedDocument) -> SeedDocument:
    """What is exported of an organization made of the document."""
    with tempfile.TemporaryDirectory() as directory:
        return export_organization(seeded(Path(directory), document)).document
