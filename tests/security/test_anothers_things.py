"""Read or change another user's things by changing an id.

alex is the attacker, hanako (an administrator) the victim. Whatever names a thing of hers is put
where alex's own would stand.
"""

import pytest

from tests.security.attacker import (
    DEVICE_GRANT,
    HTTP,
    Ledger,
    ask_by_pkce,
    assume,
    authorization_code,
    code_of,
    cookie_of,
    create_token,
    credentials_in,
    csrf_of,
    person,
    post,
    registered,
    role_pair,
    saml_response,
    with_token,
)
from tests.support.person import Person, access_token, forms_of, role_credentials
from tests.support.server import Server


@pytest.fixture
def alex(server: Server) -> Person:
    return person(server, "alex")


@pytest.fixture
def hanako(server: Server) -> Person:
    return person(server, "hanako")


def console_opened(someone: Person, alias: str, role_name: str) -> str:
    """The sealed cookie of an account opened in the browser."""
    response = saml_response(someone, alias, role_name)
    answer = someone.http.post("/saml/console", data={"SAMLResponse": response})
    assert answer.headers["location"] == "/account"
    return cookie_of(someone, "genkan_console")


def test_an_account_and_role_of_another_gives_no_keys_and_opens_no_console(
    server: Server, alex: Person
) -> None:
    token = access_token(server, "alex")
    ledger = Ledger(server)
    for alias, role in (
        ("sakura-security", "AdministratorAccess"),
        ("sakura-web-prod", "AdministratorAccess"),
        ("sakura-data-prod", "DataAnalyst"),
        ("sakura-web-prod", "NoSuchRole"),
    ):
        account_id = server.account(alias)
        named = {"account_id": account_id, "role_name": role}
        answer = with_token(server, "/federation/credentials", token, **named)
        assert (answer.status_code, code_of(answer)) == (403, "ForbiddenException")
        for path in ("/access-keys", "/console"):
            assert post(alex, path, **named).status_code == 403
        page = alex.http.get("/access-keys", params=named)
        assert page.status_code == 403
        assert alias not in page.text
    assert ledger.changes_unaudited() == {}


def test_accounts_of_others_have_no_roles_and_are_not_told_from_accounts_that_do_not_exist(
    server: Server,
) -> None:
    token = access_token(server, "alex")
    mine = {
        row["accountId"]
        for row in with_token(server, "/assignment/accounts", token).json()["accountList"]
    }
    every = {account["id"] for account in server.facts["accounts"]}
    assert mine < every
    answers = {
        with_token(server, "/assignment/roles", token, account_id=account_id).text
        for account_id in ((every - mine) | {"000000000000", "999999999999"})
    }
    assert len(answers) == 1
    assert '"roleList":[]' in answers.pop()


def test_a_page_token_of_another_continues_nothing(server: Server) -> None:
    hers = with_token(
        server, "/assignment/accounts", access_token(server, "hanako"), max_result="1"
    ).json()["nextToken"]
    assert hers
    mine = access_token(server, "alex")
    stolen = with_token(server, "/assignment/accounts", mine, next_token=hers, max_result="1")
    assert (stolen.status_code, code_of(stolen)) == (400, "InvalidRequestException")


def test_a_console_cookie_of_another_shows_nothing(
    server: Server, alex: Person, hanako: Person
) -> None:
    hers = console_opened(hanako, "sakura-security", "AdministratorAccess")
    assert "Security Tooling" in hanako.http.get("/account").text
    name = f"genkan_console_{server.port}"
    alex.http.cookies.set(name, hers, domain="localhost.local")
    answer = alex.http.get("/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/start")
    ledger = Ledger(server)
    assert post(alex, "/account/signout").status_code == 303
    assert ledger.changes_unaudited() == {}
    assert "Security Tooling" in hanako.http.get("/account").text


def test_a_console_cookie_outlives_no_change_of_person_in_the_browser(
    server: Server, alex: Person
) -> None:
    """alex signs out of a shared browser and ken signs in: alex's account is closed to him."""
    console_opened(alex, "sakura-playground", "AdministratorAccess")
    cookie = cookie_of(alex, "genkan_console")
    alex.post_form(alex.http.get("/start"), "/signout")
    ken = person(server, "ken")
    ken.http.cookies.set(f"genkan_console_{server.port}", cookie, domain="localhost.local")
    assert ken.http.get("/account").headers["location"] == "/start"


def copied(someone: Person, change: str = "") -> Person:
    """Another browser with the same cookies, one character of one of them changed."""
    thief = Person(someone.server, someone.user_name)
    for kept in someone.http.cookies.jar:
        value = kept.value or ""
        if change and kept.name.startswith(change):
            value = value[:20] + ("A" if value[20] != "A" else "B") + value[21:]
        thief.http.cookies.set(kept.name, value, domain=kept.domain)
    return thief


def test_a_changed_cookie_is_no_cookie(alex: Person) -> None:
    console_opened(alex, "sakura-playground", "AdministratorAccess")
    assert "Playground" in copied(alex).http.get("/account").text
    for name in ("genkan_session", "genkan_console"):
        assert "Playground" not in copied(alex, name).http.get("/account").text


