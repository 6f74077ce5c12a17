"""The sentence the report says of both lists."""

from shelftag.evaluation.catalog_work import CatalogWork


def test_both_lists() -> None:
    work = CatalogWork(
        unlabelled=1_610,
        tagged=400,
        recovered=(),
        labelled=43_110,
        estimated=2_800,
        doubted=2_600,
        contradicted=12,
    )
    assert "1,610 products have no department" in work.sentence
    assert "400 of them without need of review" in work.sentence
    assert "Of 43,110 labels some 2,800 are estimated to be wrong" in work.sentence
    assert "ranks 2,600, 12 of which" in work.sentence
    assert "sample" not in work.sentence
    assert "Near names" not in work.sentence
    assert CatalogWork.model_validate_json(work.model_dump_json()) == work


def test_limits_are_said() -> None:
    work = CatalogWork(
        unlabelled=50_000,
        tagged=1,
        recovered=(),
        near_for=20_000,
        near_among=100_000,
        labelled=1_000_000,
        checked=200_000,
        estimated=9_000,
        doubted=8_000,
        contradicted=12,
    )
    among = "among a seeded sample of 100,000 labelled names."
    near = f"Near names were sought for the first 20,000 rows and {among}"
    assert work.recovered_sentence.endswith(near)
    assert "Of a seeded sample of 200,000 of 1,000,000 labels" in work.suspects_sentence
    assert work.suspects_sentence.endswith(f"Near names were sought {among}")


def test_nothing_to_do() -> None:
    sentence = CatalogWork(unlabelled=0, tagged=0, recovered=()).sentence
    assert sentence.startswith("Every product has a department.")
    assert "not looked for (evaluation.suspects = false)" in sentence
