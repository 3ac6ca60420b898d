"""Settings of `genkan serve` and of the commands that work beside it.

Owns the table of options (`OPTIONS`), where their values come from, and the refusals of what is
unsafe. A value comes from the environment (`GENKAN_` and the option's name in capitals), else from
the settings file, else it is the default. What may hold a secret can also be named as a file:
`database_file` or `GENKAN_DATABASE_FILE`. Invariant: an option that nobody knows is an error, as a
mistyped one would otherwise be a default that nobody meant.
"""

import difflib
import ipaddress
import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genkan.core.addresses import Network, plain_network
from genkan.core.quotas import Quotas
from genkan.core.rates import Throttling
from genkan.settings.values import (
    LOOPBACK,
    KeySetting,
    LogFormat,
    RefusalRecords,
    SettingsRefused,
    log_format,
    log_level,
    origin,
    quotas,
    refusal_records,
    throttling,
    truth,
)

Address = tuple[str, int]
_LONGEST_FILE = 65_536
_PREFIX = "GENKAN_"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """What a node is told. `listen` and `operations_listen` are addresses with their ports."""

    base_url: str
    database: str = field(repr=False)
    key: KeySetting
    listen: Address
    operations_listen: Address | None
    trusted_proxies: tuple[Network, ...]
    tls_certificate: Path | None
    tls_key: Path | None
    worker: bool
    drain_seconds: float
    quotas: Quotas
    throttling: Throttling
    refusal_records: RefusalRecords
    log_level: str
    log_format: LogFormat

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """`Host` values that are answered: the base URL's, with and without its scheme's port."""
        url = urlsplit(self.base_url)
        host = url.netloc.lower()
        usual = ":443" if url.scheme == "https" else ":80"
        return frozenset({host, host.removesuffix(usual), host if url.port else host + usual})


@dataclass(frozen=True, slots=True)
class Option:
    """One option: what it means to whoever sets it, and its default as it would be written."""

    name: str
    meaning: str
    default: str = ""
    as_file: bool = False


OPTIONS = (
    Option(
        "base_url",
        "The https address that people and programs reach the installation at. http only for a"
        " loopback name.",
    ),
    Option(
        "database",
        "`postgresql://user:password@host/name`, or `sqlite:/path/to/file` on a single machine.",
        as_file=True,
    ),
    Option(
        "key",
        "The key-encryption key, 32 random bytes in base64 (`openssl rand -base64 32`). A settings"
        " file cannot hold it, only name its file: `key_file`.",
        as_file=True,
    ),
    Option("listen", "Address and port to listen on.", "127.0.0.1:8420"),
    Option(
        "operations_listen",
        "Address and port of health and metrics, for those who operate it; nowhere when empty.",
    ),
    Option(
        "trusted_proxies",
        "Addresses or networks of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are"
        " believed; separated by commas in the environment, a list in the file.",
    ),
    Option("tls_certificate", "Speak https with the certificate in this file (PEM, its chain)."),
    Option("tls_key", "The private key of `tls_certificate` (PEM)."),
    Option("worker", "Whether a serving node also works on what operations leave to do.", "true"),
    Option(
        "drain_seconds",
        "How long a node that is told to stop goes on answering, while `/readyz` says that it"
        " stops.",
        "0",
    ),
    Option(
        "quotas",
        "Quotas that are not AWS's, such as `users=200000`; separated by commas in the environment,"
        " a list in the file.",
    ),
    Option(
        "throttling",
        "`aws` refuses requests that come faster than AWS's published rates, `off` none.",
        "off",
    ),
    Option(
        "refusal_records",
        "`limited` records the refusals of a proven caller within [budgets](audit.md#refusals),"
        " `all` every one that was not throttled, however many that makes.",
        "limited",
    ),
    Option("log_level", "`debug`, `info`, `warning` or `error`.", "info"),
    Option("log_format", "`json`, one object a line, or `text`.", "json"),
)
_BY_NAME = {option.name: option for option in OPTIONS}
_IN_A_FILE = {f"{option.name}_file": option for option in OPTIONS if option.as_file}


def node_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> NodeSettings:
    """Settings from the file and the environment; `SettingsRefused` names the first bad one.

    `file` is `GENKAN_SETTINGS` when it is not given; there need not be any.
    """
    env = os.environ if environment is None else environment
    if file is None and env.get("GENKAN_SETTINGS"):
        file = Path(env["GENKAN_SETTINGS"])
    read = _Values(_contents(file) if file else {}, env)
    settings = NodeSettings(
        base_url=read.required("base_url", origin),
        database=read.required("database", lambda name, value: value),
        key=read.key(),
        listen=read.required("listen", _address),
        operations_listen=read.optional("operations_listen", _address),
        trusted_proxies=_networks("trusted_proxies", read.text("trusted_proxies")),
        tls_certificate=read.optional("tls_certificate", lambda name, value: Path(value)),
        tls_key=read.optional("tls_key", lambda name, value: Path(value)),
        worker=read.required("worker", truth),
        drain_seconds=read.required("drain_seconds", _seconds),
        quotas=quotas("quotas", read.text("quotas")),
        throttling=read.required("throttling", throttling),
        refusal_records=read.required("refusal_records", refusal_records),
        log_level=read.required("log_level", log_level),
        log_format=read.required("log_format", log_format),
    )
    _require_safe(settings)
    return settings


