"""The cache of compiled documents: same text, same object; bounded; refusals forgotten."""

from __future__ import annotations

import pytest

from genkan.authorization import PolicyKind, PolicySyntaxError
from genkan.authorization.cache import DocumentCache
from tests.authorization.build import ALLOW_ALL, allow, text


def test_the_same_text_is_compiled_once_for_each_kind() -> None:
    cache = DocumentCache()
    written = text(ALLOW_ALL)
    assert cache.compile(written) is cache.compile(written)
    assert cache.compile(written, PolicyKind.SCP) is not cache.compile(written)
    assert cache.compile(written, PolicyKind.SCP).kind is PolicyKind.SCP
    assert len(cache) == 2


def test_the_longest_unused_document_goes_first() -> None:
    cache = DocumentCache(max_documents=2)
    first, second, third = (text(allow(f"s3:Get{name}")) for name in "ABC")
    kept = cache.compile(first)
    gone = cache.compile(second)
    cache.compile(first)
    cache.compile(third)
    assert len(cache) == 2
    assert cache.compile(first) is kept
    assert cache.compile(second) is not gone


def test_the_cache_is_bounded_by_characters_too() -> None:
    written = [text(allow(f"s3:Get{number:04}")) for number in range(20)]
    cache = DocumentCache(max_characters=5 * len(written[0]))
    for one in written:
        cache.compile(one)
    assert len(cache) == 5
    huge = text(allow(["s3:Get"] * 500))
    assert cache.compile(huge) == cache.compile(huge)
    assert len(cache) == 5


def test_a_malformed_text_is_refused_each_time_and_not_kept() -> None:
    cache = DocumentCache()
    for _ in range(2):
        with pytest.raises(PolicySyntaxError):
            cache.compile("{")
        with pytest.raises(PolicySyntaxError):
            cache.compile("\ud800")
    assert len(cache) == 0


def test_asking_for_many_services_does_not_fill_the_memory() -> None:
    document = DocumentCache().compile(text(ALLOW_ALL))
    for number in range(1000):
        assert document.allowances(f"service{number}")
    assert len(document._memo) <= 16
