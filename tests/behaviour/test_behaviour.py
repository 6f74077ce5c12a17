"""What people take for granted of a tagger, checked on one trained on made data.

Ribeiro et al., Beyond accuracy: behavioral testing of NLP models with CheckList, 2020
(https://aclanthology.org/2020.acl-main.442). Floors stand a few points under what was measured
with the default seed, which is said beside them.
"""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from tests.behaviour.conftest import Trained

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def shuffled(name: str) -> str:
    """Its words in another order, the same each time."""
    words = name.split()
    Random(name).shuffle(words)
    return " ".join(words)


@pytest.mark.parametrize("change", [str.upper, str.lower, str.title], ids=lambda one: one.__name__)
def test_invariance_to_case(change: Callable[[str], str], trained: Trained) -> None:
    assert trained.kept(change) == 1


@pytest.mark.parametrize(
    ("change", "floor"),
    [
        pytest.param(lambda name: f"{name}.", 0.93, id="a full stop (0.970)"),
        pytest.param(lambda name: f"{name}!", 0.96, id="an exclamation mark (0.995)"),
        pytest.param(lambda name: name.replace(" ", ", ", 1), 0.95, id="a comma (0.989)"),
        pytest.param(lambda name: name.replace(" ", "-"), 0.95, id="hyphens for spaces (0.988)"),
        pytest.param(lambda name: f"({name})", 0.95, id="brackets (0.991)"),
        # an inch mark, in the made names, and few departments have things that are measured so
        pytest.param(lambda name: f'"{name}"', 0.85, id="quotes (0.907)"),
        pytest.param(lambda name: f"{name} 16 oz", 0.93, id="a size (0.976)"),
        pytest.param(lambda name: f"{name} 12 Count", 0.93, id="a count (0.966)"),
        pytest.param(lambda name: " ".join(name.split()[::-1]), 0.94, id="words reversed (0.978)"),
        pytest.param(shuffled, 0.94, id="words shuffled (0.982)"),
    ],
)
def test_invariance(change: Callable[[str], str], floor: float, trained: Trained) -> None:
    assert trained.kept(change) >= floor


def test_direction_of_frozen(trained: Trained) -> None:
    """Put before what is produce: always likelier (1.000), and mostly the tag (0.875)."""
    filed = zip(trained.names, trained.departments, strict=True)
    produce = [name for name, department in filed if department == "produce"]
    frozen = trained.tagger.departments.index["frozen"]
    plain = trained.probabilities(produce)
    cold = trained.probabilities([f"Frozen {name}" for name in produce])
    assert len(produce) > 30
    assert np.mean(plain.argmax(axis=1) == frozen) < 0.1
    assert np.mean(cold[:, frozen] > plain[:, frozen]) >= 0.95
    assert np.mean(cold.argmax(axis=1) == frozen) >= 0.7


OBVIOUS = {
    "alcohol": ("Cabernet Sauvignon", "Pale Ale", "Vodka"),
    "babies": ("Overnight Diapers", "Infant Formula", "Baby Wipes"),
    "bakery": ("Hamburger Buns", "Sourdough Loaf", "Croissants"),
    "beverages": ("Sparkling Water", "Green Tea", "Ground Coffee"),
    "breakfast": ("Corn Flakes", "Instant Oatmeal", "Pancake Mix"),
    "canned goods": ("Diced Tomatoes", "Fruit Cocktail", "Sardines"),
    "dairy eggs": ("Greek Yogurt", "Large Eggs", "String Cheese"),
    "deli": ("Tofu", "Potato Salad", "Salami"),
    "dry goods pasta": ("Spaghetti", "Marinara", "Quinoa"),
    "frozen": ("Ice Cream Bar", "Pepperoni Pizza", "French Fries"),
    "household": ("Laundry Detergent", "Paper Towels", "Trash Bags"),
    "international": ("Soy Sauce", "Matzo Ball Soup", "Taco Shells"),
    "meat seafood": ("Ground Beef", "Pork Chops", "Bacon"),
    "pantry": ("Olive Oil", "Peanut Butter", "Ketchup"),
    "personal care": ("Shampoo", "Toothpaste", "Body Lotion"),
    "pets": ("Dog Food", "Cat Litter", "Cat Treats"),
    "produce": ("Bananas", "Cilantro", "Salad Kit"),
    "snacks": ("Potato Chips", "Chocolate Bar", "Trail Mix"),
}
"""All departments but bulk, whose goods stand elsewhere too."""


@pytest.mark.parametrize("pattern", ["{}", "Organic {} 12 Oz", "Hilltop {}"])
def test_minimum_of_obvious_items(pattern: str, trained: Trained) -> None:
    """All 54 were right under each pattern; "Hilltop" is a brand it has not seen."""
    right = {
        department: sum(tag == department for tag in trained.tags([*map(pattern.format, items)]))
        for department, items in OBVIOUS.items()
    }
    assert sum(right.values()) >= 50
    assert min(right.values()) >= 2, right
