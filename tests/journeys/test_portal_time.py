"""What time does to people: locks that open, attempts, sessions and codes that run out.

The server here has a clock that stands still until it is put forward; browsers keep
the real time.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.clients.fixtures import NewWindow
from tests.journeys.visitor import Visitor
from tests.support.person import post, register_client
from tests.support.server import Server
from tests.support.wire_engines import new_server

ALIAS, ROLE = "sakura-playground", "AdministratorAccess"
WITH_A_CLOCK = """
import os, pathlib
from genkan.core import clock
stands_at = pathlib.Path(os.environ["CLOCK_FILE"])
clock.system_clock = lambda: int(stands_at.read_text())
from genkan.cli import main
main()
"""


class Clock:
    """Of a server's process: it stands still until it is put forward."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_text(str(time.time_ns() // 1_000_000))

    @property
    def environment(self) -> dict[str, str]:
        """What tells the process where it is."""
        return {"CLOCK_FILE": str(self._file)}

    def wait(self, *, seconds: int) -> None:
        """Let time pass in the server."""
        new = self._file.with_suffix(".new")
        new.write_text(str(int(self._file.read_text()) + seconds * 1000))
        new.replace(self._file)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    """The clock of this module's server."""
    return Clock(tmp_path_factory.mktemp("clock") / "clock")


@pytest.fixture(scope="module")
def running_house(
    wire_engine: str, clock: Clock, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server with that clock for this module."""
    house = new_server(
        wire_engine,
        tmp_path_factory.mktemp("time") / "data",
        command=("-c", WITH_A_CLOCK),
        environment=clock.environment,
    )
    yield house.start()
    house.stop()


@pytest.fixture
def house(running_house: Server) -> Server:
    """That server with a clean organization."""
    running_house.reset()
    return running_house


def lock(visitor: Visitor) -> None:
    """Use up the free attempts on the visitor's user name; the last page tells of the wait."""
    visitor.open("/start")
    visitor.name(visitor.user_name)
    for attempt in range(1, 6):
        assert visitor.try_password(f"Wrong-Password-{attempt}").status == 403


def test_after_five_wrong_passwords_even_the_right_one_must_wait_and_the_wait_is_told(
    window: NewWindow, house: Server, clock: Clock
) -> None:
    visitor = Visitor(window(), house, "alex")
    password = house.user("alex")["password"]
    lock(visitor)
    expect(visitor.page.locator("#problem")).to_contain_text("try again in 15 seconds.")
    clock.wait(seconds=1)
    answer = visitor.try_password(password)
    assert (answer.status, answer.headers["retry-after"]) == (429, "14")
    expect(visitor.page.locator("#problem")).to_contain_text("Too many attempts.")
    expect(visitor.page.locator("#problem")).to_contain_text("Try again in 14 seconds.")
    clock.wait(seconds=14)
    visitor.try_password(password)
    assert visitor.heading == "Accounts"


def test_each_further_wrong_password_doubles_the_wait(
    window: NewWindow, house: Server, clock: Clock
) -> None:
    visitor = Visitor(window(language="ja-JP"), house, "alex")
    lock(visitor)
    for waited, told in ((15, "30 秒後"), (30, "1 分後"), (60, "2 分後")):
        clock.wait(seconds=waited)
        assert visitor.try_password("Wrong-Password-0").status == 403
        expect(visitor.page.locator("#problem")).to_contain_text(told)


def test_a_user_who_does_not_exist_is_locked_out_alike(window: NewWindow, house: Server) -> None:
    visitor = Visitor(window(), house, "nobody-here")
    lock(visitor)
    expect(visitor.page.locator("#problem")).to_contain_text("try again in 15 seconds.")
    assert visitor.try_password("Wrong-Password-6").status == 429


def test_a_lock_survives_a_restart_and_spares_the_browser_that_signed_in_before(
    window: NewWindow, house: Server
) -> None:
    owner, stranger = Visitor(window(), house, "alex"), Visitor(window(), house, "alex")
    owner.sign_in()
    owner.sign_out()
    lock(stranger)
    house.stop()
    house.start()
    answer = stranger.try_password(house.user("alex")["password"])
    assert answer.status == 429
    assert not stranger.is_signed_in
    assert owner.cookie("genkan_session") is None
    owner.sign_in()
    assert owner.heading == "Accounts"


def test_a_sign_in_that_takes_too_long_begins_again(
    window: NewWindow, house: Server, clock: Clock
) -> None:
    visitor = Visitor(window(), house, "alex")
    visitor.open("/start")
    visitor.name("alex")
    clock.wait(seconds=601)
    assert visitor.try_password(house.user("alex")["password"]).status == 400
    expect(visitor.page.locator("#problem")).to_contain_text("This sign-in took too long.")
    visitor.name("alex")
    visitor.try_password(house.user("alex")["password"])
    assert visitor.heading == "Accounts"


def test_after_eight_hours_one_signs_in_again_and_is_back(
    window: NewWindow, house: Server, clock: Clock
) -> None:
    visitor = Visitor(window(), house, "alex")
    visitor.enter("/start?q=play")
    clock.wait(seconds=8 * 3600 - 60)
    visitor.page.reload()
    assert visitor.heading == "Accounts"
    clock.wait(seconds=61)
    visitor.page.reload()
    assert visitor.heading == "Sign in"
    visitor.name("alex")
    visitor.try_password(house.user("alex")["password"])
    assert visitor.path == "/start?q=play"


def test_an_account_whose_time_ran_out_says_so_and_opens_again(
    window: NewWindow, house: Server, clock: Clock
) -> None:
    visitor = Visitor(window(), house, "alex")
    visitor.enter()
    visitor.open_console(ALIAS, ROLE)
    clock.wait(seconds=4 * 3600)
    visitor.page.reload()
    expect(visitor.page.locator(".alert h2")).to_have_text("This session has ended")
    expect(visitor.page.locator(".alert")).to_contain_text("Its time ran out:")
    visitor.page.get_by_role("button", name="Open again").click()
    expect(visitor.page.locator(".remaining")).to_be_visible()
    expect(visitor.page.locator(".alert")).to_have_count(0)


def test_a_device_code_runs_out_after_ten_minutes(
    window: NewWindow, house: Server, clock: Clock
) -> None:
    start = {**register_client(house), "startUrl": house.facts["start_url"]}
    started = post(house, "/device_authorization", start).json()
    visitor = Visitor(window(), house, "alex")
    link = started["verificationUriComplete"].removeprefix(house.url)
    visitor.enter(link)
    visitor.press("#cli_verification_btn")
    clock.wait(seconds=601)
    assert visitor.press("#cli_login_button").status == 400
    assert visitor.heading == "This request is no longer open"
    visitor.open(link)
    assert visitor.press("#cli_verification_btn").status == 400
    expect(visitor.page.locator("#problem")).to_contain_text("This code is no longer valid.")
