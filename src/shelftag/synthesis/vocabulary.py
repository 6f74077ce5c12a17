"""The words of made names: tastes, qualities, brands and sizes, none of any real retailer.

Most of them stand in many departments, so a name has to be read as a whole: "Vanilla" is a
yogurt, a candle or a coffee, and "Variety Pack" may be anything.
"""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate, chain

from shelftag.synthesis.nouns import NOUNS
from shelftag.synthesis.shelves import aisles

TASTES = {
    "sweet": "vanilla, chocolate, caramel, cinnamon, honey, maple, peanut butter, almond, coconut,"
    " mocha, hazelnut, salted caramel, brown sugar, mint, pumpkin spice, fat free, sugar free",
    "fruit": "strawberry, blueberry, lemon, peach, mango, raspberry, cherry, apple, orange, lime,"
    " mixed berry, pineapple, pomegranate, grape, pear, tropical, cranberry, unsweetened",
    "savoury": "garlic, sea salt, roasted red pepper, sun dried tomato, rosemary, smoked, cheddar,"
    " jalapeno, barbecue, ranch, black pepper, chipotle, basil, spicy, herb, onion, chicken, beef,"
    " spinach, mushroom, teriyaki, parmesan, low sodium, turkey, gluten free, reduced fat",
    "meaty": "chicken, beef, salmon, turkey, lamb, tuna, chicken & rice, ocean fish, duck, liver,"
    " sweet potato, peanut butter",
    "scent": "lavender, lemon, fresh linen, coconut, vanilla, eucalyptus, rose, cucumber, mint,"
    " ocean breeze, tea tree, honey, unscented, orange, aloe, almond, citrus, green tea",
    "care": "sensitive, gentle, extra strength, maximum strength, soothing, daily, advanced, mint,"
    " fast acting, unscented, hydrating, aloe, overnight, clear, clinical, moisturizing",
    "colour": "white, black, red, clear, blue, silver, assorted colors, green, natural, pink, gold",
    "origin": "california, italian, french, hawaiian, baby, valley, mountain, tuscan, coastal,"
    " heirloom, red, golden, green, oak, black, colombian, summer, highland",
    "grain": "whole wheat, multigrain, honey wheat, rye, sourdough, oat, white, quinoa, brown rice,"
    " ancient grain, sesame, potato, corn, flax, sprouted, gluten free",
}
"""Family -> flavours, scents and the like."""

_QUALITIES = (
    "organic, natural, classic, original, premium, all natural, fresh, extra, traditional, large,"
    " small, family size, mini, simply, homestyle, ultra, pure, deluxe, farm, everyday, select,"
    " signature, value, essential, authentic, gourmet, super, the original, double, vegan, special"
)

_SHARED_NOUNS = (
    "variety pack, blend, mix, bites, bars, sauce, original, sticks, cups, duo, assortment, rounds,"
    " minis, medley, singles, squares, spread, clusters, twists, value pack, crunch, melts, pieces,"
    " drops, cream, powder, wraps, butter, oil, spray, balls, rolls, strips, chips"
)

PHRASES = {
    1: "keep frozen until ready to heat",
    2: "for all that fits nowhere else",
    3: "baked each morning",
    4: "picked ripe from the field",
    5: "please drink responsibly, adults only",
    6: "flavours from kitchens around the world",
    7: "serve chilled or hot by the glass",
    8: "for happy, healthy animals at home",
    9: "simmer, drain and serve with dinner",
    10: "scoop as much as you need by weight",
    11: "for your daily body and health routine",
    12: "cut and trimmed by the butcher",
    13: "a cupboard staple for cooking and baking",
    14: "a good start to the morning bowl",
    15: "ready in the can, just open and warm",
    16: "keep refrigerated, from pasture raised herds",
    17: "for a tidy and clean home",
    18: "gentle for little ones, checked by parents",
    19: "to share or munch between meals",
    20: "sliced and made at the counter today",
}
"""Department id -> what a description says of its products."""

_BRAND_HEADS = (
    "alder, amber, birch, bram, cald, cedar, copper, dun, elder, ember, fallow, fen, glen, grey,"
    " hazel, heath, iron, juniper, kestrel, larch, linden, maple, marl, mill, north, ol, otter,"
    " pine, quill, raven, rowan, sable, stone, tarn, thistle, upper, velt, wren, yar, zell"
)
_BRAND_TAILS = (
    "acre, bank, barrow, beck, brook, combe, croft, dale, den, field, ford, garth, gate, grove,"
    " ham, holt, hurst, keep, ley, mere, moor, ridge, stead, thorpe, vale"
)
_UNITS = {
    "Oz": range(2, 65, 2),
    "Count": range(2, 121),
    "Pack": range(2, 25),
    "Lb": range(1, 31),
    "Ml": range(50, 1001, 50),
    "G": range(20, 1001, 10),
}
INCH_AISLES = frozenset({10, 85, 87, 97, 111})
"""Here sizes may be in inches, and their marks put quotes and escapes into the CSV."""


@dataclass(frozen=True)
class Pool:
    """Word lists laid end to end; list i is `words[start[i] : start[i] + length[i]]`."""

    words: tuple[str, ...]
    start: tuple[int, ...]
    length: tuple[int, ...]

    @classmethod
    def of(cls, lists: list[tuple[str, ...]]) -> "Pool":
        """Lay the lists end to end."""
        lengths = [len(entries) for entries in lists]
        starts = accumulate(lengths[:-1], initial=0)
        return cls(tuple(chain.from_iterable(lists)), tuple(starts), tuple(lengths))


def split(text: str) -> tuple[str, ...]:
    """A comma-separated list in title case."""
    return tuple(" ".join(word.capitalize() for word in entry.split()) for entry in text.split(","))


@cache
def nouns() -> Pool:
    """What an aisle's products are, list i for aisle i + 1."""
    return Pool.of([split(line) for line in NOUNS.strip().splitlines()])


@cache
def tastes() -> Pool:
    """Flavour words, list i for aisle i + 1."""
    joined = [",".join(TASTES[family] for family in aisle.tastes) for aisle in aisles()]
    return Pool.of([split(text) for text in joined])


@cache
def brands() -> tuple[str, ...]:
    """A thousand made brands; neighbours in this order share departments."""
    made = [head + tail.lower() for head in split(_BRAND_HEADS) for tail in split(_BRAND_TAILS)]
    # A stride without common factor shuffles them: a brand's spelling says nothing of its place.
    return tuple(made[number * 389 % len(made)] for number in range(len(made)))


@cache
def qualities() -> tuple[str, ...]:
    """Said of anything, in every department."""
    return split(_QUALITIES)


@cache
def shared_nouns() -> tuple[str, ...]:
    """Heads that do not tell the department: only the words around them may."""
    return split(_SHARED_NOUNS)


@cache
def sizes() -> Pool:
    """List 0 for most aisles, list 1 with inches."""
    plain = tuple(f"{number} {unit}" for unit, numbers in _UNITS.items() for number in numbers)
    # The public files write an inch mark with a backslash before it.
    return Pool.of([plain, (*plain[:150], *(f'{inches}\\"' for inches in range(3, 25)))])
