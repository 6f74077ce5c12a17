"""The application as `serve build` takes it: an object, where `serve.app:build` is a builder.

SHELFTAG_RUN=/srv/shelftag/run serve build serve.built:app -o built.yaml
"""

import os
from typing import Any

from serve.app import ServeArgs, build
from shelftag.errors import InputError


def __getattr__(name: str) -> Any:
    """Built when it is asked for (PEP 562): an import alone does no work.

    Raises:
        InputError: SHELFTAG_RUN is not set.
        ArtifactError: the Run cannot be used.
    """
    if name != "app":
        raise AttributeError(name)
    if not (run := os.environ.get("SHELFTAG_RUN")):
        raise InputError(
            "SHELFTAG_RUN is not set", "set it to a folder that `train` made, or a URI"
        )
    return build(ServeArgs(run=run))
