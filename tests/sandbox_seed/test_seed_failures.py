"""What goes wrong while an organization is made is told as one `SeedFailed`, whatever it was."""

import asyncio
from pathlib import Path

import pytest

from genkan.assembly.sandbox import Sandbox
from genkan.sandbox import seed_door
from genkan.sandbox.document_people import Name, User
from genkan.sandbox.seed_door import Seeder, SeedFailed, wait_until
from genkan.sandbox.seed_people import make_passwords
from genkan.settings import SandboxSettings
from tests.sandbox_seed.making import run


def test_a_password_that_is_refused_is_told_by_itself(tmp_path: Path) -> None:
    people = [
        User(user_name=name, display_name=name, name=Name(given_name=name, family_name=name))
        for name in ("a", "b", "c")
    ]
    nobody = {user.user_name: "00000000-0000-7000-8000-000000000000" for user in people}

    async def refused(sandbox: Sandbox) -> None:
        with pytest.raises(SeedFailed, match="UpdatePassword is refused"):
            await make_passwords(Seeder(sandbox.app), people, nobody)

    run(SandboxSettings(port=8420, data_dir=tmp_path / "data"), refused)


def test_what_the_worker_does_not_do_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> bool:
        return False

    monkeypatch.setattr(seed_door, "_LONGEST_SECONDS", 0.01)
    with pytest.raises(SeedFailed, match="adding the Region x takes longer than"):
        asyncio.run(wait_until(never, "adding the Region x"))
