"""Text to paste into a terminal is exact, and nothing that could do harm gets into it."""

from __future__ import annotations

import configparser
import subprocess

import pytest

from genkan.fronts.web import snippets

KEYS = (
    ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "abc/DEF+123"),
    ("AWS_SESSION_TOKEN", "IQoJb3==/+"),
)


def text(lines: list[snippets.Line]) -> str:
    return "\n".join(before + value + after for before, value, after, _ in lines)


def test_posix_shell_takes_the_values_as_they_are() -> None:
    script = text(snippets.environment("posix", KEYS)) + (
        '\nprintf "%s|%s|%s" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN"'
    )
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split("|") == [value for _, value in KEYS]


def test_windows_shells_have_their_own_assignments() -> None:
    assert text(snippets.environment("cmd", KEYS[:1])) == "SET AWS_ACCESS_KEY_ID=ASIAEXAMPLE"
    assert (
        text(snippets.environment("powershell", KEYS[:1])) == '$Env:AWS_ACCESS_KEY_ID="ASIAEXAMPLE"'
    )


def test_profile_is_a_section_of_the_credentials_file() -> None:
    parsed = configparser.RawConfigParser()
    parsed.read_string(text(snippets.profile("111122223333_Admin", KEYS)))
    assert dict(parsed["111122223333_Admin"]) == {k.lower(): v for k, v in KEYS}


def test_only_the_key_id_is_not_secret() -> None:
    assert [secret for *_, secret in snippets.environment("posix", KEYS)] == [False, True, True]
    assert [secret for *_, secret in snippets.profile("p", KEYS)] == [False, False, True, True]


def test_keys_of_another_place_than_aws_come_with_its_address() -> None:
    place = "http://localhost:8080"
    *_, last = snippets.environment("posix", KEYS, place)
    assert last == ('export AWS_ENDPOINT_URL="', place, '"', False)
    parsed = configparser.RawConfigParser()
    parsed.read_string(text(snippets.profile("p", KEYS, place)))
    assert parsed["p"]["endpoint_url"] == place


@pytest.mark.parametrize("url", ["", "localhost", 'http://x"; rm -rf ~; "', "http://x/\ny = z"])
def test_an_address_that_a_shell_would_run_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        snippets.environment("posix", KEYS, url)
    with pytest.raises(ValueError):
        snippets.profile("p", KEYS, url)
    with pytest.raises(ValueError):
        sso_profile(endpoint_url=url)


def test_one_address_for_every_service_belongs_to_the_profile() -> None:
    parsed = configparser.RawConfigParser()
    parsed.read_string(sso_profile(endpoint_url="http://localhost:8080"))
    assert parsed["profile 111122223333_Dev"]["endpoint_url"] == "http://localhost:8080"


@pytest.mark.parametrize("value", ["", '"; rm -rf ~; "', "$(id)", "`id`", "%PATH%", "a\nb", "a&b"])
def test_a_value_that_a_shell_would_run_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        snippets.environment("posix", (("AWS_SESSION_TOKEN", value),))
    with pytest.raises(ValueError):
        snippets.profile("p", (("AWS_SESSION_TOKEN", value),))


def sso_profile(**changes: str) -> str:
    values = {
        "name": "111122223333_Dev",
        "start_url": "https://d-1234567890.awsapps.com/start",
        "region": "eu-west-1",
        "account_id": "111122223333",
        "role_name": "Dev",
        **changes,
    }
    return snippets.sso_profile(
        **values, endpoints=(("sso_oidc", "http://localhost:8080"), ("sso", "http://[::1]:8080"))
    )


def test_services_belong_to_the_profile_and_not_to_the_session() -> None:
    parsed = configparser.RawConfigParser()
    parsed.read_string(sso_profile())
    assert parsed["profile 111122223333_Dev"]["services"] == "genkan"
    assert "services" not in parsed["sso-session genkan"]
    assert parsed["services genkan"]["sso_oidc"] == "\nendpoint_url = http://localhost:8080"
    assert parsed["sso-session genkan"]["sso_registration_scopes"] == "sso:account:access"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start_url", "https://x/\ncredential_process = evil"),
        ("region", "eu-west-1\n[default]"),
        ("role_name", "Dev\ncredential_process = evil"),
        ("name", "x]\ncredential_process = evil"),
    ],
)
def test_a_value_cannot_add_a_line_to_the_config_file(name: str, value: str) -> None:
    with pytest.raises(ValueError):
        sso_profile(**{name: value})
