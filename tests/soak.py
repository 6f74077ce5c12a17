"""How much of what may go on for long is done: all of it by hand, a third in CI.

CI's time is bounded, and it sets the variable `CI` as all services do.
"""

import os
from collections.abc import Sequence
from random import Random
from typing import TypeVar

Card = TypeVar("Card")
SHARE = 3 if os.environ.get("CI") else 1


def part(whole: int) -> int:
    """Of so many kills, changes or seconds."""
    return -(-whole // SHARE)


def some(cards: Sequence[Card], random: Random) -> list[Card]:
    """In random order: all, or every third, so that each kind of which there are three is dealt."""
    dealt = cards[random.randrange(SHARE) :: SHARE]
    return random.sample(dealt, len(dealt))
