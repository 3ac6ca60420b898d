"""Identifiers, and how much of them is chance."""

import re
import uuid

from genkan.core.ids import request_id


def test_a_request_id_is_a_random_uuid() -> None:
    found = request_id()
    parsed = uuid.UUID(found)
    assert (parsed.version, parsed.variant, str(parsed)) == (4, uuid.RFC_4122, found)
    assert re.fullmatch(r"[0-9a-f-]{36}", found)


def test_no_digit_of_a_request_id_tells_of_another() -> None:
    """The variant's digit has two bits of chance, which are none of the digit's beside it."""
    assert len({request_id()[19:21] for _ in range(4000)}) == 4 * 16
