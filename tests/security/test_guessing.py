"""Guess a password: in parallel, under other spellings, from other places; and keep its owner out.

The lock-out's own rules are tested in `tests/slices/signin`.
"""

from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from genkan.signin import throttle
from tests.security.attacker import Ledger, at_once, elsewhere, person
from tests.security.enclosed import Enclosed
from tests.support.person import Person
from tests.support.server import Server
from tests.support.wire_engines import new_server

THREADS = 20
Browser = Callable[[Server, str, str], Person]


def at_password(
    server: Server, user_name: str, password: str, browser: Browser = Person
) -> tuple[Person, httpx.Response]:
    """A browser that has named its user, and the page that asks for the password."""
    someone = browser(server, user_name, password)
    page = someone.http.get("/start")
    return someone, someone.post_form(page, "/signin", user_name=user_name, action="continue")


def answer(someone: Person, page: httpx.Response, password: str | None = None) -> int:
    """The status of the password's answer."""
    given = password or someone.password
    return someone.post_form(page, "/signin", password=given).status_code


def answers_at_once(server: Server, user_name: str, passwords: list[str]) -> Counter[int]:
    """The statuses of these passwords, typed all at once."""
    someone, page = at_password(server, user_name, "x")
    acts = [lambda one=password: answer(someone, page, one) for password in passwords]
    return Counter(at_once(acts))


def test_guesses_sent_at_once_share_the_limit(server: Server) -> None:
    statuses = answers_at_once(server, "maria", [f"guess {number}" for number in range(THREADS)])
    # Beyond the limit, or beyond the hashing queue: in no case compared.
    assert statuses[403] <= throttle.FREE_ATTEMPTS
    assert statuses[403] + statuses[429] + statuses[503] == THREADS


def test_the_right_password_among_guesses_sent_at_once_is_one_of_the_limited(
    server: Server,
) -> None:
    """After five wrong ones the right one does not pass, however many come at once."""
    for number in range(throttle.FREE_ATTEMPTS):
        assert answer(*at_password(server, "maria", f"guess {number}")) == 403
    right = server.user("maria")["password"]
    ledger = Ledger(server)
    statuses = answers_at_once(server, "maria", [right] * THREADS)
    assert set(statuses) <= {429, 503}
    assert "interactive_sessions" not in ledger.changes()


def test_other_spellings_of_a_user_name_share_the_limit(server: Server) -> None:
    for spelling in ("maria", "MARIA", "ｍａｒｉａ", "Maria ", " maria"):
        assert answer(*at_password(server, spelling, "a guess")) == 403
    assert answer(*at_password(server, "mArIa", "a guess")) == 429


def test_other_addresses_in_headers_are_not_other_addresses(server: Server) -> None:
    for number in range(throttle.FREE_ATTEMPTS + 1):
        someone, page = at_password(server, "maria", "a guess")
        claimed = f"198.51.100.{number}"
        someone.http.headers.update(
            {
                "X-Forwarded-For": claimed,
                "X-Real-IP": claimed,
                "Forwarded": f"for={claimed}",
                "X-Client-IP": claimed,
                "True-Client-IP": claimed,
                "CF-Connecting-IP": claimed,
            }
        )
        status = answer(someone, page)
    assert status == 429


def test_the_trail_shows_the_address_that_connected(server: Server) -> None:
    browser = person(server, "ken")
    browser.http.headers["X-Forwarded-For"] = "198.51.100.7"
    browser.post_form(browser.http.get("/start"), "/signout")
    events = server.client("cloudtrail").lookup_events()["Events"]
    assert events
    assert not any("198.51.100.7" in event["CloudTrailEvent"] for event in events)


