"""AWS CLI v2 logs in, in both releases, while a person signs in and answers in Chromium."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from scripts.install_aws_cli import Slot
from tests.clients.browser import accessibility_violations
from tests.clients.terminal import DOWN, ENTER
from tests.journeys.conftest import NewDesk
from tests.journeys.desk import ALLOW, CONFIRM, DENY, DEVICE, Requests
from tests.support.server import Server, free_port

BOTH = pytest.mark.parametrize("slot", ["new", "old"])


def exported(banner: str) -> dict[str, str]:
    """The variables that `genkan up` tells people to export."""
    return dict(re.findall(r"(AWS_ENDPOINT_URL_\w+)=(\S+)", banner))


def form_action(response_headers: dict[str, str]) -> str:
    """Where the page's forms may end, by its Content-Security-Policy."""
    (found,) = re.findall(r"form-action ([^;]*);", response_headers["content-security-policy"])
    return str(found)


def redirect_uri(page: str) -> str:
    """The address at which the waiting AWS CLI listens."""
    return parse_qs(urlsplit(page).query)["redirect_uri"][0]


# ── aws configure sso ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.sandbox_only("`genkan serve` prints nothing for the AWS CLI")
@BOTH
def test_configure_sso_with_what_the_server_printed_makes_a_profile_that_works(
    slot: Slot, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "alex", environment=exported(house.log()))
    with here.cli.terminal("configure", "sso") as terminal:
        terminal.answer("SSO session name (Recommended):", "sakura")
        terminal.answer("SSO start URL", house.facts["aws_start_url"])
        terminal.answer("SSO region", house.facts["region"])
        terminal.answer("SSO registration scopes", "")
        here.sign_in(at=here.cli.opened_page())
        here.answer(ALLOW)
        terminal.expect("There are 4 AWS accounts available to you.")
        terminal.expect("Web Production")
        terminal.type(DOWN + ENTER)  # By name: Log Archive, Playground, …
        terminal.expect("There are 2 roles available to you.")
        terminal.expect("DeveloperAccess")
        terminal.type(DOWN + ENTER)
        terminal.answer("efault client Region", house.facts["region"])
        terminal.answer("CLI default output format", "")
        terminal.answer("rofile name", "play")
        assert terminal.finish() == 0, terminal.shown
    identity = here.aws("sts", "get-caller-identity", "--profile", "play")
    assert identity["Account"] == house.account("sakura-playground")
    assert re.search(r":assumed-role/AWSReservedSSO_DeveloperAccess_\w{16}/alex$", identity["Arn"])


# ── aws sso login by authorization code ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("slot", "language", "words"),
    [("new", "ja-JP", "アクセスを許可しますか?"), ("old", "en-US", "Allow access?")],
)
def test_a_person_allows_the_cli_on_the_consent_page_in_their_language(
    slot: Slot, language: str, words: str, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "佐藤健", language=language)
    here.configure(lake=("sakura-data-dev", "DataAnalyst"))
    with here.logging_in() as login:
        page = login.page()
        here.sign_in(at=page)
        assert here.window.locator("html").get_attribute("lang") == language[:2]
        assert here.window.inner_text("h1") == words
        assert "botocore-client-sakura" in here.window.inner_text("main")
        assert "sso:account:access" in here.window.inner_text("main")
        assert accessibility_violations(here.window) == []
        here.answer(ALLOW)
        assert here.window.url.startswith(f"{redirect_uri(page)}?code=")
        done = login.finish()
    assert done.exit_code == 0, done
    assert f"logged into Start URL: {house.facts['aws_start_url']}" in done.stdout
    # A user name that AWS would not take as a role session name: the user's id stands for it.
    identity = here.aws("sts", "get-caller-identity", "--profile", "lake")
    assert identity["Arn"].endswith("/" + house.user("佐藤健")["user_id"])


@BOTH
def test_a_person_who_denies_on_the_consent_page_leaves_the_cli_without_a_token(
    slot: Slot, desk: NewDesk, house: Server
) -> None:
    here = desk(slot, "maria")
    here.configure()
    here.sign_in()
    requests = Requests(house)
    with here.logging_in() as login:
        here.open(login.page())
        here.answer(DENY)
        assert "?error=access_denied&state=" in here.window.url
        done = login.finish()
    assert done.exit_code == 255, done
    assert "Failed to retrieve an authorization code." in done.stderr
    assert not any(request.startswith("POST /token") for request in requests.seen())
    assert not any("accessToken" in path.read_text() for path in here.cli.cached())


