"""Every option: its meaning and its default, read once, and what is too unsafe to start with.

`sandbox` for `genkan up`, `node` for `genkan serve` and what works beside it. Read by the command
line and `assembly` only; everything else is handed what it needs.
"""

from genkan.settings.sandbox import SandboxSettings, data_directory, sandbox_settings
from genkan.settings.values import KeySetting, SettingsRefused, key_setting

__all__ = [
    "KeySetting",
    "SandboxSettings",
    "SettingsRefused",
    "data_directory",
    "key_setting",
    "sandbox_settings",
]
