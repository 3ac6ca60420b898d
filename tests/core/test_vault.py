"""Sealed values open with their own key, in their own place, and unchanged; nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan.core.vault import (
    KEY_BYTES,
    Cipher,
    Unsealable,
    Vault,
    key_id,
    key_id_of,
    new_key,
)

KEY = bytes(range(32))
PLACE = "role_sessions.secret:ASIAEXAMPLE"


class _Ring:
    """Data keys held in memory; the last one seals."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = {key_id(key): Cipher(key) for key in keys}
        self._sealing = key_id(keys[-1])

    def sealing(self, rows: object) -> tuple[bytes, Cipher]:
        return self._sealing, self._keys[self._sealing]

    def opening(self, rows: object, key_id: bytes) -> Cipher | None:
        return self._keys.get(key_id)


def vault(*keys: bytes, root: bytes = KEY) -> Vault:
    return Vault(root, _Ring(*keys)).within(object())


@given(st.binary(max_size=300), st.text(max_size=60))
def test_what_was_sealed_opens_in_its_place(plaintext: bytes, place: str) -> None:
    assert vault(KEY).open(vault(KEY).seal(plaintext, place), place) == plaintext
    assert Cipher(KEY).open(Cipher(KEY).seal(plaintext, place), place) == plaintext


@given(st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_anywhere_does_not_open(position: int, difference: int) -> None:
    for opener in (vault(KEY), Cipher(KEY)):
        sealed = bytearray(opener.seal(b"secret", PLACE))
        sealed[position % len(sealed)] ^= difference
        with pytest.raises(Unsealable):
            opener.open(bytes(sealed), PLACE)


@pytest.mark.parametrize("cut", [0, 1, 9, 20, 33, 46])
def test_a_cut_value_does_not_open(cut: int) -> None:
    for opener in (vault(KEY), Cipher(KEY)):
        with pytest.raises(Unsealable):
            opener.open(opener.seal(b"secret", PLACE)[:cut], PLACE)


def test_another_place_does_not_open() -> None:
    for opener in (vault(KEY), Cipher(KEY)):
        with pytest.raises(Unsealable):
            opener.open(opener.seal(b"secret", PLACE), PLACE + "X")


def test_a_value_names_the_key_that_sealed_it() -> None:
    old, new = new_key(), new_key()
    sealed = vault(old).seal(b"secret", PLACE)
    assert key_id_of(sealed) == key_id(old)
    assert vault(old, new).open(sealed, PLACE) == b"secret"
    assert key_id_of(vault(old, new).seal(b"secret", PLACE)) == key_id(new)
    with pytest.raises(Unsealable):
        vault(new).open(sealed, PLACE)


def test_a_value_cannot_be_passed_off_as_another_keys() -> None:
    old, new = new_key(), new_key()
    sealed = vault(old).seal(b"secret", PLACE)
    renamed = sealed[:1] + key_id(new) + sealed[9:]
    with pytest.raises(Unsealable):
        vault(old, new).open(renamed, PLACE)


def test_what_the_first_format_sealed_is_not_misread() -> None:
    with pytest.raises(Unsealable):
        vault(KEY).open(b"\x01" + bytes(80), PLACE)
    assert key_id_of(b"\x01" + bytes(80)) == b""
    assert key_id_of(b"\x02" + bytes(7)) == b""


def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    for sealer in (vault(KEY), Cipher(KEY)):
        assert len({sealer.seal(b"secret", PLACE) for _ in range(100)}) == 100


def test_rows_are_sealed_and_opened_inside_a_transaction_only() -> None:
    outside = Vault(KEY, _Ring(KEY))
    with pytest.raises(RuntimeError):
        outside.seal(b"secret", PLACE)
    with pytest.raises(RuntimeError):
        outside.open(vault(KEY).seal(b"secret", PLACE), PLACE)


def test_derived_keys_depend_on_root_and_purpose_alone() -> None:
    assert Vault(KEY).derive("csrf") == Vault(KEY).within(object()).derive("csrf")
    assert vault(new_key()).derive("csrf") == vault(new_key()).derive("csrf")
    assert Vault(KEY).derive("csrf") != Vault(new_key()).derive("csrf")
    assert Vault(KEY).derive("csrf") != Vault(KEY).derive("csrf ")


def test_many_purposes_are_forgotten_and_derived_again() -> None:
    one = Vault(KEY)
    first = one.derive("day 0")
    sealed = one.cipher("day 0").seal(b"kept", "")
    for day in range(1, 1000):
        one.derive(f"day {day}")
        one.cipher(f"day {day}")
    assert one.derive("day 0") == first
    assert one.cipher("day 0").open(sealed, "") == b"kept"


@pytest.mark.parametrize("size", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError):
        Cipher(bytes(size))
    with pytest.raises(ValueError):
        Vault(bytes(size))
