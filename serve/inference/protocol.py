"""From a request of the Open Inference Protocol to texts, and from tags to its answer.

    input  name BYTES [n], description BYTES [n] (optional)
    output department BYTES [n], confidence FP32 [n], status BYTES [n]

The protocol knows no error of one row: a name that cannot be tagged gets department "", confidence
0 and the status "error: REASON". A client that did not ask for `status` would not see that, so its
request is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import numpy as np

from serve.bodies import check_count, parse_body
from serve.inference.schemas import AskedOutput, InferenceRequest, InputTensor
from serve.inference.tensors import Values, read_tensors, refuse, rows_of, split_body, write_tensors
from serve.problems import Problem
from serve.service import Tagged
from shelftag.tagging.products import BadProduct, model_input
from shelftag.tagging.tagger import REVIEW, TAGGED

NAME, DESCRIPTION = "name", "description"
INPUTS = {NAME: "BYTES", DESCRIPTION: "BYTES"}
STATUS = "status"
OUTPUTS = {"department": "BYTES", "confidence": "FP32", STATUS: "BYTES"}
NOT_OURS = ("classification", "shared_memory_region")
"""Parameters of an output that would change what it is."""


@dataclass(frozen=True)
class Asked:
    """A request of n names."""

    id: str | None
    rows: int
    """n."""
    texts: list[str]
    """Of the names that can be tagged, in order."""
    reasons: dict[int, str]
    """Why the others cannot, by their place."""
    wanted: dict[str, bool]
    """The outputs, and whether each goes as binary data."""


def read_request(body: bytes, header_length: str | None, most: int) -> Asked:
    """A request's body; `header_length` is the header of the binary extension.

    Raises:
        Problem: 400 it is not as the protocol says, 413 it has more than `most` names.
    """
    text, binary = split_body(body, header_length)
    request = _parsed(text)
    wanted = _wanted(request)
    names, descriptions = _columns(request.inputs, binary, most)
    texts, reasons = _read_names(names, descriptions)
    if reasons and STATUS not in wanted:
        place, reason = next(iter(reasons.items()))
        refuse(f"name {place}: {reason} (ask for {STATUS} too to have such names marked in it)")
    return Asked(request.id, len(names), texts, reasons, wanted)


def _parsed(text: bytes) -> InferenceRequest:
    try:
        return parse_body(text, InferenceRequest)
    except Problem as problem:
        refuse(problem.detail)  # the protocol's status for fields that break a rule, too


def _columns(
    inputs: Sequence[InputTensor], binary: bytes | None, most: int
) -> tuple[Sequence[object], Sequence[object | None]]:
    """Names and descriptions, as long as each other."""
    _check_names("input", [tensor.name for tensor in inputs], list(INPUTS))
    rows = {tensor.name: rows_of(tensor) for tensor in inputs}
    if NAME not in rows:
        refuse(f"the input {NAME!r} is missing")
    if len(set(rows.values())) > 1:
        refuse(f"inputs have {sorted(rows.values())} elements: as many descriptions as names")
    check_count(rows[NAME], most)
    columns = read_tensors(inputs, binary)
    return columns[NAME], columns.get(DESCRIPTION, [None] * rows[NAME])


def _wanted(request: InferenceRequest) -> dict[str, bool]:
    default = request.parameters.get("binary_data_output") is True
    outputs = request.outputs or [AskedOutput(name=name) for name in OUTPUTS]
    _check_names("output", [output.name for output in outputs], list(OUTPUTS))
    for output in outputs:
        for parameter in NOT_OURS:
            if parameter in output.parameters:
                refuse(f"output {output.name!r} asks for {parameter}, which is not there")
    return {o.name: o.parameters.get("binary_data", default) is True for o in outputs}


def _check_names(kind: str, given: list[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            refuse(f"{kind} {name[:100]!r} is unknown: there are {', '.join(known)}")
        if given.count(name) > 1:
            refuse(f"{kind} {name!r} is there twice")


def _read_names(
    names: Sequence[object], descriptions: Sequence[object | None]
) -> tuple[list[str], dict[int, str]]:
    texts: list[str] = []
    reasons: dict[int, str] = {}
    for place, (name, description) in enumerate(zip(names, descriptions, strict=True)):
        try:
            texts.append(model_input(name, description))
        except BadProduct as problem:
            reasons[place] = str(problem)
    return texts, reasons


def write_answer(asked: Asked, model: str, tagged: Tagged) -> tuple[bytes, int | None]:
    """The body of the answer, and how long its JSON is if binary data follow."""
    head: dict[str, Any] = {"model_name": model, "model_version": tagged.model.fingerprint}
    if asked.id is not None:
        head["id"] = asked.id
    values = _outputs(asked, tagged)
    return write_tensors(head, [(name, values[name], raw) for name, raw in asked.wanted.items()])


def _outputs(asked: Asked, tagged: Tagged) -> dict[str, Values]:
    """All outputs [n]: tags at their places, reasons at the others."""
    good = [place for place in range(asked.rows) if place not in asked.reasons]
    department, status = [""] * asked.rows, [""] * asked.rows
    confidence = np.zeros(asked.rows, np.float32)
    names, ranking = tagged.model.departments, tagged.ranking
    confidence[good] = ranking.confidence[:, 0]
    firsts, reviews = ranking.departments[:, 0].tolist(), ranking.review.tolist()
    for place, first, review in zip(good, firsts, reviews, strict=True):
        department[place], status[place] = names[first], REVIEW if review else TAGGED
    for place, reason in asked.reasons.items():
        status[place] = f"error: {reason}"
    return {"department": department, "confidence": confidence, STATUS: status}


def check_version(asked: str, model: str, there: str) -> None:
    """Refuse a version that a model does not have.

    Raises:
        Problem: 404.
    """
    if asked != there:
        detail = f"model {model[:100]!r} has no version {asked[:100]!r}: it has {there}"
        raise Problem(HTTPStatus.NOT_FOUND, detail)
