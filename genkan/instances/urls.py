"""Start and issuer URLs: which text names which instance (reference §0.1, §1.3). Pure.

AWS's hosts appear here as names only: nothing ever connects to them. Clients refuse other hosts,
so an instance answers to the AWS-looking names as well as to its own address.
"""

from urllib.parse import urlsplit

from genkan.instances.records import Instance

_LONGEST = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}


def aws_start_url(instance: Instance) -> str:
    """`https://<alias or identity store id>.awsapps.com/start`."""
    return f"https://{instance.alias or instance.identity_store_id}.awsapps.com/start"


def issuer_url(instance: Instance) -> str:
    """`https://identitycenter.amazonaws.com/ssoins-…`."""
    return f"https://identitycenter.amazonaws.com/{instance.instance_id}"


def own_start_url(base_url: str) -> str:
    """`<base_url>/start`, the portal's own address."""
    return f"{base_url.rstrip('/')}/start"


def names_of(instance: Instance, base_url: str) -> tuple[str, ...]:
    """Every URL that means `instance`; its store's URL stays valid beside an alias."""
    by_store = f"https://{instance.identity_store_id}.awsapps.com/start"
    return (own_start_url(base_url), aws_start_url(instance), by_store, issuer_url(instance))


def url_matches(url: str, name: str) -> bool:
    """Whether a client's `url` is `name`, but for what carries no meaning.

    That is: case of scheme and host, the scheme's default port, trailing slashes, and a fragment
    such as the portal's `#/`. Anything else that differs is another address, so that a URL with a
    user name, a query, a control character or a look-alike host never passes.
    """
    wanted = _parts(url)
    return wanted is not None and wanted == _parts(name)


def _parts(url: str) -> tuple[str, str, int, str] | None:
    # urlsplit drops tabs and line breaks silently: two different texts would become one.
    if len(url) > _LONGEST or not all("!" <= char <= "~" and char != "\\" for char in url):
        return None
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return None
    default = _DEFAULT_PORTS.get(split.scheme)
    host = split.hostname
    if default is None or not host or "@" in split.netloc or "?" in url.partition("#")[0]:
        return None
    return split.scheme, host, default if port is None else port, split.path.rstrip("/")
