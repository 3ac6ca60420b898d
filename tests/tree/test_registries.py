"""No file says where packages come from: that is the machine's to decide."""

import re

import pytest

from tests.tree.files import own_files, own_text, relative

# Split, so that this file does not break its own rule.
_INDEX_OPTION = re.compile(
    r"(?<![\w-])--?(?:extra-)?(?:index|find|trusted)-(?:url|links|host)\b", re.I
)
_INDEX_SETTING = re.compile(
    r"^\s*(?:extra-)?(?:index-url|find-links|trusted-host)\s*=", re.I | re.M
)
_REGISTRY_HOST = re.compile(
    r"\b(?:(?:[\w-]+\.)*(?:pypi|pythonhosted|npmjs|crates|rubygems|yarnpkg)\.(?:org|com|io)"
    r"|(?:proxy|sum)\.golang\.org|(?:deb|security|snapshot|ftp[\w.-]*)\.debian\.org"
    r"|[\w-]*\b(?:artifactory|nexus|devpi|jfrog)[\w-]*\.[\w.-]+)\b",
    re.I,
)


def registries_named_in(text: str) -> list[str]:
    """The registry options and hosts that a text names."""
    found = []
    for pattern in (_INDEX_OPTION, _INDEX_SETTING, _REGISTRY_HOST):
        found += [match.group(0).strip() for match in pattern.finditer(text)]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "--extra-" + "index-url https://mirror.example/simple",
        "-" * 2 + "find-links wheels",
        "extra-index-" + "url = file:///wheels",
        "https://files.python" + "hosted.org/packages/a.whl",
        "registry.npm" + "js.org",
        "http://deb.debian" + ".org/debian",
    ],
)
def test_a_registry_is_recognised(text: str) -> None:
    assert registries_named_in(text)


def test_an_option_that_keeps_the_index_out_is_no_registry() -> None:
    assert registries_named_in("uv pip compile --no-emit-index-url") == []


def test_no_file_names_a_package_registry() -> None:
    named = {
        relative(path): found
        for path in own_files()
        if (found := registries_named_in(own_text(path) or ""))
    }
    assert named == {}
