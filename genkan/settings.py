"""Every option of a sandbox: its meaning and its default, read once.

Command-line options win over `GENKAN_…` environment variables, those over the defaults. Read by
`cli` and `assembly` only; everything else is handed what it needs.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_ORIGIN = re.compile(
    r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::[1-9][0-9]{0,4})?",
    re.ASCII,
)
_REGION = re.compile(r"(?:[a-z]{1,12}-){2,3}[0-9]", re.ASCII)
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsRefused(Exception):
    """A setting is unsafe or makes no sense; the message is for whoever starts the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetting:
    """Where the key-encryption key is given: `NAME` has its text, `NAME_FILE` names its file.

    A variable that is set counts as given even when it is empty: a secret that did not arrive must
    not be taken for one that nobody meant to give.
    """

    text: str | None = field(default=None, repr=False)
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """Settings of `genkan up`.

    `port`: the one port for portal, sign-in and every AWS endpoint. `data_dir`: where the store,
    its key and `sandbox.json` live. `bind`: the address listened on; anything but loopback must
    be asked for with `--listen-anywhere`. `base_url`: the address people type,
    `http://localhost:PORT` unless told otherwise. `region`: the Region of a new instance, where
    its seed names none; `us-east-1` leaves the Region segment out of role paths, as on AWS. Empty
    when not given. `seed`: the file that describes a new organization, None for the sample.
    `key`: the key-encryption key, the file `key` in `data_dir` unless it is given.
    """

    port: int
    data_dir: Path
    fresh: bool = False
    bind: str = "127.0.0.1"
    base_url: str = ""
    region: str = ""
    seed: Path | None = None
    log_level: str = "warning"
    key: KeySetting = KeySetting()

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return self.base_url or f"http://localhost:{self.port}"

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """`Host` values that are answered: loopback names with our port, and the base URL's."""
        own = self.url.split("://", 1)[1].split("/", 1)[0].lower()
        names = ("localhost", "127.0.0.1", "[::1]")
        return frozenset({own, *(f"{name}:{self.port}" for name in names)})


def sandbox_settings(
    *,
    port: int | None = None,
    data_dir: Path | None = None,
    fresh: bool = False,
    listen_anywhere: bool = False,
    bind: str | None = None,
    seed: Path | None = None,
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
    base_url = env.get("GENKAN_BASE_URL", "").rstrip("/")
    # Host names answered, cookies and links follow from it: half a URL would loosen them.
    if base_url and not _ORIGIN.fullmatch(base_url):
        raise SettingsRefused(
            f"GENKAN_BASE_URL {base_url} is not of the form http(s)://name[:port]"
        )
    return SandboxSettings(
        port=chosen_port,
        data_dir=data_directory(data_dir, env),
        fresh=fresh,
        bind=address,
        base_url=base_url,
        region=_region(env),
        seed=seed,
        log_level=env.get("GENKAN_LOG_LEVEL", "warning"),
        key=key_setting(environment=env),
    )


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


def key_setting(
    name: str = "GENKAN_KEY", environment: Mapping[str, str] | None = None
) -> KeySetting:
    """The key-encryption key as the environment gives it."""
    env = os.environ if environment is None else environment
    file = env.get(f"{name}_FILE")
    return KeySetting(text=env.get(name), file=Path(file) if file is not None else None)


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(env.get(name) or default)
    except ValueError:
        raise SettingsRefused(f"{name} must be a number") from None