def test_a_policy_about_addresses_is_asked_about_the_address_that_connected(
    server: Server,
) -> None:
    """`aws:SourceIp` and `aws:SecureTransport` are no more than the connection says."""
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sso:ListInstances",'
        '"Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}},'
        '{"Effect":"Allow","Action":"sso:DescribeInstance","Resource":"*",'
        '"Condition":{"Bool":{"aws:SecureTransport":"true"}}},'
        '{"Effect":"Allow","Action":"organizations:DescribeOrganization","Resource":"*",'
        '"Condition":{"IpAddress":{"aws:SourceIp":["127.0.0.0/8","::1/128"]}}}]}'
    )
    given = server.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{server.account('sakura-web-dev')}"
        ":role/OrganizationAccountAccessRole",
        RoleSessionName="office",
        Policy=policy,
    )["Credentials"]
    keys = {
        "access_key_id": given["AccessKeyId"],
        "secret_access_key": given["SecretAccessKey"],
        "session_token": given["SessionToken"],
    }

    def lie(request: httpx.Request, **_: object) -> None:
        request.headers["X-Forwarded-For"] = "198.51.100.7"
        request.headers["X-Forwarded-Proto"] = "https"

    clients = {name: server.client(name, keys) for name in ("sso-admin", "organizations")}
    for client in clients.values():
        client.meta.events.register("before-send", lie)
    assert clients["organizations"].describe_organization()["Organization"]
    with pytest.raises(Exception, match="AccessDenied"):
        clients["sso-admin"].list_instances()
    with pytest.raises(Exception, match="AccessDenied"):
        clients["sso-admin"].describe_instance(InstanceArn=server.facts["instance_arn"])


def test_a_stranger_cannot_keep_an_owner_out(server: Server) -> None:
    """From another network he fails on her name as long as he likes."""
    known = person(server, "hanako")
    known.post_form(known.http.get("/start"), "/signout")
    for number in range(8):
        status = answer(*at_password(server, "hanako", f"guess {number}", elsewhere))
    assert status == 429
    assert known.sign_in().status_code == 200
    assert person(server, "hanako")


def test_a_lock_out_ends_by_itself_and_grows_with_each_guess(enclosed: Enclosed) -> None:
    enclosed.freeze()
    for _ in range(throttle.FREE_ATTEMPTS):
        answer(*at_password(enclosed, "maria", "a guess"))
    waits = []
    for _ in range(4):
        someone, page = at_password(enclosed, "maria", "a guess")
        locked = someone.post_form(page, "/signin", password="a guess")
        waits.append(int(locked.headers["retry-after"]))
        enclosed.advance(seconds=waits[-1])
        assert answer(*at_password(enclosed, "maria", "a guess")) == 403
    assert waits == [15, 30, 60, 120]
    enclosed.advance(seconds=240)
    right = enclosed.user("maria")["password"]
    assert answer(*at_password(enclosed, "maria", right)) == 303


def test_a_lock_out_survives_a_restart(
    wire_engine: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = new_server(wire_engine, tmp_path_factory.mktemp("locked") / "data").start()
    for _ in range(throttle.FREE_ATTEMPTS):
        answer(*at_password(server, "maria", "a guess"))
    server.stop(kill=True)
    server.start()
    try:
        right = server.user("maria")["password"]
        assert answer(*at_password(server, "maria", right)) == 429
    finally:
        server.stop()


def test_a_session_cookie_of_before_signing_in_is_not_the_session_after(server: Server) -> None:
    """Fixation: the attacker's cookie, set by another port's page, is replaced and never used."""
    someone = Person(server, "ken")
    name, fixed = f"genkan_session{server.cookie_suffix}", "x" * 43
    someone.http.cookies.set(name, fixed, domain="localhost.local")
    assert someone.sign_in().status_code == 200
    values = [c.value for c in someone.http.cookies.jar if c.name.startswith("genkan_session")]
    assert len(values) == 1
    assert values != [fixed]
    thief = Person(server, "ken")
    thief.http.cookies.set(name, fixed, domain="localhost.local")
    assert 'action="/signin"' in thief.http.get("/start").text
