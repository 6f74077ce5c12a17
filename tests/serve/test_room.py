"""What waits is bounded by names and by characters."""

from contextlib import AbstractContextManager

import pytest

from serve.problems import Problem
from serve.protection.access import CALLER
from serve.room import Room
from shelftag.config.serve import ServeConfig

SETTINGS = ServeConfig(max_queued_names=3, max_queued_characters=100, retry_after_s=7)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["x"] * 3, r"1 names wait, at most 3 may \(serve\.max_queued_names\)"),
        (["x" * 91], r"10 characters wait, at most 100 may \(serve\.max_queued_characters\)"),
    ],
)
def test_more_is_told_to_come_back(more: list[str], said: str) -> None:
    room = Room(SETTINGS)
    with room.taken(["x" * 10]), pytest.raises(Problem, match=said) as refused, room.taken(more):
        pass
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "7"})
    with room.taken(more):  # what was refused took no room
        pass


@pytest.mark.parametrize(("more", "what"), [(["x"] * 2, "names"), (["x" * 51], "characters")])
def test_one_key_leaves_half_to_others(more: list[str], what: str) -> None:
    room, mine = Room(SETTINGS.model_copy(update={"max_queued_names": 4})), ["x", "x"]

    def ask(key: str | None, texts: list[str]) -> AbstractContextManager[None]:
        CALLER.set(key)
        return room.taken(texts)

    with ask("mine", mine[:1]):
        with pytest.raises(Problem, match=rf"{what} of this key wait") as told, ask("mine", more):
            pass
        assert (told.value.status, told.value.headers) == (429, {"Retry-After": "7"})
        for other in ("yours", None):
            with ask(other, more):
                pass
    with ask("mine", more):
        pass
    with ask(None, ["x"] * 2), ask(None, ["x"] * 2):  # without keys there is nobody to share with
        pass
    CALLER.set(None)


def test_a_request_alone_is_let_in_whatever_its_size() -> None:
    room = Room(SETTINGS)
    for _ in range(2):
        with room.taken(["x" * 1_000] * 10):
            pass


def test_room_is_given_back_by_what_fails() -> None:
    room = Room(SETTINGS)
    with pytest.raises(ZeroDivisionError), room.taken(["x"] * 3):
        raise ZeroDivisionError
    with room.taken(["x"]), room.taken(["x"] * 2):
        pass
