"""Which start and issuer URLs mean the instance (reference §0.1, §1.3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.instances import operations as instances
from genkan.instances.urls import issuer_url, own_start_url, url_matches
from tests.slices.instances.support import INSTANCE, STORE, an_instance
from tests.support.store import Store

NAME = "https://d-1234567890.awsapps.com/start"
LOCAL = "http://localhost:8080/start"
ISSUER = f"https://identitycenter.amazonaws.com/{INSTANCE}"

SAME = [
    (NAME, NAME),
    (NAME + "/", NAME),
    (NAME + "//", NAME),
    (NAME + "#", NAME),
    (NAME + "#/", NAME),
    (NAME + "/#/", NAME),
    (NAME + "/#/?tab=accounts", NAME),
    ("https://d-1234567890.awsapps.com:443/start", NAME),
    ("https://d-1234567890.awsapps.com:/start", NAME),
    ("HTTPS://D-1234567890.AwsApps.Com/start", NAME),
    ("https://d-1234567890.awsapps.com:443/start/#/", NAME),
    (LOCAL + "/#/", LOCAL),
    ("HTTP://LocalHost:8080/start/", LOCAL),
    (ISSUER + "/#/", ISSUER),
    (ISSUER.replace("https", "HTTPS"), ISSUER),
    ("http://localhost/start", "http://localhost:80/start"),
    ("https://[::1]:8443/start/", "https://[::1]:8443/start"),
]

OTHER = [
    "",
    "start",
    "/start",
    "//d-1234567890.awsapps.com/start",
    "d-1234567890.awsapps.com/start",
    "http://d-1234567890.awsapps.com/start",
    "http://d-1234567890.awsapps.com:443/start",
    "ftp://d-1234567890.awsapps.com/start",
    "javascript://d-1234567890.awsapps.com/start",
    "https://d-1234567890.awsapps.com",
    "https://d-1234567890.awsapps.com/",
    "https://d-1234567890.awsapps.com/START",
    "https://d-1234567890.awsapps.com/start/more",
    "https://d-1234567890.awsapps.com//start",
    "https://d-1234567890.awsapps.com/./start",
    "https://d-1234567890.awsapps.com/x/../start",
    "https://d-1234567890.awsapps.com/st%61rt",
    "https://d-1234567890.awsapps.com/start;a=b",
    "https://d-1234567890.awsapps.com/start?",
    "https://d-1234567890.awsapps.com/start?next=https://evil.example",
    "https://d-1234567890.awsapps.com:8443/start",
    "https://d-1234567890.awsapps.com:99999/start",
    "https://d-1234567890.awsapps.com:x/start",
    "https://d-1234567891.awsapps.com/start",
    "https://d-1234567890.awsapps.com./start",
    "https://d-1234567890.awsapps.com.evil.example/start",
    "https://evil.example/d-1234567890.awsapps.com/start",
    "https://user@d-1234567890.awsapps.com/start",
    "https://user:password@d-1234567890.awsapps.com/start",
    "https://@d-1234567890.awsapps.com/start",
    "https://d-1234567890.awsapps.com\\@evil.example/start",
    "https:\\\\d-1234567890.awsapps.com/start",
    " https://d-1234567890.awsapps.com/start",
    "https://d-1234567890.awsapps.com/start ",
    "https://d-1234567890.aws\tapps.com/start",
    "https://d-1234567890.awsapps.com/st\nart",
    "https://d-1234567890.awsapps.com/start\x00",
    "https://d-1234567890.awsapps.com/ｓtart",
    "https://d-１234567890.awsapps.com/start",
    "https://d-1234567890。awsapps.com/start",
    "https://[d-1234567890.awsapps.com/start",
    "https:///start",
    "https://:443/start",
    NAME + "#" + "x" * 2048,
    LOCAL,
    ISSUER,
]


@pytest.mark.parametrize(("url", "name"), SAME)
def test_spellings_of_one_address_match(url: str, name: str) -> None:
    assert url_matches(url, name)


@pytest.mark.parametrize("url", OTHER)
def test_another_address_does_not_match(url: str) -> None:
    assert not url_matches(url, NAME)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/start",
        "http://[::1]:8080/start",
        "https://localhost:8080/start",
        "http://localhost/start",
        "http://localhost:8081/start",
        "http://localhost:8080",
    ],
)
def test_our_own_address_matches_by_name_scheme_and_port(url: str) -> None:
    assert not url_matches(url, LOCAL)


@pytest.mark.parametrize(
    "url", [ISSUER[:-1], ISSUER + "0", ISSUER.upper(), ISSUER + "/start", ISSUER + "?x"]
)
def test_the_issuer_matches_with_its_instance_only(url: str) -> None:
    assert not url_matches(url, ISSUER)


@given(st.text(max_size=60))
def test_no_text_makes_matching_fail_or_matches_by_chance(text: str) -> None:
    assert not url_matches(text, NAME)
    assert url_matches(NAME + "#" + text, NAME) == all("!" <= c <= "~" and c != "\\" for c in text)


@given(st.sampled_from(range(len(NAME))), st.characters(min_codepoint=33, max_codepoint=126))
def test_a_changed_letter_matches_only_where_case_is_free(position: int, letter: str) -> None:
    changed = NAME[:position] + letter + NAME[position + 1 :]
    end_of_host = NAME.index("/start")
    free = position < end_of_host and letter.lower() == NAME[position].lower()
    assert url_matches(changed, NAME) == (free or changed == NAME)


def test_our_own_start_url_stands_under_the_base_url() -> None:
    assert own_start_url("http://localhost:8080") == LOCAL
    assert own_start_url("https://sso.example.org/") == "https://sso.example.org/start"


@pytest.mark.parametrize("url", [NAME, NAME + "/#/", ISSUER, ISSUER + "/", LOCAL, LOCAL + "/#/"])
def test_the_instance_answers_to_its_names(enabled: Store, url: str) -> None:
    with enabled.write() as tx:
        assert instances.accepts_start_url(tx, url) == instances.the_instance(tx)


@pytest.mark.parametrize("url", ["https://example.org/start", "http://localhost:8080/", ""])
def test_the_instance_does_not_answer_to_others(enabled: Store, url: str) -> None:
    with enabled.write() as tx:
        assert instances.accepts_start_url(tx, url) is None


def test_nothing_answers_before_there_is_an_instance(store: Store) -> None:
    with store.write() as tx:
        assert instances.accepts_start_url(tx, LOCAL) is None


def test_an_alias_is_another_name_beside_the_stores(store: Store) -> None:
    with store.write() as tx:
        instance: Any = an_instance(tx, alias="example-corp")
        assert instances.aws_start_url(instance) == "https://example-corp.awsapps.com/start"
        for url in ("https://example-corp.awsapps.com/start", NAME):
            assert instances.accepts_start_url(tx, url) == instance


def test_names_are_in_awss_forms(enabled: Store) -> None:
    with enabled.write() as tx:
        instance = instances.the_instance(tx)
    assert instances.aws_start_url(instance) == f"https://{STORE}.awsapps.com/start"
    assert instances.issuer_url(instance) == issuer_url(instance) == ISSUER
