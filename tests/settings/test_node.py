"""Settings of a node: where values come from, and what is too unsafe to start with."""

import base64
import ipaddress
import os
from pathlib import Path
from typing import Any

import pytest

from genkan.core.quotas import Quotas
from genkan.settings import SettingsRefused
from genkan.settings.node import OPTIONS, NodeSettings, node_settings

KEY = base64.b64encode(bytes(range(32))).decode()
SAFE = {
    "GENKAN_BASE_URL": "https://sso.example.com",
    "GENKAN_DATABASE": "postgresql://genkan@db/genkan",
    "GENKAN_KEY": KEY,
}


def settings(file: Path | None = None, **changes: str | None) -> NodeSettings:
    """Settings of a safe environment with changes; None takes a variable away."""
    named = {f"GENKAN_{name.upper()}": value for name, value in changes.items()}
    env = {name: value for name, value in {**SAFE, **named}.items() if value is not None}
    return node_settings(file, env)


def refused(file: Path | None = None, **changes: str | None) -> str:
    """What the settings are refused with: one line, without any secret."""
    with pytest.raises(SettingsRefused) as caught:
        settings(file, **changes)
    message = str(caught.value)
    assert "\n" not in message
    assert KEY not in message
    return message


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """A settings file."""
    file = folder / "genkan.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_what_is_not_said_is_the_default_of_the_table() -> None:
    found = settings()
    assert found.listen == ("127.0.0.1", 8420)
    assert found.operations_listen is None
    assert found.trusted_proxies == ()
    assert found.worker is True
    assert found.drain_seconds == 0
    assert found.refusal_records == "limited"
    assert (found.log_level, found.log_format) == ("info", "json")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, 'listen = "127.0.0.1:1"\nworker = false\ndrain_seconds = 2.5\n')
    found = settings(file, listen="127.0.0.1:2")
    assert found.listen == ("127.0.0.1", 2)
    assert found.worker is False
    assert found.drain_seconds == 2.5


def test_the_file_may_be_named_by_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, "worker = false\n")
    assert settings(settings=str(file)).worker is False


def test_a_file_alone_says_everything(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://genkan:secret@db/genkan\n")
    file = written(
        tmp_path,
        f"""
        base_url = "https://sso.example.com"
        database_file = "{tmp_path / "dsn"}"
        key_file = "/run/secrets/genkan"
        listen = "[::1]:8443"
        operations_listen = "0.0.0.0:9000"
        trusted_proxies = ["10.0.0.0/8", "2001:db8::1"]
        """,
    )
    found = node_settings(file, {})
    assert found.database == "postgresql://genkan:secret@db/genkan"
    assert found.key.file == Path("/run/secrets/genkan")
    assert found.listen == ("::1", 8443)
    assert found.operations_listen == ("0.0.0.0", 9000)
    assert found.trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("2001:db8::1/128"),
    )
    assert ":secret@" not in repr(found)


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("https://sso.example.com", {"sso.example.com", "sso.example.com:443"}),
        ("https://SSO.example.com:443", {"sso.example.com", "sso.example.com:443"}),
        ("https://sso.example.com:8443", {"sso.example.com:8443"}),
        ("http://localhost:8420", {"localhost:8420"}),
        ("http://localhost", {"localhost", "localhost:80"}),
    ],
)
def test_only_the_base_urls_own_host_is_answered(url: str, hosts: set[str]) -> None:
    assert settings(base_url=url).allowed_hosts == hosts


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": None}, "there is no key-encryption key"),
        ({"base_url": None}, "base_url is not set"),
        ({"database": None}, "database is not set"),
        ({"base_url": "http://sso.example.com"}, "is http: passwords and credentials"),
        ({"base_url": "http://10.0.0.1:8420"}, "is http: passwords and credentials"),
        ({"base_url": "sso.example.com"}, "is not of the form http(s)://name[:port]"),
        ({"base_url": "https://sso.example.com/path"}, "is not of the form"),
        ({"base_url": "https://user@sso.example.com"}, "is not of the form"),
        ({"listen": "0.0.0.0:8420"}, "without TLS"),
        ({"listen": "8420"}, "is no address and port"),
        ({"listen": "127.0.0.1:0"}, "is no address and port"),
        ({"listen": "127.0.0.1:65536"}, "is no address and port"),
        ({"operations_listen": "127.0.0.1:8420"}, "are the same address"),
        ({"tls_certificate": "/x.pem"}, "are given together"),
        (
            {"tls_certificate": "/x", "tls_key": "/y", "base_url": "http://localhost:8420"},
            "is no https address",
        ),
        ({"trusted_proxies": "10.0.0.1/8"}, "trusted_proxies: 10.0.0.1/8 has host bits set"),
        ({"trusted_proxies": "proxy.example.com"}, "trusted_proxies: "),
        ({"trusted_proxies": "0.0.0.0/0"}, "must not be everybody"),
        ({"trusted_proxies": "::ffff:0:0/96"}, "must not be everybody"),
        ({"worker": "perhaps"}, "worker must be true or false"),
        ({"drain_seconds": "-1"}, "is no number of seconds"),
        ({"drain_seconds": "nan"}, "is no number of seconds"),
        ({"drain_seconds": "1e9"}, "is no number of seconds"),
        ({"refusal_records": "none"}, "refusal_records must be limited or all"),
        ({"log_level": "loud"}, "is none of debug, info, warning, error"),
        ({"log_format": "xml"}, "is neither json nor text"),
        ({"database_file": "/nowhere", "database": None}, "/nowhere cannot be read"),
        ({"database_file": "/nowhere"}, "are both set"),
        ({"settings": "/nowhere.toml"}, "/nowhere.toml cannot be read"),
    ],
)
def test_what_is_unsafe_or_senseless_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refused(**changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker =", "is no TOML"),
        ('bse_url = "https://x"', "there is no option bse_url; base_url is meant?"),
        ("frobnicate = 1", "there is no option frobnicate"),
        (f'key = "{KEY}"', "must not hold the key itself"),
        ("worker = { yes = true }", "worker must be a text"),
        ("trusted_proxies = [1]", "trusted_proxies must be a text"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused(written(tmp_path, text))


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_a_password_that_others_can_read_is_refused(tmp_path: Path) -> None:
    text = 'database = "postgresql://genkan:secret@db/genkan"\n'
    message = refused(written(tmp_path, text, mode=0o640), database=None)
    assert "others can read it" in message
    assert "secret" not in message
    settings(written(tmp_path, text, mode=0o600), database=None)
    settings(written(tmp_path, text.replace(":secret", ""), mode=0o644), database=None)


def test_behind_a_named_proxy_a_node_may_listen_anywhere() -> None:
    found = settings(listen="0.0.0.0:8420", trusted_proxies="10.1.2.3")
    assert found.listen == ("0.0.0.0", 8420)


def test_an_empty_key_counts_as_given() -> None:
    assert settings(key="").key.text == ""


def test_every_option_is_a_setting() -> None:
    names = {option.name for option in OPTIONS}
    assert names == set(NodeSettings.__dataclass_fields__)


def test_quotas_are_said_in_the_file_as_a_list(tmp_path: Path) -> None:
    assert settings().quotas == Quotas()
    file = written(tmp_path, 'quotas = ["users=200000", "permission_sets=5000"]\n')
    assert settings(file).quotas == Quotas(users=200_000, permission_sets=5_000)
    assert "people" in refused(quotas="people=5")
