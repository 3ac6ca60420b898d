"""Use a code, token or assertion twice: one after the other, and many times at once.

Time-based one-time passwords come with MFA, which this release does not have.
"""

from collections import Counter

from tests.perform.dump import changes, dump
from tests.security.attacker import (
    DEVICE_GRANT,
    HTTP,
    Ledger,
    ask_by_pkce,
    assume,
    at_once,
    authorization_code,
    code_of,
    create_token,
    credentials_in,
    database,
    person,
    raw,
    registered,
    role_pair,
    saml_response,
    with_token,
)
from tests.security.enclosed import Enclosed
from tests.support.person import Person, device_token
from tests.support.server import Server

THREADS = 20


def works(server: Server, access_token: str) -> bool:
    """Whether an access token opens anything."""
    return with_token(server, "/assignment/accounts", access_token).status_code == 200


def test_an_authorization_code_gives_one_token_and_its_reuse_takes_it_back(server: Server) -> None:
    asked = ask_by_pkce(server)
    code = authorization_code(person(server, "alex"), asked)
    first = create_token(server, **asked.redemption(code))
    assert first.status_code == 200
    assert works(server, first.json()["accessToken"])
    again = create_token(server, **asked.redemption(code))
    assert code_of(again) == "InvalidGrantException"
    assert not works(server, first.json()["accessToken"])
    refreshed = create_token(
        server,
        **asked.client,
        grantType="refresh_token",
        refreshToken=first.json()["refreshToken"],
    )
    assert code_of(refreshed) == "InvalidGrantException"


def test_an_authorization_code_redeemed_by_twenty_at_once_gives_one_token(server: Server) -> None:
    asked = ask_by_pkce(server)
    body = asked.redemption(authorization_code(person(server, "alex"), asked))
    answers = at_once([lambda: create_token(server, **body)] * THREADS)
    assert Counter(map(code_of, answers)) == {"": 1, "InvalidGrantException": THREADS - 1}


def test_an_authorization_code_is_spent_by_a_wrong_verifier_and_by_another_client(
    server: Server,
) -> None:
    someone = person(server, "alex")
    for wrong in ({"codeVerifier": "a" * 43}, registered(server), {"redirectUri": "http://[::1]/"}):
        asked = ask_by_pkce(server)
        body = asked.redemption(authorization_code(someone, asked))
        assert code_of(create_token(server, **{**body, **wrong})) == "InvalidGrantException"
        assert code_of(create_token(server, **body)) == "InvalidGrantException"


def approved_device(server: Server) -> dict[str, str]:
    """CreateToken's body for a device that alex has approved."""
    client = registered(server, grantTypes=[DEVICE_GRANT, "refresh_token"])
    started = HTTP.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": server.facts["start_url"]},
    ).json()
    person(server, "alex").approve_device(started["userCode"]).raise_for_status()
    return {**client, "grantType": DEVICE_GRANT, "deviceCode": started["deviceCode"]}


def test_a_device_code_polled_by_twenty_at_once_gives_one_token(server: Server) -> None:
    body = approved_device(server)
    answers = at_once([lambda: create_token(server, **body)] * THREADS)
    assert Counter(map(code_of, answers)) == {"": 1, "InvalidGrantException": THREADS - 1}
    assert code_of(create_token(server, **body)) == "InvalidGrantException"
    (given,) = (answer for answer in answers if answer.status_code == 200)
    assert works(server, given.json()["accessToken"])


def test_a_user_code_is_answered_once(server: Server) -> None:
    client = registered(server, grantTypes=[DEVICE_GRANT])
    started = HTTP.post(
        f"{server.url}/device_authorization",
        json={**client, "startUrl": server.facts["start_url"]},
    ).json()
    refusing, approving = person(server, "alex"), person(server, "ken")
    pages = []
    for someone in (refusing, approving):
        page = someone.http.get("/device", params={"user_code": started["userCode"]})
        pages.append(
            someone.post_form(page, "/device", step="confirm", user_code=started["userCode"])
        )
    assert refusing.post_form(pages[0], "/device/consent", decision="deny").status_code == 200
    assert approving.post_form(pages[1], "/device/consent", decision="approve").status_code == 400
    answer = create_token(
        server, **client, grantType=DEVICE_GRANT, deviceCode=started["deviceCode"]
    )
    assert code_of(answer) == "AccessDeniedException"


def refresh(server: Server, given: dict[str, str]) -> dict[str, str]:
    """CreateToken's body for a refresh token."""
    return {
        "clientId": given["clientId"],
        "clientSecret": given["clientSecret"],
        "grantType": "refresh_token",
        "refreshToken": given["refreshToken"],
    }


