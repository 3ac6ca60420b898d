"""From a page's facts to HTML and a response.

Owns the one Jinja2 environment: autoescape for every template, undefined names are errors, each
template compiled once, when it is first needed (all of them cost 0.2 s, which a start has not).
Wording is looked up per render, so all languages share the compiled templates. Leaves to `headers`
what a browser may do with a page, to `assets` the static files.
"""

from __future__ import annotations

import gettext
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.responses import Response

from genkan.fronts.web import snippets, urls
from genkan.fronts.web.assets import Assets
from genkan.fronts.web.headers import page_headers
from genkan.fronts.web.i18n import (
    LANGUAGES,
    NATIVE_NAMES,
    Lang,
    catalogue,
    format_duration,
    format_environment,
    format_moment,
    format_wait,
    rounded_up,
)
from genkan.fronts.web.pages import Page, Shell

_NAME_LENGTH: Final = 64


class Renderer:
    """Renders pages. Build one per process and share it: it holds no state of a request."""

    def __init__(self, assets: Assets | None = None) -> None:
        self.assets = assets or Assets()
        self._environment = environment(self.assets)

    def render(self, page: Page, shell: Shell) -> str:
        """The page as HTML. An undefined name or an unknown asset is a bug and raises."""
        translations = catalogue(shell.lang)
        return self._environment.get_template(page.template).render(
            page=page, shell=shell, lang=shell.lang, translations=translations
        )

    def respond(
        self,
        page: Page,
        shell: Shell,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The page as an answer with its security headers; `status` defaults to the page's own.

        Adds Content-Language, and Retry-After where the page says when. `headers` come on top and
        must not repeat those of `headers.page_headers`.
        """
        response = Response(
            self.render(page, shell), status or page.http_status, headers, "text/html"
        )
        response.raw_headers.extend(page_headers(page.form_targets))
        response.headers["content-language"] = shell.lang
        retry_after = getattr(page, "retry_after_seconds", None)
        if retry_after is not None:
            response.headers["retry-after"] = str(retry_after)
        return response


def environment(assets: Assets) -> Environment:
    """The Jinja2 environment of the pages."""
    made = Environment(
        loader=PackageLoader("genkan.fronts.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(_gettext, _ngettext, newstyle=True, pgettext=_pgettext)  # type: ignore[attr-defined]
    made.globals.update(
        urls=urls,
        asset=assets.url,
        languages=LANGUAGES,
        native_names=NATIVE_NAMES,
        environment_lines=snippets.environment,
        profile_lines=snippets.profile,
        sso_profile=snippets.sso_profile,
        credentials_file=snippets.CREDENTIALS_FILE,
        config_file=snippets.CONFIG_FILE,
    )
    made.filters.update(
        moment=_moment,
        duration=_duration,
        wait=_wait,
        rounded_up=rounded_up,
        environment=_environment,
        iso=_iso,
        origin=_origin,
        is_loopback=_is_loopback,
        plain=_plain,
    )
    return made


def _translations(context: Context) -> gettext.NullTranslations:
    found: gettext.NullTranslations = context["translations"]
    return found


@pass_context
def _gettext(context: Context, message: str) -> str:
    return _translations(context).gettext(message)


@pass_context
def _ngettext(context: Context, one: str, many: str, count: int) -> str:
    return _translations(context).ngettext(one, many, count)


@pass_context
def _pgettext(context: Context, place: str, message: str) -> str:
    return _translations(context).pgettext(place, message)


@pass_context
def _moment(context: Context, moment: datetime) -> str:
    lang: Lang = context["lang"]
    return format_moment(moment, lang)


@pass_context
def _duration(context: Context, seconds: float) -> str:
    lang: Lang = context["lang"]
    return format_duration(int(seconds), lang)


@pass_context
def _wait(context: Context, seconds: int) -> str:
    lang: Lang = context["lang"]
    return format_wait(seconds, lang)


@pass_context
def _environment(context: Context, word: str) -> str:
    lang: Lang = context["lang"]
    return format_environment(word, lang)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _origin(url: str) -> str:
    """Host and port of a URL, as a person should compare them."""
    return urlsplit(url).netloc


def _plain(name: str) -> str:
    """A self-asserted name as one bounded line, without control and direction-changing characters.

    A name with U+202E in it would let `gnp.exe` be read as `exe.png`.
    """
    visible = (" " if character.isspace() else character for character in name)
    kept = "".join(c for c in visible if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs"))
    line = " ".join(kept.split())
    return line if len(line) <= _NAME_LENGTH else f"{line[: _NAME_LENGTH - 1]}…"


def _is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
