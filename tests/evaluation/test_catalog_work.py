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
    assert CatalogWork.model_validate_json(work.model_dump_json()) == work


def test_nothing_to_do() -> None:
    sentence = CatalogWork(unlabelled=0, tagged=0, recovered=()).sentence
    assert sentence.startswith("Every product has a department.")
    assert "not looked for (evaluation.suspects = false)" in sentence