def test_a_refresh_token_used_by_twenty_at_once_has_one_successor(server: Server) -> None:
    given = device_token(server, "alex")
    answers = at_once([lambda: create_token(server, **refresh(server, given))] * THREADS)
    assert {answer.status_code for answer in answers} == {200}
    successors = {(a.json()["accessToken"], a.json()["refreshToken"]) for a in answers}
    assert len(successors) == 1
    assert successors != {(given["accessToken"], given["refreshToken"])}


def test_a_refresh_token_used_after_its_successor_takes_the_grant_back(server: Server) -> None:
    """A thief and an owner both hold the first token; whoever is second ends it for both."""
    given = device_token(server, "alex")
    second = {**given, **create_token(server, **refresh(server, given)).json()}
    third = create_token(server, **refresh(server, second)).json()
    assert works(server, third["accessToken"])
    stolen = create_token(server, **refresh(server, given))
    assert code_of(stolen) == "InvalidGrantException"
    assert not works(server, third["accessToken"])
    assert not works(server, second["accessToken"])
    last = create_token(server, **refresh(server, {**given, **third}))
    assert code_of(last) == "InvalidGrantException"


def test_a_refresh_token_used_again_minutes_later_takes_the_grant_back(enclosed: Enclosed) -> None:
    given = device_token(enclosed, "alex")
    second = create_token(enclosed, **refresh(enclosed, given)).json()
    enclosed.advance(seconds=121)
    late = create_token(enclosed, **refresh(enclosed, given))
    assert code_of(late) == "InvalidGrantException"
    assert not works(enclosed, second["accessToken"])


def test_a_refresh_token_is_of_one_client(server: Server) -> None:
    given = device_token(server, "alex")
    stolen = create_token(server, **{**refresh(server, given), **registered(server)})
    assert code_of(stolen) == "InvalidGrantException"
    assert works(server, given["accessToken"])


def console(someone: Person, response: str) -> tuple[int, str]:
    """The answer to a posted SAML response: its status, and where it leads."""
    answer = someone.http.post("/saml/console", data={"SAMLResponse": response})
    return answer.status_code, answer.headers.get("location", "")


def test_a_saml_response_opens_one_session_whichever_way_it_is_used_again(server: Server) -> None:
    alex = person(server, "alex")
    for first in ("sts", "console"):
        response = saml_response(alex, "sakura-playground", "DeveloperAccess")
        if first == "sts":
            assert server.client("sts", credentials_in(assume(server, response)))
        else:
            assert console(alex, response) == (303, "/account")
        ledger = Ledger(server)
        for _ in range(3):
            assert code_of(assume(server, response)) == "InvalidIdentityToken"
            assert console(alex, response)[0] == 400
        assert ledger.changes_unaudited() == {}


def test_a_saml_response_exchanged_by_twenty_at_once_opens_one_session(server: Server) -> None:
    alex = person(server, "alex")
    response = saml_response(alex, "sakura-playground", "DeveloperAccess")
    ledger = Ledger(server)
    acts = [lambda: assume(server, response).status_code] * (THREADS // 2)
    acts += [lambda: console(alex, response)[0]] * (THREADS // 2)
    answers = Counter(at_once(acts))
    assert answers[200] + answers[303] == 1
    assert answers[400] == THREADS - 1
    assert ledger.changes_unaudited() == {"role_sessions": (1, 0), "used_assertions": (1, 0)}


def test_a_saml_response_written_differently_is_the_same_response(server: Server) -> None:
    """Line breaks in base64 change the text, not the assertion."""
    response = saml_response(person(server, "alex"), "sakura-playground", "DeveloperAccess")
    pair = role_pair(response)
    assert assume(server, response, pair).status_code == 200
    folded = "\n".join(response[i : i + 76] for i in range(0, len(response), 76))
    assert code_of(assume(server, folded, pair)) == "InvalidIdentityToken"


def test_a_csrf_token_and_a_sealed_attempt_give_no_second_session(server: Server) -> None:
    """What signed alex in is sent again by somebody who saw everything but the password."""
    alex = Person(server, "alex")
    page = alex.post_form(alex.http.get("/start"), "/signin", user_name="alex", action="continue")
    cookies = dict(alex.http.cookies)
    assert alex.post_form(page, "/signin", password=alex.password).status_code == 303
    before = dump(database(server))
    thief = Person(server, "alex", "not the password")
    for name, value in cookies.items():
        thief.http.cookies.set(name, value)
    assert thief.post_form(page, "/signin", password="not the password").status_code == 403
    assert "interactive_sessions" not in changes(before, dump(database(server)))


def test_a_finished_request_on_a_kept_connection_is_not_answered_twice(server: Server) -> None:
    """Bytes behind a closing request are no request."""
    line = f"GET /robots.txt HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
    sent = f"{line}Connection: close\r\n\r\n{line}\r\n".encode()
    assert raw(server, sent).count(b"HTTP/1.1 ") == 1
