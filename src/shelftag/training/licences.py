"""Licences of bases that are known here, and what they ask to be said beside a fine-tuned model.

Read in: https://ai.meta.com/llama/license/ (Llama 2), https://www.llama.com/llama3/license/ and
its successors 3.1 to 3.3, and the cards of SmolLM2 and Qwen3 on the hub.
"""

import re
from dataclasses import dataclass

from shelftag.model.adapter import MADE_BASE


@dataclass(frozen=True)
class Licence:
    """What a model card says of a base's licence."""

    identifier: str
    """As the hub writes it in a card's front matter; "" where no licence of others applies."""
    notice: str
    """What must be said, or where to look."""
    title: str = ""
    """What the name of a model made with it must begin with."""


def _llama3(version: str, product: str, built_with: str) -> Licence:
    return Licence(
        f"llama{version}",
        f"{built_with}. {product} is licensed under the {product} Community License, "
        "Copyright © Meta Platforms, Inc. All Rights Reserved. A copy of that licence must go "
        "with the model.",
        "Llama 3" if version == "3" else "Llama",
    )


MADE = Licence("", "The base was made here, on the training names: no licence of others applies.")
UNKNOWN = Licence("other", "The licence of the base applies; look at the base's own card for it.")
KNOWN = (
    (
        r"llama[-_ ]?2(?![.\d])",
        Licence(
            "llama2",
            "Llama 2 is licensed under the LLAMA 2 Community License, Copyright (c) Meta "
            "Platforms, Inc. All Rights Reserved. A copy of that licence must go with the model.",
        ),
    ),
    (r"llama[-_ ]?3\.1", _llama3("3.1", "Llama 3.1", "Built with Llama")),
    (r"llama[-_ ]?3\.2", _llama3("3.2", "Llama 3.2", "Built with Llama")),
    (r"llama[-_ ]?3\.3", _llama3("3.3", "Llama 3.3", "Built with Llama")),
    (r"llama[-_ ]?3(?![.\d])", _llama3("3", "Meta Llama 3", "Built with Meta Llama 3")),
    (
        r"^(huggingfacetb/smollm2|qwen/qwen3)-[\w.-]+$",
        Licence("apache-2.0", "The base is licensed under the Apache License 2.0."),
    ),
)
"""Pattern of a base's name, in lower case -> licence. Llama's binds derivatives of any name;
an Apache licence is only taken for granted where its owner's own model is named."""


def licence_of(base: str) -> Licence:
    """The licence of a base by hub id, folder or `../base`."""
    if base == MADE_BASE:
        return MADE
    return next((known for name, known in KNOWN if re.search(name, base.lower())), UNKNOWN)
