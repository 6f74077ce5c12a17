"""A verb as a job: one quoted command that means the same on the cluster."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.submission import check_secrets, entrypoint
from pipelines.__main__ import parser
from shelftag.config import Config, load_config
from shelftag.errors import ConfigError

words = st.text(
    st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), max_size=20
)


@given(words, words)
def test_whatever_is_given_comes_through_the_shell(folder: str, prompt: str) -> None:
    config = load_config(options={"model.prompt": f"{{product}} {prompt}", "train.seed": "7"})
    command = entrypoint("tag", ["--run=/r", f"--input=/{folder}", "--out=/o"], config)
    said = shlex.split(command)
    assert said[:4] == ["python", "-m", "pipelines", "tag"]
    options = vars(parser().parse_args(said[3:]))
    assert str(options["input"]) in (f"/{folder}", str(Path(f"/{folder}")))
    assert load_config(overrides=options["settings"]) == config


def run(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """As Ray runs a job's command: in a shell."""
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(command, shell=True, env=environment, capture_output=True, text=True)


def test_a_secret_travels_by_name_and_must_be_there() -> None:
    command = entrypoint("doctor", ["x"], Config(), ["HF_TOKEN", "OTHER"], python="echo")
    done = run(command, HF_TOKEN="hf_1234", OTHER="a b")
    assert (done.returncode, done.stdout) == (0, "-m pipelines doctor x\n")
    missing = run(command, HF_TOKEN="hf_1234")
    assert (missing.returncode, missing.stdout) == (2, "")
    (line,) = missing.stderr.splitlines()
    assert line.startswith("shelftag: secret OTHER is not set on the cluster's head: set it where")


@pytest.mark.parametrize("given", ["HF_TOKEN=hf_1234", "hf-1234", "", "A;rm x", "$(x)"])
def test_a_value_in_place_of_a_name_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_secrets(["GOOD", given])
    assert "--secret number 2" in str(refused.value)
    assert "1234" not in str(refused.value)


def test_the_value_is_never_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_1234")
    assert "hf_1234" not in entrypoint("train", [], Config(), ["HF_TOKEN"])


def test_all_verbs_parse_as_jobs() -> None:
    """`submit`'s own options are those of no verb, and each one's example is whole."""
    from pipelines.verbs import HERE_ONLY, VERBS, on_cluster

    for name in VERBS.keys() - set(HERE_ONLY):
        names = [option.name for option in on_cluster(name).options]
        assert len(names) == len(set(names))
        (example,) = on_cluster(name).examples
        given: dict[str, Any] = vars(parser().parse_args(example.split()[1:]))
        assert (given["verb"], given["submitted"]) == ("submit", name)


def test_what_names_a_file_or_folder_is_known_as_a_place() -> None:
    """Else a relative one would be taken, and its files lost with the job's folder."""
    from pipelines.verbs import HERE_ONLY, VERBS

    for name in VERBS.keys() - set(HERE_ONLY):
        for option in VERBS[name].options:
            told = re.search(r"\b(folder|file|URI|CSV of|output)s?\b", option.help)
            assert option.is_place or option.flag or told is None, f"{name} {option.written}"
