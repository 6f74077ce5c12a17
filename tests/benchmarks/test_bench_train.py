"""The ratios are those of the figures in the table."""

from tests.benchmarks.bench_train import figures
from tests.benchmarks.train_paths import HF, OURS, TRL


def runs(*tokens: float, tokens_a_name: float) -> list[dict[str, float]]:
    return [{"tokens_per_s": each, "names_per_s": each / tokens_a_name} for each in tokens]


def test_ratios_are_of_medians() -> None:
    found = figures(
        {
            OURS: runs(100.0, 900.0, 200.0, tokens_a_name=10),
            HF: runs(100.0, 250.0, 1.0, tokens_a_name=10),
            TRL: runs(50.0, 80.0, 1000.0, tokens_a_name=16),
        }
    )
    assert (found["tokens_per_s"], found["names_per_s"]) == (200.0, 20.0)
    assert (found["ratio_hf_trainer"], found["ratio_hf_trainer_names"]) == (2.0, 2.0)
    assert (found["ratio_trl_padded"], found["ratio_trl_padded_names"]) == (2.5, 4.0)
