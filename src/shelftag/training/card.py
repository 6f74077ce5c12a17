"""The model card: README.md beside an adapter or an exported model."""

import json
import re
from pathlib import PurePath

from shelftag.artifacts import DatasetManifest, RunManifest
from shelftag.evaluation.outcome import Evaluation
from shelftag.tagging.calibration import Calibration
from shelftag.training.card_scores import tested
from shelftag.training.licences import licence_of

LIMITS = """\
- It knows these departments only, and gives each product exactly one of them.
- It reads names (and descriptions, where it was trained with them) as this catalog writes them;
  another shop's names, or another language, need a measurement of their own.
- Labels of catalogs are noisy, and so are the scores: no accuracy above that noise can be seen.
- Products whose confidence is under the threshold are for a person to look at."""

LOADING = {
    "classify": """\
from peft import AutoPeftModelForSequenceClassification
model = AutoPeftModelForSequenceClassification.from_pretrained(
    ".", num_labels={departments}
)""",
    "generate": """\
from peft import AutoPeftModelForCausalLM
model = AutoPeftModelForCausalLM.from_pretrained(".")""",
}
"""How plain PEFT loads an adapter, by its objective."""

MERGED_LOADING = {
    "classify": """\
from transformers import AutoModelForSequenceClassification, AutoTokenizer
model = AutoModelForSequenceClassification.from_pretrained(".")
tokenizer = AutoTokenizer.from_pretrained(".")
logits = model(**tokenizer(["organic rye bread"], return_tensors="pt")).logits
print(model.config.id2label[logits.argmax().item()])""",
    "generate": """\
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained(".")
tokenizer = AutoTokenizer.from_pretrained(".")
before, after = (
    tokenizer(words, add_special_tokens=False)["input_ids"]
    for words in {prompt}.split("{{product}}")
)
product = tokenizer("organic rye bread", add_special_tokens=False)["input_ids"]
ids = torch.tensor([[tokenizer.bos_token_id, *before, *product, *after]])
answer = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8)
print(tokenizer.decode(answer[0, ids.shape[1] :], skip_special_tokens=True))""",
}
"""How plain transformers loads a merged model; `generate` answers freely, which tags never do."""


def model_card(
    run: RunManifest,
    dataset: DatasetManifest,
    calibration: Calibration,
    evaluation: Evaluation | None = None,
) -> str:
    """README.md beside the adapter: what it is, what it scored, and how it is loaded.

    `evaluate` fills in the scores, and writes the card beside them: it leaves the adapter alone.
    """
    objective = run.inference.get("objective", "classify")
    how = LOADING[objective].format(departments=len(run.departments))
    return f"""\
{front_matter(run.base, "peft", objective)}
{title(run.base, "shelftag department tagger")}

Gives a product one of {len(run.departments)} departments: {", ".join(run.departments)}.

{facts(run, dataset, calibration)}

{tested(evaluation)}

## Limits

{LIMITS}

## Use

`shelftag tag` and `shelftag serve` apply the calibration and the threshold. Plain PEFT loads the
adapter, from this folder (`../base` is seen from here):

```python
{how}
```

`shelftag export --merge` writes a whole model that plain transformers loads from anywhere.

## Licence

{licence_of(run.base).notice}
The data's own terms are its owner's to say.
"""


def merged_card(run: RunManifest, dtype: str) -> str:
    """README.md beside an exported model."""
    objective = run.inference.get("objective", "classify")
    prompt = json.dumps(run.inference.get("prompt", ""))
    return f"""\
{front_matter(run.base, "transformers", objective)}
{title(run.base, "shelftag department tagger, merged")}

Gives a product one of {len(run.departments)} departments: {", ".join(run.departments)}.

- base: `{_shown(run.base)}`, loaded in {dtype}, with the adapter of Run `{run.fingerprint}` added
- {_helper(run)}
- the Run's own form: `{json.dumps(run.inference)}`

The weights are not the Run's to the last bit: a 4-bit base was replaced by a 16-bit one. Few
departments change by that, and confidences a little; `calibration.json` was fitted to the Run's
form. Text goes in as shelftag writes it: NFKC, casefolded, white space folded, a description
after " : ".

```python
{MERGED_LOADING[objective].format(prompt=prompt)}
```

## Limits

{LIMITS}

## Licence

{licence_of(run.base).notice}
The data's own terms are its owner's to say.
"""


def front_matter(base: str, library: str, objective: str) -> str:
    """The YAML that the hub reads; a local folder is not named there."""
    licence = licence_of(base).identifier
    is_hub_id = re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", base) is not None
    lines = [
        f"library_name: {library}",
        *([f"base_model: {base}"] if is_hub_id else []),
        *([f"license: {licence}"] if licence else []),
        f"pipeline_tag: text-{'generation' if objective == 'generate' else 'classification'}",
        "tags: [shelftag, product-classification]",
    ]
    return "\n".join(["---", *lines, "---"])


def title(base: str, name: str) -> str:
    """A heading that begins as the base's licence asks."""
    prefix = licence_of(base).title
    return f"# {prefix} {name}" if prefix else f"# A {name}"


def facts(run: RunManifest, dataset: DatasetManifest, calibration: Calibration) -> str:
    """Data, split, scores and calibration, as a list."""
    splits = ", ".join(f"{count:,} {split}" for split, count in dataset.splits.items())
    lines = dataset.order_lines.get("kept", 0)
    honest = ", so no test name is a training name" * (dataset.split_protocol == "token_set")
    scores = run.training
    return f"""\
- base: `{_shown(run.base)}`
- data: Dataset `{run.dataset}`; products: {splits}; order lines kept: {lines:,}
- split: by `{dataset.split_protocol}`{honest}
- validation: accuracy {scores["valid_accuracy"]:.3f} on {scores["valid_rows"]:,} products, on which
  calibration and thresholds were fitted too
- calibration: {calibration.how}; expected calibration error
  {scores["valid_calibration_error"]:.3f} on validation
- review: {"; ".join(calibration.review.splitlines())}
- {_candidates(calibration)}
- {_helper(run)}
- inference form: `{json.dumps(run.inference)}`
- fingerprint: `{run.fingerprint}`"""


def _candidates(calibration: Calibration) -> str:
    """None in a calibration of version 1."""
    if calibration.candidates_bound is None:
        return "candidates: none were fitted"
    return (
        f"candidates: departments of a probability of at least {calibration.candidates_bound:.4f}, "
        f"which hold the true one with a chance of {calibration.candidates_level}"
    )


def _helper(run: RunManifest) -> str:
    """What is in a Run's scores and not in these weights."""
    weight = run.inference.get("linear_weight", 0.0)
    if not weight:
        return "these weights alone are the tagger"
    alone = run.training["valid_accuracy_alone"]
    return (
        f"a linear model, in `linear_aisles/` of the Run, helps with weight {weight:.2f}: the "
        f"Run's scores are of both; these weights alone have a validation accuracy of {alone:.3f}"
    )


def _shown(base: str) -> str:
    """A local folder by its name only: where it stands on a machine is nobody's business."""
    return PurePath(base).name if PurePath(base).is_absolute() else base
