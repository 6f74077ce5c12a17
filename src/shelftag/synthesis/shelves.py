"""The 21 departments and 134 aisles of the public Instacart schema.

An aisle's width is its share of a made catalog against the other aisles, on a scale of our own;
its tastes are the families of flavour words its products may carry (see `vocabulary`).
"""

from dataclasses import dataclass
from functools import cache

MISSING_AISLE = 100
"""Not an aisle: what is filed here has a true aisle that nobody wrote down."""

DEPARTMENTS = dict(
    enumerate(
        (
            *("frozen", "other", "bakery", "produce", "alcohol", "international", "beverages"),
            *("pets", "dry goods pasta", "bulk", "personal care", "meat seafood", "pantry"),
            *("breakfast", "canned goods", "dairy eggs", "household", "babies", "snacks"),
            *("deli", "missing"),
        ),
        start=1,
    )
)
"""Department id -> name."""


@dataclass(frozen=True)
class Aisle:
    """One aisle; it stands in exactly one department."""

    aisle_id: int
    name: str
    department_id: int
    width: int
    tastes: tuple[str, ...]


@cache
def aisles() -> tuple[Aisle, ...]:
    """All 134, by id."""
    ids = {name: number for number, name in DEPARTMENTS.items()}
    rows = [[cell.strip() for cell in line.split("|")] for line in _AISLES.strip().splitlines()]
    return tuple(
        Aisle(number, name, ids[department], int(width), tuple(tastes.split()))
        for number, (name, department, width, tastes) in enumerate(rows, start=1)
    )


