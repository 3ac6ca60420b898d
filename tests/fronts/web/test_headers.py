"""What a browser may do with a page."""

from __future__ import annotations

import pytest

from genkan.fronts.web.headers import content_security_policy, form_source, page_headers


def directives(policy: str) -> dict[str, str]:
    named = (part.partition(" ") for part in policy.split("; "))
    return {name: value for name, _, value in named}


def test_nothing_is_allowed_that_is_not_named() -> None:
    policy = directives(content_security_policy())
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in content_security_policy()


def test_a_consent_page_may_end_at_its_loopback_address_only() -> None:
    policy = directives(content_security_policy(["http://127.0.0.1:44029/oauth/callback"]))
    assert policy["form-action"] == "'self' http://127.0.0.1:44029"


def test_a_service_provider_and_its_redirects_are_named_once_each() -> None:
    targets = ["https://signin.aws.amazon.com/saml", "https://*.aws.amazon.com"] * 2
    policy = directives(content_security_policy(targets))
    assert policy["form-action"] == (
        "'self' https://signin.aws.amazon.com https://*.aws.amazon.com"
    )


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://a b/",
        "https://evil.example;script-src *",
        "https://evil.example, https://x",
        "https://'unsafe-inline'/",
        "http:///path",
        "http://user@host/",
        "http://*/",
        "http://host:99999/",
        "//host/",
        "",
    ],
)
def test_a_target_that_is_no_plain_url_is_refused(target: str) -> None:
    with pytest.raises(ValueError):
        form_source(target)


def test_an_ipv6_loopback_can_only_be_allowed_by_scheme() -> None:
    assert form_source("http://[::1]:8080/cb") == "http:"


def test_pages_are_neither_kept_nor_framed_nor_sniffed() -> None:
    headers = dict(page_headers())
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"cross-origin-opener-policy"] == b"same-origin"
    assert headers[b"x-frame-options"] == b"DENY"


def test_own_forms_still_send_their_origin() -> None:
    assert dict(page_headers())[b"referrer-policy"] == b"same-origin"
