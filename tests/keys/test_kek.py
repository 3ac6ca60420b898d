"""The key-encryption key: found, refused in one line, made whole or not at all."""

import base64
from pathlib import Path

import pytest

from genkan.keys.kek import KeyRefused, given_key, make_key_file, read_key

KEY = bytes(range(32))
TEXT = base64.b64encode(KEY).decode()


def refusal(text: str | None, file: Path | None = None) -> str:
    with pytest.raises(KeyRefused) as refused:
        given_key(text, file)
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_the_key_is_taken_from_the_environment() -> None:
    given = given_key(TEXT, None)
    assert given is not None
    assert given.key == KEY
    assert given.origin == "GENKAN_KEY"


def test_the_key_is_taken_from_the_file_that_the_environment_names(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    path.write_text(f"  {TEXT}\r\n")
    given = given_key(None, path)
    assert given is not None
    assert given.key == KEY
    assert str(path) in given.origin


def test_nothing_given_is_no_key() -> None:
    assert given_key(None, None) is None


def test_both_given_is_refused(tmp_path: Path) -> None:
    assert "both set" in refusal(TEXT, tmp_path / "kek")


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_key_that_did_not_arrive_is_refused(text: str) -> None:
    assert refusal(text).startswith("GENKAN_KEY is empty")


@pytest.mark.parametrize(
    "text",
    [TEXT[:-1], TEXT + "=", f"{TEXT[:20]} {TEXT[20:]}", "not base64!", TEXT.replace("A", "é", 1)],
)
def test_a_malformed_key_is_refused(text: str) -> None:
    message = refusal(text)
    assert message.startswith("GENKAN_KEY is malformed")
    assert text not in message


@pytest.mark.parametrize("size", [1, 16, 24, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    text = base64.b64encode(bytes(range(size))).decode()
    assert f"has {size} bytes" in refusal(text)


@pytest.mark.parametrize("key", [bytes(32), b"changeme" * 4, b"\xff" * 32])
def test_a_placeholder_is_refused(key: bytes) -> None:
    assert "placeholder" in refusal(base64.b64encode(key).decode())


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(None, tmp_path / "nothing")
    assert "cannot be read" in refusal(None, tmp_path)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    path.write_bytes(TEXT.encode() + b"\n" * 2000 + b"x")
    with path.open("ab") as file:
        file.truncate(1 << 40)
    with pytest.raises(KeyRefused) as refused:
        read_key(Path("/dev/zero"))
    assert "malformed" in str(refused.value)
    assert read_key(path).key == KEY


def test_a_made_key_is_readable_by_this_user_only_and_differs_each_time(tmp_path: Path) -> None:
    made = [make_key_file(tmp_path / name) for name in ("one", "two")]
    assert made[0].key != made[1].key
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert read_key(tmp_path / "one").key == made[0].key
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    made = make_key_file(tmp_path / "key")
    shown = repr(made) + made.name
    assert made.key.hex() not in shown
    assert base64.b64encode(made.key).decode() not in shown
    assert made.name == read_key(tmp_path / "key").name
