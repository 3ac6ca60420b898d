"""Why a backup was not made or restored."""


class BackupRefused(Exception):
    """One sentence for whoever ran the command. Nothing was changed."""
