"""API keys: what is kept of them, and what is refused."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.__main__ import main as shelftag
from serve.protection.keys import (
    Key,
    append_line,
    key_line,
    new_key,
    owner,
    read_keys,
    read_keys_file,
)
from shelftag.errors import InputError

NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


def test_keys_are_long_and_all_different() -> None:
    keys = {new_key() for _ in range(1_000)}
    assert len(keys) == 1_000
    assert all(re.fullmatch(r"stg_[A-Za-z0-9_-]{43}", key) for key in keys)


@settings(max_examples=30)
@given(st.lists(NAMES, max_size=20), st.sampled_from(["\n", ",", "\r\n", "\n\n", " , "]))
def test_lines_are_read_as_they_were_written(names: list[str], between: str) -> None:
    keys = [new_key() for _ in names]
    text = between.join(key_line(name, key) for name, key in zip(names, keys, strict=True))
    kept = read_keys(text, "here")
    assert [key.name for key in kept] == names
    assert [owner(kept, key.encode()) for key in keys] == names
    assert owner(kept, new_key().encode()) is None


@given(st.binary(max_size=80))
def test_only_the_key_itself_is_known(token: bytes) -> None:
    assert owner(read_keys(key_line("shop", new_key()), "here"), token) is None


def test_a_key_and_its_hash_show_nowhere() -> None:
    key = new_key()
    (kept,) = read_keys(key_line("shop", key), "here")
    assert repr(kept) == "Key(name='shop')"
    assert key not in key_line("shop", key)


def test_comments_and_empty_lines_are_no_keys() -> None:
    assert read_keys("# the shop's\n\n  \n", "here") == ()


@pytest.mark.parametrize(
    "bad",
    [
        "stg_secret",
        "shop:sha256:abc",
        "shop:md5:" + "a" * 64,
        "a shop:sha256:" + "a" * 64,
        "shop:sha256:" + "A" * 64,
        "shop:sha256:" + "a" * 65,
        ":sha256:" + "a" * 64,
    ],
)
def test_a_bad_line_is_named_by_its_number_only(bad: str) -> None:
    with pytest.raises(InputError, match=r"line 3 of keys\.txt") as refused:
        read_keys(f"# ours\n{key_line('shop', new_key())}\n{bad}\n", "keys.txt")
    assert bad not in str(refused.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_keys_file(tmp_path / "nowhere")
    (tmp_path / "keys").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        read_keys_file(tmp_path / "keys")


def test_a_line_is_added_to_a_private_file_and_after_an_unfinished_line(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    append_line(file, key_line("a", new_key()))
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text(file.read_text().rstrip("\n"))
    append_line(file, key_line("b", new_key()))
    assert [key.name for key in read_keys_file(file)] == ["a", "b"]
    with pytest.raises(InputError, match="cannot be written"):
        append_line(tmp_path / "no" / "keys", "line")


def test_the_command_shows_the_key_once_and_keeps_its_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"
    assert shelftag(["keys", "new", "--name", "shop", "--file", str(file)]) == 0
    key, line = capsys.readouterr().out.splitlines()
    assert file.read_text() == line + "\n"
    assert owner(read_keys_file(file), key.encode()) == "shop"
    assert shelftag(["keys", "new"]) == 0
    assert len(file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [("keys old", "no action 'old'"), ("keys new --name a/b", "--name = 'a/b'")],
)
def test_a_mistake_is_one_line(
    words: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shelftag(words.split()) == 2
    assert expected in capsys.readouterr().err


def test_all_keys_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A match does not end the search: its time would tell a key's place."""
    compared = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr("serve.protection.keys.hmac.compare_digest", compare)
    keys = [new_key() for _ in range(5)]
    kept = tuple(key for k in keys for key in read_keys(key_line("shop", k), "here"))
    assert isinstance(kept[0], Key)
    assert owner(kept, keys[0].encode()) == "shop"
    assert len(compared) == 5
