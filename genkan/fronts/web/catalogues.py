"""Development command: collects the pages' wording and compiles its translations.

python -m genkan.fronts.web.catalogues           extract, update every language, compile
python -m genkan.fronts.web.catalogues --check   say what is missing or stale, change nothing

Templates hold the English text, which is also the key. English is therefore filled in by itself;
for other languages a person edits `locales/<lang>/LC_MESSAGES/messages.po` and runs this again.
Files are written without dates, so the same wording gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from genkan.fronts.web.i18n import LANGUAGES, LOCALES, Lang

_HERE = Path(__file__).parent


def extracted() -> Catalog:
    """Every message of the templates, with the template that uses it."""
    template = Catalog(project="Genkan", charset="utf-8", fuzzy=False)
    found = extract_from_dir(
        _HERE,
        method_map=[("templates/**.html", "jinja2.ext:babel_extract"), ("i18n.py", "python")],
        options_map={"templates/**.html": {"trimmed": "true", "silent": "false"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2)},
    )
    for file, _line, message, comments, context in found:
        template.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return template


def read(lang: Lang) -> Catalog:
    """The catalogue of a language as committed; empty when there is none yet."""
    path = _path(lang, "po")
    if not path.exists():
        return _fresh(lang)
    with path.open("rb") as file:
        return read_po(file, locale=lang)


def updated(lang: Lang, template: Catalog) -> Catalog:
    """What the language's catalogue should be: every message in use, no other, nothing guessed."""
    known = {message.id: message.string for message in read(lang) if message.id}
    catalog = _fresh(lang)
    for message in sorted(template, key=lambda message: str(message.id)):
        if message.id:
            string = known.get(message.id) or (message.id if lang == "en" else None)
            files = sorted({(file, 0) for file, _ in message.locations})
            catalog.add(message.id, string, files, flags=message.flags)
    return catalog


def untranslated(catalog: Catalog) -> list[str]:
    """Messages without a complete translation."""
    return [str(message.id) for message in catalog if message.id and not _complete(message)]


def compiled(catalog: Catalog) -> bytes:
    """The bytes of the `.mo` file."""
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def written(catalog: Catalog) -> bytes:
    """The bytes of the `.po` file."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=98, include_lineno=False, sort_by_file=False)
    return buffer.getvalue()


def problems() -> Iterator[str]:
    """What `--check` and the tests complain about."""
    template = extracted()
    for lang in LANGUAGES:
        wanted = updated(lang, template)
        for text in untranslated(wanted):
            yield f"{lang}: not translated: {text}"
        for suffix, content in (("po", written(wanted)), ("mo", compiled(wanted))):
            path = _path(lang, suffix)
            if not path.exists() or path.read_bytes() != content:
                yield f"{lang}: messages.{suffix} is stale"


def update() -> None:
    """Rewrites every catalogue and its compiled form."""
    template = extracted()
    for lang in LANGUAGES:
        catalog = updated(lang, template)
        _path(lang, "po").parent.mkdir(parents=True, exist_ok=True)
        _path(lang, "po").write_bytes(written(catalog))
        _path(lang, "mo").write_bytes(compiled(catalog))


def main() -> int:
    """Entry point; 1 when something is missing."""
    if "--check" not in sys.argv[1:]:
        update()
    found = list(problems())
    sys.stdout.write("".join(f"{problem}\n" for problem in found))
    return 1 if found else 0


def _complete(message: Message) -> bool:
    string = message.string
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


class _Dateless(Catalog):
    """A catalogue whose header says nothing about when and with what it was written."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
        ]


def _fresh(lang: Lang) -> Catalog:
    return _Dateless(locale=lang, charset="utf-8", fuzzy=False, header_comment="# Genkan's pages.")


def _path(lang: Lang, suffix: str) -> Path:
    return LOCALES / lang / "LC_MESSAGES" / f"messages.{suffix}"


if __name__ == "__main__":
    sys.exit(main())