def test_opening_the_authorize_address_gives_the_cli_nothing(desk: NewDesk, house: Server) -> None:
    here = desk("new", "maria")
    here.configure()
    here.sign_in()
    requests = Requests(house)
    with here.logging_in() as login:
        page = login.page()
        for address in (page, page, f"{page}&decision=approve"):
            response = here.open(address)
            assert response.status == 200
            assert here.window.locator(ALLOW).count() == 1
        consent = house.url + "/authorize/consent?" + urlsplit(page).query + "&decision=approve"
        assert here.open(consent).status == 405
        # Had any of these sent the CLI a code, this refusal would come too late.
        here.open(page)
        here.answer(DENY)
        done = login.finish()
    assert "Failed to retrieve an authorization code." in done.stderr
    assert not any(request.startswith("POST /token") for request in requests.seen())


def test_the_consent_page_may_send_the_browser_to_the_waiting_cli_and_nowhere_else(
    desk: NewDesk,
) -> None:
    here = desk("new", "maria")
    here.configure()
    here.sign_in()
    with here.logging_in() as login:
        page = login.page()
        listening = urlsplit(redirect_uri(page)).netloc
        assert form_action(here.open(page).all_headers()) == f"'self' http://{listening}"
        elsewhere = f"http://127.0.0.1:{free_port()}/oauth/callback"
        here.window.eval_on_selector(
            "form.decide", "(form, address) => { form.action = address }", elsewhere
        )
        with here.window.expect_console_message(lambda said: "form-action" in said.text):
            # Not Playwright's click, which would wait for the page that never comes.
            here.window.eval_on_selector(ALLOW, "button => button.click()")
        assert here.window.url == page
        here.open(page)
        here.answer(ALLOW)
        assert login.finish().exit_code == 0


# ── aws sso login by device code ──────────────────────────────────────────────────────────────────


@BOTH
def test_a_person_who_allows_the_device_of_the_opened_page_logs_the_cli_in(
    slot: Slot, desk: NewDesk
) -> None:
    here = desk(slot, "maria")
    here.configure(reader=("sakura-management", "ReadOnlyAccess"))
    with here.logging_in(*DEVICE) as login:
        here.sign_in(at=login.page())
        code = here.window.inner_text(".code-shown")
        here.window.click(CONFIRM)
        assert here.answer_device(ALLOW) == "Access allowed"
        done = login.finish()
    assert done.exit_code == 0, done.stdout
    assert f"enter the code:\n\n{code}\n" in done.stdout
    assert here.aws("sts", "get-caller-identity", "--profile", "reader")["Arn"].endswith("/maria")


def test_a_device_code_typed_elsewhere_logs_in_a_cli_whose_first_polls_come_at_once(
    desk: NewDesk, house: Server
) -> None:
    here = desk("new", "maria")
    here.configure()
    here.sign_in()
    requests = Requests(house)
    with here.logging_in(*DEVICE, "--no-browser", "--debug") as login:
        code = here.printed(r"enter the code:\s+([A-Z]{4}-[A-Z]{4})\s")
        # AWS CLI polls before it shows the code and again at once (reference §8.5).
        requests.wait_for("POST /token 400", count=2)
        here.open(here.printed(r"visit the following URL:\s+(\S+/device)\s"))
        here.window.fill("#user_code", code.lower().replace("-", " "))
        here.window.keyboard.press("Enter")
        here.window.wait_for_selector(ALLOW)
        assert here.answer_device(ALLOW) == "Access allowed"
        done = login.finish()
    assert done.exit_code == 0, done.stderr[-2000:]
    assert done.stderr.count('"error":"authorization_pending"') >= 2
    assert "slow_down" not in done.stderr


@BOTH
def test_a_device_that_is_denied_is_told_so_at_its_next_poll(slot: Slot, desk: NewDesk) -> None:
    here = desk(slot, "maria")
    here.configure()
    here.sign_in()
    with here.logging_in(*DEVICE) as login:
        here.open(login.page())
        here.window.click(CONFIRM)
        assert here.answer_device(DENY) == "Access denied"
        done = login.finish()
    assert done.exit_code == 254, done
    assert "(AccessDeniedException) when calling the CreateToken operation" in done.stderr
    assert not any("accessToken" in path.read_text() for path in here.cli.cached())


def test_opening_the_device_address_gives_the_cli_nothing(desk: NewDesk, house: Server) -> None:
    here = desk("new", "maria")
    here.configure()
    here.sign_in()
    with here.logging_in(*DEVICE) as login:
        page = login.page()
        code = urlsplit(page).query
        for address in (
            page,
            f"{page}&step=confirm&decision=approve",
            f"{house.url}/device/consent?{code}&decision=approve",
        ):
            here.open(address)
        here.open(page)
        here.window.click(CONFIRM)  # Which is no answer yet either.
        here.window.wait_for_selector(ALLOW)
        requests = Requests(house)
        requests.wait_for("POST /token 400", count=2)
        # Two or more: it polls each second, and looking takes time.
        assert set(requests.seen()) == {"POST /token 400"}
        here.answer_device(DENY)
        assert login.finish().exit_code == 254
