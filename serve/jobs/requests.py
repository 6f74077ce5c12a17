"""What a bulk job is asked to do, and the command that does it.

Nothing of a request reaches a shell or the config unquoted: paths are resolved ones, texts are
checked and quoted, numbers are numbers.
"""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shelftag.artifacts.fetched import Where
from shelftag.config import Config
from shelftag.config.changes import changed

Text = Annotated[str, Field(max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]*$")]


GATE = "tagging.max_change"
"""Of `tag --since`, which no job here has."""


class JobOptions(BaseModel):
    """As those of `shelftag tag`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name_column: Text = "product_name"
    description_column: Text | None = None
    prefix: Text = Field(default="", description="Put before the names of the new columns.")
    threshold: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=1, le=1_000)


class JobRequest(BaseModel):
    """A catalog to tag on the cluster."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Text = Field(
        description="CSV, NDJSON or Parquet file or folder, under serve.jobs_input."
    )
    output: Text = Field(description="Folder for the tags, under serve.jobs_output.")
    options: JobOptions = JobOptions()
    model: Text | None = Field(default=None, description="As for /v1/tag.")


def entrypoint(
    run: Where, source: Path, out: Path, asked: JobRequest, config: Config, address: str
) -> str:
    """The shell command of a job; every word is quoted, and every option has its `=`."""
    options = asked.options
    words = [sys.executable, "-m", "pipelines", "tag"]
    words += [f"--run={run}", f"--input={source}", f"--out={out}"]
    words += [f"--name-column={options.name_column}", f"--prefix={options.prefix}"]
    if options.description_column is not None:
        words.append(f"--description-column={options.description_column}")
    return shlex.join(words + settings(options, config, address))


def settings(options: JobOptions, config: Config, address: str) -> list[str]:
    """What differs from the defaults, as key=value: the endpoint's own, and the request's."""
    given = {
        key: value
        for key, value in changed(config).items()
        if key.startswith(("scaling.", "tagging.")) and key != GATE
    }
    given["scaling.address"] = json.dumps(address)
    for key in ("threshold", "top_k"):
        if getattr(options, key) is not None:
            given[f"tagging.{key}"] = json.dumps(getattr(options, key))
    return [f"{key}={value}" for key, value in given.items()]
