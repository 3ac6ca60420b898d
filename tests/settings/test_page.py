"""docs/production.md says what the table of options says."""

from genkan.settings.node import OPTIONS
from tests.tree.files import ROOT


def test_the_page_has_every_option_with_its_meaning_and_default() -> None:
    page = (ROOT / "docs" / "production.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for option in OPTIONS:
        names = f"`{option.name}`" + (f", `{option.name}_file`" if option.as_file else "")
        default = f"`{option.default}`" if option.default else ""
        assert f"| {names} | {option.meaning} | {default} |" in rows