def test_a_saml_response_of_another_puts_nobody_into_their_session(
    server: Server, alex: Person, hanako: Person
) -> None:
    """Sign-in by force: the victim's browser is made to post the attacker's response."""
    response = saml_response(alex, "sakura-playground", "AdministratorAccess")
    answer = hanako.http.post("/saml/console", data={"SAMLResponse": response})
    assert answer.status_code == 403
    assert not any(c.name.startswith("genkan_console") for c in hanako.http.cookies.jar)


def test_a_saml_response_is_good_for_its_own_role_and_provider_only(
    server: Server, alex: Person, hanako: Person
) -> None:
    mine = saml_response(alex, "sakura-playground", "DeveloperAccess")
    role, provider = role_pair(mine)
    better = role_pair(saml_response(hanako, "sakura-playground", "AdministratorAccess"))
    elsewhere = role_pair(saml_response(hanako, "sakura-security", "AdministratorAccess"))
    account_id = server.account("sakura-playground")
    access = f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole"
    ledger = Ledger(server)
    for pair in (
        better,
        elsewhere,
        (better[0], provider),
        (role, elsewhere[1]),
        (access, provider),
    ):
        answer = assume(server, mine, pair)
        assert code_of(answer) in ("AccessDenied", "InvalidIdentityToken"), pair
    assert ledger.changes_unaudited() == {}
    assert assume(server, mine).status_code == 200


def test_a_role_session_of_another_is_not_ended(server: Server, alex: Person) -> None:
    keys = role_credentials(server, "hanako", "sakura-security", "ReadOnlyAccess")
    console_opened(alex, "sakura-playground", "AdministratorAccess")
    answer = post(alex, "/account/signout", access_key_id=keys["access_key_id"])
    assert answer.status_code == 303
    server.client("sts", keys).get_caller_identity()


def test_a_session_token_of_another_session_signs_nothing(server: Server, alex: Person) -> None:
    mine = credentials_in(
        assume(server, saml_response(alex, "sakura-playground", "AdministratorAccess"))
    )
    hers = role_credentials(server, "hanako", "sakura-playground", "AdministratorAccess")
    for mixed in (
        {**mine, "session_token": hers["session_token"]},
        {**hers, "secret_access_key": mine["secret_access_key"]},
        {**hers, "access_key_id": mine["access_key_id"]},
    ):
        with pytest.raises(Exception, match=r"InvalidClientTokenId|SignatureDoesNotMatch"):
            server.client("sts", mixed).get_caller_identity()


def test_a_device_request_is_decided_by_who_was_asked(server: Server, alex: Person) -> None:
    """Knowing the request's id is not enough: it goes with its user code."""
    client = registered(server, grantTypes=[DEVICE_GRANT])
    start = {**client, "startUrl": server.facts["start_url"]}
    hers, mine = (HTTP.post(f"{server.url}/device_authorization", json=start).json() for _ in "ab")
    page = alex.http.get("/device", params={"user_code": mine["userCode"]})
    page = alex.post_form(page, "/device", step="confirm", user_code=mine["userCode"])
    form = next(form for form in forms_of(page.text) if form["action"] == "/device/consent")
    data = {**form["fields"], "user_code": hers["userCode"], "decision": "approve"}
    assert alex.http.post("/device/consent", data=data).status_code == 400
    for started in (hers, mine):
        body = {**client, "grantType": DEVICE_GRANT, "deviceCode": started["deviceCode"]}
        assert code_of(create_token(server, **body)) == "AuthorizationPendingException"


def test_an_authorization_code_belongs_to_its_client(server: Server, hanako: Person) -> None:
    asked = ask_by_pkce(server)
    code = authorization_code(hanako, asked)
    stolen = {**asked.redemption(code), **registered(server)}
    assert code_of(create_token(server, **stolen)) == "InvalidGrantException"


def test_a_client_id_cannot_be_written_by_its_client(server: Server) -> None:
    client = registered(server)
    for changed in (
        client["clientId"][:-1] + ("A" if client["clientId"][-1] != "A" else "B"),
        client["clientId"] + "=",
        client["clientId"] + "A",
        "",
        "x" * 200,
    ):
        for secret in (client["clientSecret"], "", changed):
            answer = create_token(
                server, clientId=changed, clientSecret=secret, grantType="refresh_token"
            )
            assert answer.status_code in (400, 401)
            assert code_of(answer) in ("InvalidClientException", "InvalidRequestException")


def test_signing_out_by_a_token_ends_its_own_session_only(server: Server, hanako: Person) -> None:
    token = access_token(server, "alex")
    headers = {"x-amz-sso_bearer_token": token}
    assert HTTP.post(f"{server.url}/logout", headers=headers).status_code == 200
    assert with_token(server, "/assignment/accounts", token).status_code == 401
    assert "Security Tooling" in hanako.http.get("/start").text


def test_a_form_of_one_session_does_nothing_in_another(alex: Person, hanako: Person) -> None:
    account_id = hanako.server.account("sakura-security")
    answer = hanako.http.post(
        "/access-keys",
        data={
            "csrf_token": csrf_of(alex.http.get("/start")),
            "account_id": account_id,
            "role_name": "AdministratorAccess",
        },
    )
    assert answer.status_code == 403
    assert "AWS_SECRET_ACCESS_KEY" not in answer.text
