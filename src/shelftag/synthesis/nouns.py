"""What stands in each aisle: common nouns, the most frequent first.

Line n is aisle n (see `shelves`). Many a noun stands in aisles of several departments, as it does
in a shop: chicken wings are meat, frozen, or prepared, and the name alone may not say which.
"""

NOUNS = """
potato salad, chicken noodle soup, lentil soup, coleslaw, greek salad, pasta salad, tomato bisque
brie, blue cheese, goat cheese, feta, gouda, manchego, fresh mozzarella, gruyere wedge
granola bar, protein bar, energy bar, nut bar, oat bar, fruit bar, snack bar, breakfast bar
macaroni & cheese, ramen noodles, instant noodles, rice mix, pasta side, couscous mix, soup cup
marinade, barbecue sauce, steak sauce, breading, meat rub, coating mix, taco seasoning, wing sauce
greeting card, gift card, batteries, magazine, flowers, phone charger, umbrella, balloon, soap
beef jerky, ground turkey, meatballs, beef patties, pork chops, ham steak, corned beef, pulled pork
layer cake, cupcakes, cheesecake, pie, brownies, muffins, eclairs, cookies, fruit tart
pasta sauce, marinara, alfredo sauce, pesto, tomato sauce, vodka sauce, meat sauce, pizza sauce
baking pan, skillet, spatula, can opener, knife, cutting board, whisk, measuring cups, skewers
cold relief, cough drops, nasal spray, allergy tablets, cough syrup, sinus relief, lozenges, tissues
ravioli, tortellini, fettuccine, gnocchi, linguine, lasagna sheets, angel hair, pesto
chicken salad, roast chicken, burrito, sandwich, sushi roll, lasagna, chicken wings, quesadilla
tofu, tempeh, veggie burger, meatless crumbles, seitan, veggie sausage, veggie dogs, tofu cubes
smoked salmon, shrimp, crab meat, salmon fillet, tilapia, fish cakes, lox, calamari
basil, cilantro, parsley, mint, thyme, rosemary, dill, sage, chives, lemongrass
flour, sugar, baking powder, chocolate chips, vanilla extract, yeast, baking soda, cocoa, shortening
dried mango, raisins, dried apricots, dates, dried cranberries, banana chips, prunes, dried figs
olive oil, vinegar, canola oil, coconut oil, cooking spray, balsamic vinegar, sesame oil
toothpaste, toothbrush, mouthwash, dental floss, whitening strips, denture cleanser, breath spray
shredded cheese, sliced cheese, string cheese, cheddar, mozzarella, cheese sticks, provolone, swiss
shampoo, conditioner, hair spray, hair color, styling gel, hair oil, mousse, dry shampoo, hair mask
popcorn, beef jerky, kettle corn, turkey jerky, popcorn kernels, jerky sticks, microwave popcorn
apples, bananas, oranges, grapes, strawberries, avocado, lemons, pears, peaches, limes, mango, melon
hand soap, bar soap, body wash, hand sanitizer, foaming soap, soap refill, hand wash, bath bar
ground coffee, coffee beans, coffee pods, instant coffee, espresso, cold brew, coffee filters, latte
lager, ale, hard cider, pale ale, stout, wheat beer, hard seltzer, pilsner, wine cooler, porter
cabernet sauvignon, pinot noir, merlot, red blend, malbec, zinfandel, syrah, chianti, red wine
honey, maple syrup, agave nectar, pancake syrup, molasses, corn syrup, simple syrup, fruit syrup
salsa, refried beans, taco shells, tortillas, enchilada sauce, mole, tamales, hot sauce, black beans
orange juice, lemonade, kombucha, iced tea, juice smoothie, apple juice, probiotic drink, cold brew
carrots, sliced apples, celery sticks, broccoli florets, fruit tray, snap peas, melon chunks
matzo, gefilte fish, egg noodles, grape juice, matzo ball soup, challah, borscht, kosher dills
chicken breast, shrimp, fish sticks, beef patties, salmon fillet, tilapia, meatballs, cod, wings
chicken breast, chicken thighs, whole chicken, chicken wings, drumsticks, turkey breast, cornish hen
butter, salted butter, margarine, butter spread, buttery sticks, whipped butter, ghee
ice cream, ice pops, gelato, sorbet, ice cream bar, frozen yogurt, sherbet, fruit bar, cones, sundae
lasagna, burrito, pasta bowl, pot pie, enchiladas, stir fry, rice bowl, chicken dinner, mac & cheese
salmon fillet, shrimp, cod, tilapia, scallops, crab legs, tuna steak, mussels, lobster tail, catfish
dog food, dog treats, dog biscuits, puppy food, chew bone, dog shampoo, poop bags, jerky treats
cat food, cat litter, cat treats, kitten food, pate, cat toy, litter box, stew, gravy dinner
veggie burger, meatless nuggets, vegan pizza, veggie patties, bean burrito, falafel, tofu scramble
hamburger buns, hot dog buns, dinner rolls, sandwich rolls, slider buns, kaiser rolls, hoagie rolls
contact solution, eye drops, ear drops, ear plugs, lens cleaner, cotton swabs, eye wash, lubricant
chocolate bar, gummies, candy, truffles, licorice, caramels, jelly beans, lollipops, peanut cups
gum, mints, breath mints, bubble gum, chewing gum, mint tin, peppermints, gum pieces
multivitamin, vitamin c, fish oil, probiotic, gummies, vitamin d, capsules, softgels, protein powder
toaster pastries, breakfast bar, cereal bar, breakfast biscuits, oat bar, pop pastry, muffin bar
chicken breast, ground turkey, chicken sausage, chicken strips, turkey burgers, chicken thighs
fruit snacks, apple chips, seaweed snack, kale chips, fruit leather, veggie straws, banana chips
hummus, salsa, bean dip, bruschetta, olive tapenade, artichoke dip, roasted peppers, queso, jam
waffles, pancakes, breakfast sandwich, french toast, hash browns, breakfast burrito, breakfast bowl
heavy cream, half & half, coffee creamer, whipped cream, sour cream, creme fraiche, creamer
paper towels, toilet paper, facial tissue, napkins, bath tissue, tissues, paper plates, wipes
razor, shaving cream, shave gel, razor blades, after shave, shaving gel, disposable razors, trimmer
diapers, baby wipes, training pants, swim diapers, wipes refill, diaper pail bags, overnight diapers
granola, muesli, granola clusters, oat clusters, granola cereal, trail granola, oats
garlic bread, pizza dough, pie crust, puff pastry, dinner rolls, bread dough, texas toast, biscuits
black beans, chili, kidney beans, baked beans, chickpeas, pinto beans, ravioli, refried beans, stew
trash bags, kitchen bags, lawn bags, drawstring bags, garbage bags, recycling bags, compost bags
cookies, sandwich cookies, wafers, snack cakes, brownies, shortbread, ginger snaps, fig bars
chardonnay, sauvignon blanc, pinot grigio, riesling, white wine, moscato, white blend, pinot gris
rice, quinoa, lentils, couscous, barley, split peas, farro, risotto, black beans, rice pilaf
energy drink, sports drink, energy shot, electrolyte drink, hydration mix, drink powder
protein shake, protein powder, nutrition shake, meal replacement, nutrition drink, protein drink
soy sauce, rice noodles, curry paste, coconut milk, ramen noodles, fish sauce, miso, wasabi
hummus, guacamole, salsa, spinach dip, tzatziki, pico de gallo, bean dip, artichoke dip, tapenade
rolled oats, rice, quinoa, lentils, granola, popcorn kernels, almonds, split peas, trail mix
chicken broth, tomato soup, chicken noodle soup, vegetable broth, chili, bouillon cubes, beef stock
antacid, fiber supplement, laxative, probiotic, stomach relief, gas relief, ginger chews, tablets
pudding, gelatin cups, rice pudding, flan, tapioca, custard, cheesecake cups, mousse, parfait
ketchup, mustard, mayonnaise, hot sauce, relish, worcestershire sauce, horseradish, aioli
face wash, face cream, cleanser, face mask, toner, serum, facial wipes, eye cream, moisturizer
dish soap, dishwasher detergent, dishwasher pods, rinse aid, dish liquid, dishwashing gel
laundry detergent, fabric softener, dryer sheets, stain remover, bleach, detergent pods, starch
naan, curry sauce, basmati rice, chutney, tikka masala, simmer sauce, samosa, dal, ghee, papadum
soda, cola, ginger ale, root beer, lemonade, tonic water, cream soda, club soda, iced tea
crackers, rice crackers, crispbread, water crackers, cheese crackers, graham crackers, flatbread
pizza, cheese pizza, pepperoni pizza, flatbread pizza, pizza bites, french bread pizza, pizza snacks
deodorant, antiperspirant, body spray, deodorant stick, roll on, deodorant spray, clear gel
diced tomatoes, green beans, corn, tomato sauce, artichoke hearts, beets, mushrooms, peas
baby bottle, pacifier, sippy cup, bib, teether, bottle nipples, baby spoon, changing pad, cup
carrots, onions, tomatoes, broccoli, potatoes, lettuce, cucumber, bell pepper, kale, zucchini
milk, whole milk, skim milk, chocolate milk, lowfat milk, buttermilk, kefir, goat milk, eggnog
storage bags, freezer bags, foil, plastic wrap, sandwich bags, food containers, parchment paper
eggs, egg whites, brown eggs, large eggs, hard boiled eggs, liquid eggs, cage free eggs
batteries, light bulb, glue, notebook, tape, extension cord, markers, matches, pens, duct tape
peanut butter, jam, jelly, almond butter, preserves, hazelnut spread, fruit spread, marmalade
ranch dressing, vinaigrette, croutons, caesar dressing, salad dressing, bacon bits, salad toppings
hot cocoa, cocoa mix, drink mix, lemonade mix, chocolate syrup, malted milk, drink powder, chai mix
almond milk, soy milk, coconut milk, oat milk, rice milk, creamer, lactose free milk, cashew milk
baby food, infant formula, baby cereal, puffs, fruit puree, toddler snack, baby pouch
bagels, english muffins, muffins, croissants, donuts, cinnamon rolls, scones, danish, bread
green tea, black tea, herbal tea, chai, tea bags, iced tea, white tea, oolong tea, matcha, loose tea
tuna, sardines, salmon, chicken breast, anchovies, clams, luncheon meat, corned beef, crab meat
turkey breast, ham, salami, roast beef, bologna, prosciutto, pastrami, pepperoni, chicken breast
sprinkles, frosting, baking cups, food coloring, birthday candles, icing, cake decorations, foil pan
orange juice, apple juice, cranberry juice, juice blend, lemonade, coconut water, nectar
applesauce, peaches, pineapple chunks, mandarin oranges, fruit cocktail, pears, fruit cup
item
candle, air freshener, scented oil, room spray, plug in refill, incense, odor eliminator
baby shampoo, baby lotion, baby wash, baby oil, bubble bath, diaper cream, baby powder, baby soap
chocolate syrup, sprinkles, caramel sauce, cones, hot fudge, maraschino cherries, whipped topping
cinnamon, black pepper, sea salt, garlic powder, paprika, cumin, seasoning blend, oregano
cake mix, brownie mix, gelatin, muffin mix, pudding mix, pie crust, cookie dough, cornbread mix
bacon, hot dogs, sausage, turkey bacon, bratwurst, breakfast sausage, chicken sausage, kielbasa
potato chips, tortilla chips, pretzels, corn chips, pita chips, cheese puffs, veggie chips
cream cheese, sour cream, cottage cheese, ricotta, mascarpone, cheese spread, neufchatel
sunscreen, lip balm, skin lotion, hand cream, moisturizer, body oil, face lotion, sun spray
pickles, olives, pickle spears, capers, sauerkraut, pepperoncini, kimchi, dill chips, banana peppers
paper plates, plastic cups, forks, bowls, paper cups, cutlery, straws, plates, spoons, napkins
bread, sandwich bread, baguette, sourdough loaf, rye bread, pita, wheat bread, raisin bread
orange juice, lemonade, juice concentrate, limeade, fruit punch, apple juice, margarita mix
all purpose cleaner, glass cleaner, disinfecting wipes, sponge, bleach, scrubber, toilet cleaner
sparkling water, spring water, mineral water, seltzer, water bottles, alkaline water, coconut water
broccoli florets, mixed vegetables, peas, blueberries, corn, strawberries, spinach, fruit blend
almonds, cashews, peanuts, raisins, pistachios, walnuts, sunflower seeds, dried cranberries
bandages, gauze, first aid kit, antiseptic, rubbing alcohol, cotton balls, thermometer, ointment
cheesecake, pie, cream puffs, whipped topping, fruit bar, cake, mochi, eclairs, cobbler, brownies
yogurt, greek yogurt, yogurt drink, kefir, lowfat yogurt, yogurt tubes, parfait, whole milk yogurt
cereal, corn flakes, bran flakes, oat cereal, rice cereal, puffed rice, shredded wheat, muesli
ground beef, pork chops, ribeye steak, beef stew meat, pork loin, lamb chops, ribs, chicken breast
salad kit, spinach, baby carrots, tomatoes, mushrooms, strawberries, spring mix, blueberries
vodka, whiskey, rum, tequila, gin, bourbon, scotch, brandy, liqueur, margarita mix, bitters
trail mix, snack mix, nut mix, party mix, fruit & nut mix, almonds, granola clusters, seed mix
tampons, pads, panty liners, maxi pads, feminine wipes, menstrual cup, pregnancy test, wash
body lotion, body wash, hand lotion, body butter, shower gel, bath salts, body scrub, bubble bath
tortillas, flour tortillas, pita, naan, wraps, corn tortillas, flatbread, lavash, tostadas
french fries, onion rings, chicken nuggets, egg rolls, mozzarella sticks, potstickers, tater rounds
oatmeal, pancake mix, instant oatmeal, grits, rolled oats, cream of wheat, waffle mix, hot cereal
spaghetti, penne, macaroni, rotini, linguine, lasagna, egg noodles, fettuccine, orzo, angel hair
mascara, lipstick, nail polish, makeup remover, cotton rounds, eyeliner, foundation, tweezers
pain relief, ibuprofen, heating pad, pain cream, aspirin, muscle rub, joint supplement, ice pack
prosecco, champagne, rose, sparkling wine, port, sherry, sangria, brut, vermouth, dessert wine
"""