class _Values:
    """Values by the name of their option, as text."""

    def __init__(self, contents: Mapping[str, Any], env: Mapping[str, str]) -> None:
        self._contents = contents
        self._env = env

    def text(self, name: str) -> str:
        """The value of an option; empty when it has none."""
        option = _BY_NAME[name]
        given = [value for value in self._given(option) if value is not None]
        return given[0] if given else option.default

    def required(self, name: str, parse: Callable[[str, str], Any]) -> Any:
        """A value that must be there."""
        value = self.text(name)
        if not value:
            raise SettingsRefused(
                f"{name} is not set: name it in the settings file, or {_variable(name)}"
            )
        return parse(name, value)

    def optional(self, name: str, parse: Callable[[str, str], Any]) -> Any:
        """A value, or None."""
        value = self.text(name)
        return parse(name, value) if value else None

    def key(self) -> KeySetting:
        """Where the key-encryption key is; there is no installation without one."""
        text = self._env.get("GENKAN_KEY")
        file = self._env.get("GENKAN_KEY_FILE")
        if text is None and file is None:
            file = self._contents.get("key_file")
        if text is None and file is None:
            raise SettingsRefused(
                "there is no key-encryption key: set key_file, GENKAN_KEY_FILE or GENKAN_KEY"
                " (`openssl rand -base64 32` makes one; keep a copy, nothing can be read without)"
            )
        return KeySetting(text=text, file=Path(file) if file is not None else None)

    def _given(self, option: Option) -> tuple[str | None, ...]:
        variable = _variable(option.name)
        if not option.as_file:
            return (self._env.get(variable), self._contents.get(option.name))
        return (
            _one_of(variable, self._env.get(variable), self._env.get(f"{variable}_FILE")),
            _one_of(
                option.name,
                self._contents.get(option.name),
                self._contents.get(f"{option.name}_file"),
            ),
        )


def _one_of(name: str, value: str | None, file: str | None) -> str | None:
    if value is not None and file is not None:
        raise SettingsRefused(f"{name} and its file are both set: which one is meant?")
    if file is None:
        return value
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsRefused(f"{name}: the file {file} cannot be read") from None


def _contents(file: Path) -> dict[str, Any]:
    """The settings file, each value as the environment would have it."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            found = tomllib.loads(opened.read(_LONGEST_FILE).decode())
    except OSError as error:
        raise SettingsRefused(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{file} is no TOML: {error}") from None
    for name in found:
        _require_known(file, name)
    if _holds_a_password(found) and os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SettingsRefused(
            f"{file} holds a password and others can read it: chmod 600, or use database_file"
        )
    return {name: _as_text(name, value) for name, value in found.items()}


def _require_known(file: Path, name: str) -> None:
    if name == "key":
        raise SettingsRefused(f"{file} must not hold the key itself: name its file as key_file")
    known = [*_BY_NAME, *_IN_A_FILE]
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        raise SettingsRefused(
            f"{file}: there is no option {name}" + (f"; {near[0]} is meant?" if near else "")
        )


def _holds_a_password(found: Mapping[str, Any]) -> bool:
    try:
        return bool(urlsplit(str(found.get("database", ""))).password)
    except ValueError:
        return True


def _as_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ",".join(value)
    raise SettingsRefused(f"{name} must be a text, a number, true, false or a list of texts")


def _variable(name: str) -> str:
    return f"{_PREFIX}{name.upper()}"


def _address(name: str, value: str) -> Address:
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsRefused(f"{name} {value} is no address and port such as 127.0.0.1:8420")
    return host, int(port)


def _networks(name: str, value: str) -> tuple[Network, ...]:
    try:
        found = tuple(
            plain_network(ipaddress.ip_network(one.strip()))
            for one in value.split(",")
            if one.strip()
        )
    except ValueError as error:
        raise SettingsRefused(f"{name}: {error}") from None
    if any(network.prefixlen == 0 for network in found):
        raise SettingsRefused(f"{name} must not be everybody")
    return found


def _seconds(name: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 300:
        raise SettingsRefused(f"{name} {value} is no number of seconds from 0 to 300")
    return seconds


def _require_safe(settings: NodeSettings) -> None:
    url = urlsplit(settings.base_url)
    if url.scheme == "http" and url.hostname not in LOOPBACK:
        raise SettingsRefused(
            f"base_url {settings.base_url} is http: passwords and credentials would travel in the"
            " clear; give an https address"
        )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise SettingsRefused("tls_certificate and tls_key are given together")
    speaks_tls = settings.tls_certificate is not None
    if speaks_tls and url.scheme == "http":
        raise SettingsRefused(f"base_url {settings.base_url} is no https address, which TLS makes")
    if settings.listen[0] not in LOOPBACK and not speaks_tls and not settings.trusted_proxies:
        raise SettingsRefused(
            f"listening on {settings.listen[0]} without TLS: give tls_certificate and tls_key, or"
            " name the proxies that speak https as trusted_proxies"
        )
    if settings.listen == settings.operations_listen:
        raise SettingsRefused("listen and operations_listen are the same address")
