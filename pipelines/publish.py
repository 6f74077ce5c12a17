"""Make an output of `tag` the current one of its folder; the one before takes it back."""

from shelftag.artifacts import Tags
from shelftag.config import Config
from shelftag.tagging.bulk.current import make_current


def main(*, tags: str, config: Config) -> None:  # noqa: ARG001  (every verb has one)
    """Write CURRENT beside a complete output."""
    file = make_current(Tags(tags))
    print(f"{file}: {file.read().decode().strip()}")
