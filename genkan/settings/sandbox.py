"""Every option of a sandbox: its meaning and its default, read once.

Command-line options win over `GENKAN_…` environment variables, those over the defaults. Read by
`cli` and `assembly` only; everything else is handed what it needs.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from genkan.core.quotas import Quotas
from genkan.core.rates import Throttling
from genkan.settings.values import (
    LOOPBACK,
    KeySetting,
    LogFormat,
    SettingsRefused,
    key_setting,
    log_format,
    log_level,
    origin,
    quotas,
    throttling,
    truth,
)

_REGION = re.compile(r"(?:[a-z]{1,12}-){2,3}[0-9]", re.ASCII)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Settings of `genkan up`.

    `port`: the one port for portal, sign-in and every AWS endpoint. `data_dir`: where the store,
    its key and `sandbox.json` live. `bind`: the address listened on; anything but loopback must
    be asked for with `--listen-anywhere`. `base_url`: the address people type,
    `http://localhost:PORT` unless told otherwise. `region`: the Region of a new instance, where
    its seed names none; `us-east-1` leaves the Region segment out of role paths, as on AWS. Empty
    when not given. `seed`: the file that describes a new organization, None for the sample.
    `tls`: speak https with a certificate of our own; `tls_certificate` and `tls_key`: with the one
    in these files, given together.
    `quotas`: AWS's, unless told otherwise. `throttling`: `aws` refuses what comes faster than
    AWS's published rates.
    `key`: the key-encryption key, the file `key` in `data_dir` unless it is given.
    """

    port: int
    data_dir: Path
    fresh: bool = False
    bind: str = "127.0.0.1"
    base_url: str = ""
    region: str = ""
    seed: Path | None = None
    tls: bool = False
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    quotas: Quotas = field(default_factory=Quotas)
    throttling: Throttling = "off"
    log_level: str = "warning"
    log_format: LogFormat = "text"
    key: KeySetting = field(default_factory=KeySetting)

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return self.base_url or f"{'https' if self.speaks_tls else 'http'}://localhost:{self.port}"

    @property
    def speaks_tls(self) -> bool:
        """Whether the port itself speaks https (behind a proxy only the base URL does)."""
        return self.tls or self.tls_certificate is not None

    @property
    def host(self) -> str:
        """The name or address that people type: of the base URL, without brackets."""
        return urlsplit(self.url).hostname or "localhost"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """`Host` values that are answered: loopback names with our port, and the base URL's."""
        own = self.url.split("://", 1)[1].split("/", 1)[0].lower()
        names = ("localhost", "127.0.0.1", "[::1]")
        answered = {own, *(f"{name}:{self.port}" for name in names)}
        # Clients leave a scheme's own port out.
        usual = {f":{_PORTS[urlsplit(self.url).scheme]}"}
        if self.speaks_tls:
            usual.add(f":{_PORTS['https']}")
        bare = {host.removesuffix(port) for host in answered for port in usual}
        return frozenset(answered | bare)


def sandbox_settings(
    *,
    port: int | None = None,
    data_dir: Path | None = None,
    fresh: bool = False,
    listen_anywhere: bool = False,
    bind: str | None = None,
    seed: Path | None = None,
    tls: bool = False,
    tls_certificate: Path | None = None,
    tls_key: Path | None = None,
    throttling: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> SandboxSettings:
    """Settings from options and environment; `SettingsRefused` names the first bad one."""
    env = os.environ if environment is None else environment
    chosen_port = port if port is not None else _integer(env, "GENKAN_PORT", 8420)
    if not 0 < chosen_port < 65536:
        raise SettingsRefused(f"--port {chosen_port} is not a port number")
    address = bind or env.get("GENKAN_BIND", "127.0.0.1")
    if address not in LOOPBACK and not listen_anywhere:
        raise SettingsRefused(
            f"the sandbox has sample passwords, so it listens on loopback only;"
            f" to listen on {address} say --listen-anywhere"
        )
    base_url = origin("GENKAN_BASE_URL", env.get("GENKAN_BASE_URL", ""))
    tls_options = _tls(env, tls, tls_certificate, tls_key)
    if any(tls_options.values()) and base_url.startswith("http:"):
        raise SettingsRefused(f"GENKAN_BASE_URL {base_url} is no https address, which TLS makes it")
    return SandboxSettings(
        port=chosen_port,
        data_dir=data_directory(data_dir, env),
        fresh=fresh,
        bind=address,
        base_url=base_url,
        region=_region(env),
        seed=seed,
        **tls_options,
        quotas=quotas("GENKAN_QUOTAS", env.get("GENKAN_QUOTAS", "")),
        throttling=_throttling(env, throttling),
        log_level=log_level("GENKAN_LOG_LEVEL", env.get("GENKAN_LOG_LEVEL", "warning")),
        log_format=log_format("GENKAN_LOG_FORMAT", env.get("GENKAN_LOG_FORMAT", "text")),
        key=key_setting(environment=env),
    )


def _tls(
    env: Mapping[str, str], tls: bool, certificate: Path | None, key: Path | None
) -> dict[str, Any]:
    if not tls and certificate is None and key is None:
        tls = truth("GENKAN_TLS", env.get("GENKAN_TLS", ""))
        certificate = _path(env, "GENKAN_TLS_CERTIFICATE")
        key = _path(env, "GENKAN_TLS_KEY")
    if (certificate is None) != (key is None):
        raise SettingsRefused("--tls-certificate and --tls-key are given together")
    if tls and certificate is not None:
        raise SettingsRefused("--tls makes a certificate: leave it out, or --tls-certificate")
    return {"tls": tls, "tls_certificate": certificate, "tls_key": key}


def _throttling(env: Mapping[str, str], given: str | None) -> Throttling:
    if given is not None:
        return throttling("--throttling", given)
    return throttling("GENKAN_THROTTLING", env.get("GENKAN_THROTTLING", "off"))


def _path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]) if env.get(name) else None


def _region(env: Mapping[str, str]) -> str:
    region = env.get("GENKAN_REGION", "")
    if region and not _REGION.fullmatch(region):
        raise SettingsRefused(f"GENKAN_REGION {region} is not the name of a Region")
    return region


def data_directory(data_dir: Path | None, environment: Mapping[str, str] | None = None) -> Path:
    """The data directory: the option, `GENKAN_DATA_DIR`, or the user's own."""
    env = os.environ if environment is None else environment
    default = Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "genkan"
    return (data_dir or Path(env.get("GENKAN_DATA_DIR") or default)).absolute()


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(env.get(name) or default)
    except ValueError:
        raise SettingsRefused(f"{name} must be a number") from None
