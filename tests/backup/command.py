"""Settings of an installation, for the commands."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from genkan.keys.kek import write_key_file


def settings_for(database: str, path: Path, key: bytes) -> Path:
    """A settings file of an installation; `database` as a settings file says it."""
    path.parent.mkdir(exist_ok=True)
    key_file = path.with_suffix(".key")
    path.write_text(
        f'base_url = "https://sso.example.com"\ndatabase = "{database}"\nkey_file = "{key_file}"\n'
    )
    path.chmod(0o600)
    write_key_file(key_file, key)
    return path


def url_of(dsn: str) -> str:
    """A connection string as a settings file says it."""
    parts = conninfo_to_dict(dsn)
    return (
        f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    )
