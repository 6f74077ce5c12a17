"""The commands of cluster/README.md are real ones."""

import re
import shlex

import pytest

from cluster.code import TREE
from pipelines.__main__ import main, parser

TEXT = (TREE / "cluster" / "README.md").read_text()
COMMANDS = re.findall(r"^(?:\$ )?(?:RAY_AUTH_TOKEN=\S+ )?shelftag (.+)$", TEXT, re.MULTILINE)


def words(command: str) -> list[str]:
    return shlex.split(command.partition(";")[0], comments=True)


def test_every_command_parses(capsys: pytest.CaptureFixture[str]) -> None:
    whole = [words(one) for one in COMMANDS if "..." not in one and "VERB" not in one]
    assert len(whole) > 12
    for command in whole:
        if "--help" in command:
            with pytest.raises(SystemExit):
                parser().parse_args(command)
        elif "--config" in command:  # a reader's own file
            parser().parse_args(command)
        else:
            assert main([*command, "--dry-run"]) == 0, command
    capsys.readouterr()


def test_every_part_of_the_folder_is_told_of() -> None:
    for entry in (TREE / "cluster").iterdir():
        if not entry.name.startswith("_") and entry.name != "README.md":
            assert entry.name in TEXT
