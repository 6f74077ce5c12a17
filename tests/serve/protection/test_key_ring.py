"""Keys that change while an endpoint runs."""

import logging
from pathlib import Path

import pytest

from serve.protection.key_ring import CHECK_S, KeyRing, key_ring
from serve.protection.keys import key_line, new_key
from shelftag.errors import InputError

OLD, NEW = new_key(), new_key()


class Clock:
    """Time that passes when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        self.now += CHECK_S


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "keys"
    file.write_text(key_line("old", OLD))
    return file


def test_a_changed_file_is_noticed_a_little_later(file: Path) -> None:
    clock = Clock()
    ring = KeyRing("", file, clock)
    file.write_text(key_line("new", NEW) + "\n")
    assert ring.owner(NEW.encode()) is None
    clock.later()
    assert ring.owner(NEW.encode()) == "new"
    assert ring.owner(OLD.encode()) is None


@pytest.mark.parametrize("content", [None, b"rubbish", b"\xff"])
def test_what_cannot_be_read_changes_nothing_and_is_said_once(
    file: Path, content: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    ring = KeyRing("", file, clock)
    file.unlink() if content is None else file.write_bytes(content)
    with caplog.at_level(logging.ERROR, "ray.serve"):
        for _ in range(3):
            clock.later()
            assert ring.owner(OLD.encode()) == "old"
    assert len(caplog.messages) == 1
    assert "rubbish" not in caplog.text
    file.write_text(key_line("new", NEW))
    clock.later()
    assert ring.owner(NEW.encode()) == "new"


def test_an_emptied_file_lets_nobody_in(file: Path) -> None:
    clock = Clock()
    ring = KeyRing("", file, clock)
    file.write_text("")
    clock.later()
    assert ring.owner(OLD.encode()) is None


def test_the_environments_keys_stay(file: Path) -> None:
    clock = Clock()
    ring = KeyRing(key_line("fixed", NEW), file, clock)
    file.write_text("")
    clock.later()
    assert (ring.owner(NEW.encode()), ring.owner(OLD.encode())) == ("fixed", None)


def test_nothing_configured_is_no_ring_and_nothing_in_it_is_refused(tmp_path: Path) -> None:
    assert key_ring(" \n", None) is None
    (tmp_path / "keys").write_text("# none yet\n")
    for lines, file in (("", tmp_path / "keys"), ("# none", None)):
        with pytest.raises(InputError, match="holds no API key"):
            key_ring(lines, file)
    with pytest.raises(InputError, match="line 1 of SHELFTAG_API_KEYS"):
        key_ring("rubbish", None)
