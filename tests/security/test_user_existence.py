"""Learn from an answer or its timing whether a user exists.

Time itself is not measured: the work is. The same bytes, the same hash, the same statements.
"""

import re
from collections import Counter

import httpx

from tests.security.enclosed import Enclosed, counted_work
from tests.support.person import Person
from tests.support.server import ANSWER_SECONDS, Server

#: A name that exists, and one of the same length that does not.
KNOWN, UNKNOWN = "maria", "mario"


def attempt(server: Server, user_name: str, password: str) -> list[httpx.Response]:
    """Both pages of an attempt in a browser of its own."""
    someone = Person(server, user_name, password)
    page = someone.http.get("/start?hint=off")  # The sandbox's hint names the sample users.
    first = someone.post_form(page, "/signin", user_name=user_name, action="continue")
    second = someone.post_form(first, "/signin", password=password, action="continue")
    return [first, second]


def shape(answer: httpx.Response, user_name: str) -> tuple[int, list[tuple[str, str]], str]:
    """An answer without what is random in each: tokens become their length."""

    def still(text: str) -> str:
        text = text.replace(user_name, "NAME")
        text = re.sub(r'(?<=name="csrf_token" value=")[^"]+', _length, text)
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "REQUEST", text)
        return re.sub(r"(?<==)[A-Za-z0-9_-]{60,}", _length, text)

    fields = [(name, still(value)) for name, value in answer.headers.items() if name != "date"]
    return answer.status_code, fields, still(answer.text)


def _length(found: re.Match[str]) -> str:
    return f"<{len(found[0])}>"


def test_a_user_who_does_not_exist_gets_the_same_bytes(enclosed: Enclosed) -> None:
    enclosed.freeze()  # A lock-out says how many seconds it lasts.
    for _ in range(7):  # Past the five free attempts, so that the lock-out is compared as well.
        known = attempt(enclosed, KNOWN, "a wrong password")
        unknown = attempt(enclosed, UNKNOWN, "a wrong password")
        assert [shape(answer, KNOWN) for answer in known] == [
            shape(answer, UNKNOWN) for answer in unknown
        ]
    assert known[1].status_code == 429


def make_user(server: Server, user_name: str) -> None:
    server.client("identitystore").create_user(
        IdentityStoreId=server.facts["identity_store_id"],
        UserName=user_name,
        DisplayName=user_name,
        Name={"GivenName": "A", "FamilyName": "B"},
    )


def work_of(enclosed: Enclosed, user_name: str, password: str) -> tuple[int, Counter[str]]:
    someone = Person(enclosed, user_name, password)
    page = someone.post_form(
        someone.http.get("/start"), "/signin", user_name=user_name, action="continue"
    )
    with counted_work() as seen:
        answer = someone.post_form(page, "/signin", password=password, action="continue")
    # One new name in 128 has the table counted, by a hash under the installation's key.
    del seen["SELECT COUNT(*) FROM sign_in_attempts"]
    return answer.status_code, seen


def test_a_user_who_cannot_sign_in_costs_the_same_work(enclosed: Enclosed) -> None:
    make_user(enclosed, "nopassword")
    enclosed.set_status("ken", "DISABLED")
    right = enclosed.user("ken")["password"]
    for attempts in range(7):
        known = work_of(enclosed, KNOWN, "a wrong password")
        assert known[0] == (403 if attempts < 5 else 429)
        hashes = [count for key, count in known[1].items() if key.startswith("hash $argon2id$")]
        assert hashes == ([1] if attempts < 5 else [])
        assert sum(known[1].values()) >= (12 if attempts < 5 else 3)
        for other, password in ((UNKNOWN, "x"), ("nopassword", "x"), ("ken", right)):
            assert work_of(enclosed, other, password) == known, other


def test_the_first_page_asks_nothing_about_the_user_name(enclosed: Enclosed) -> None:
    someone = Person(enclosed, KNOWN, "x")
    page = someone.http.get("/start")
    with counted_work() as seen:
        someone.post_form(page, "/signin", user_name=KNOWN, action="continue")
    assert [sql for sql in seen if "users" in sql or "passwords" in sql] == []


def test_a_strangers_command_line_learns_of_no_user(server: Server) -> None:
    """Nothing that anybody may ask takes a user name, so all there is to compare is the API."""
    for path in ("/assignment/accounts", "/assignment/roles", "/federation/credentials"):
        answers = {
            httpx.get(
                f"{server.url}{path}",
                params={"account_id": server.account("sakura-web-dev"), "role_name": name},
                headers={"x-amz-sso_bearer_token": token},
                timeout=ANSWER_SECONDS,
            ).text
            for name in ("ReadOnlyAccess", "NoSuchRole")
            for token in (f"aoa{KNOWN}", f"aoa{UNKNOWN}")
        }
        assert len(answers) == 1