# Line n is aisle n: name | department | width | tastes
_AISLES = """
prepared soups salads           | deli            | 5  | savoury
specialty cheeses               | dairy eggs      | 6  | savoury
energy granola bars             | snacks          | 12 | sweet fruit
instant foods                   | dry goods pasta | 9  | savoury
marinades meat preparation      | pantry          | 7  | savoury
other                           | other           | 10 | sweet scent
packaged meat                   | meat seafood    | 4  | savoury
bakery desserts                 | bakery          | 6  | sweet fruit
pasta sauce                     | dry goods pasta | 7  | savoury
kitchen supplies                | household       | 5  | colour
cold flu allergy                | personal care   | 7  | care fruit
fresh pasta                     | dry goods pasta | 4  | savoury
prepared meals                  | deli            | 6  | savoury
tofu meat alternatives          | deli            | 4  | savoury
packaged seafood                | meat seafood    | 3  | savoury
fresh herbs                     | produce         | 3  | origin
baking ingredients              | pantry          | 9  | sweet
bulk dried fruits vegetables    | bulk            | 1  | fruit
oils vinegars                   | pantry          | 6  | origin savoury
oral hygiene                    | personal care   | 8  | care
packaged cheese                 | dairy eggs      | 12 | savoury
hair care                       | personal care   | 11 | scent care
popcorn jerky                   | snacks          | 6  | savoury sweet
fresh fruits                    | produce         | 7  | origin
soap                            | personal care   | 8  | scent
coffee                          | beverages       | 10 | sweet origin
beers coolers                   | alcohol         | 7  | fruit origin
red wines                       | alcohol         | 5  | origin
honeys syrups nectars           | pantry          | 5  | sweet fruit
latino foods                    | international   | 5  | savoury
refrigerated                    | beverages       | 9  | fruit
packaged produce                | produce         | 2  | origin fruit
kosher foods                    | international   | 4  | savoury sweet
frozen meat seafood             | frozen          | 5  | savoury
poultry counter                 | meat seafood    | 3  | savoury
butter                          | dairy eggs      | 4  | savoury sweet
ice cream ice                   | frozen          | 13 | sweet fruit
frozen meals                    | frozen          | 12 | savoury
seafood counter                 | meat seafood    | 3  | savoury
dog food care                   | pets            | 8  | meaty
cat food care                   | pets            | 8  | meaty
frozen vegan vegetarian         | frozen          | 4  | savoury
buns rolls                      | bakery          | 4  | grain
eye ear care                    | personal care   | 3  | care
candy chocolate                 | snacks          | 14 | sweet fruit
mint gum                        | snacks          | 4  | sweet fruit
vitamins supplements            | personal care   | 12 | care fruit
breakfast bars pastries         | breakfast       | 5  | sweet fruit
packaged poultry                | meat seafood    | 3  | savoury
fruit vegetable snacks          | snacks          | 6  | fruit savoury
preserved dips spreads          | pantry          | 5  | savoury
frozen breakfast                | frozen          | 5  | sweet fruit savoury
cream                           | dairy eggs      | 4  | sweet
paper goods                     | household       | 6  | colour
shave needs                     | personal care   | 4  | scent care
diapers wipes                   | babies          | 4  | care
granola                         | breakfast       | 4  | sweet fruit
frozen breads doughs            | frozen          | 3  | grain savoury
canned meals beans              | canned goods    | 6  | savoury
trash bags liners               | household       | 3  | scent
cookies cakes                   | snacks          | 11 | sweet
white wines                     | alcohol         | 4  | origin
grains rice dried goods         | dry goods pasta | 6  | grain savoury
energy sports drinks            | beverages       | 6  | fruit
protein meal replacements       | personal care   | 6  | sweet
asian foods                     | international   | 9  | savoury
fresh dips tapenades            | deli            | 6  | savoury
bulk grains rice dried goods    | bulk            | 1  | grain
soup broth bouillon             | canned goods    | 9  | savoury
digestion                       | personal care   | 6  | care fruit
refrigerated pudding desserts   | dairy eggs      | 4  | sweet fruit
condiments                      | pantry          | 7  | savoury
facial care                     | personal care   | 5  | care scent
dish detergents                 | household       | 4  | scent
laundry                         | household       | 7  | scent
indian foods                    | international   | 4  | savoury
soft drinks                     | beverages       | 7  | fruit sweet
crackers                        | snacks          | 10 | savoury grain
frozen pizza                    | frozen          | 6  | savoury
deodorants                      | personal care   | 5  | scent
canned jarred vegetables        | canned goods    | 7  | savoury
baby accessories                | babies          | 3  | colour
fresh vegetables                | produce         | 8  | origin
milk                            | dairy eggs      | 6  | sweet
food storage                    | household       | 4  | colour
eggs                            | dairy eggs      | 4  | origin
more household                  | household       | 5  | colour
spreads                         | pantry          | 7  | fruit sweet
salad dressing toppings         | pantry          | 8  | savoury
cocoa drink mixes               | beverages       | 4  | sweet fruit
soy lactosefree                 | dairy eggs      | 6  | sweet
baby food formula               | babies          | 10 | fruit
breakfast bakery                | bakery          | 5  | grain sweet
tea                             | beverages       | 12 | fruit origin
canned meat seafood             | canned goods    | 5  | savoury
lunch meat                      | deli            | 6  | savoury
baking supplies decor           | pantry          | 5  | colour sweet
juice nectars                   | beverages       | 11 | fruit
canned fruit applesauce         | canned goods    | 5  | fruit sweet
missing                         | missing         | 0  | sweet
air fresheners candles          | household       | 6  | scent sweet
baby bath body care             | babies          | 4  | scent care
ice cream toppings              | snacks          | 3  | sweet
spices seasonings               | pantry          | 10 | savoury origin
doughs gelatins bake mixes      | pantry          | 7  | sweet fruit
hot dogs bacon sausage          | meat seafood    | 7  | savoury
chips pretzels                  | snacks          | 13 | savoury
other creams cheeses            | dairy eggs      | 5  | savoury fruit
skin care                       | personal care   | 5  | care scent
pickled goods olives            | pantry          | 6  | savoury
plates bowls cups flatware      | household       | 4  | colour
bread                           | bakery          | 9  | grain
frozen juice                    | frozen          | 2  | fruit
cleaning products               | household       | 8  | scent
water seltzer sparkling water   | beverages       | 7  | fruit
frozen produce                  | frozen          | 6  | origin fruit
nuts seeds dried fruit          | snacks          | 9  | savoury fruit
first aid                       | personal care   | 5  | care
frozen dessert                  | frozen          | 4  | sweet fruit
yogurt                          | dairy eggs      | 13 | fruit sweet
cereal                          | breakfast       | 8  | sweet grain
meat counter                    | meat seafood    | 4  | savoury
packaged vegetables fruits      | produce         | 9  | origin fruit
spirits                         | alcohol         | 5  | origin fruit
trail mix snack mix             | snacks          | 3  | sweet savoury
feminine care                   | personal care   | 5  | care
body lotions soap               | personal care   | 7  | scent
tortillas flat bread            | bakery          | 5  | grain
frozen appetizers sides         | frozen          | 6  | savoury
hot cereal pancake mixes        | breakfast       | 6  | sweet fruit
dry pasta                       | dry goods pasta | 7  | grain
beauty                          | personal care   | 4  | colour
muscles joints pain relief      | personal care   | 4  | care
specialty wines champagnes      | alcohol         | 4  | origin
"""
