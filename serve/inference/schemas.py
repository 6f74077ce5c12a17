"""Requests and answers of the Open Inference Protocol, as OpenAPI shows them."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Shape = list[Annotated[int, Field(strict=True)]]


class InputTensor(BaseModel):
    """One input; fields and parameters that are not ours are passed over, as Triton does."""

    name: str
    shape: Shape = Field(description="[n] or [n, 1].")
    datatype: str = Field(description="BYTES.")
    parameters: dict[str, Any] = {}
    data: list[Any] | None = Field(default=None, description="Flat, or nested as `shape` says.")


class AskedOutput(BaseModel):
    """One output that is wanted."""

    name: str
    parameters: dict[str, Any] = {}


class InferenceRequest(BaseModel):
    """Names to tag."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "inputs": [
                        {"name": "name", "shape": [1], "datatype": "BYTES", "data": ["Rye Bread"]}
                    ]
                }
            ]
        }
    )

    id: str | None = None
    parameters: dict[str, Any] = {}
    inputs: list[InputTensor] = Field(description="`name`, and `description` if there is one.")
    outputs: list[AskedOutput] | None = Field(
        default=None, description="Of `department`, `confidence` and `status`; none named: all."
    )


class OutputTensor(BaseModel):
    """One output [n]."""

    name: str
    datatype: str
    shape: Shape
    parameters: dict[str, Any] | None = None
    data: list[str | float] | None = Field(
        default=None, description="Not there where binary data follow."
    )


class InferenceResponse(BaseModel):
    """Tags of the names, in order."""

    model_name: str
    model_version: str = Field(description="Fingerprint of the Run.")
    id: str | None = None
    outputs: list[OutputTensor]


class TensorMetadata(BaseModel):
    """What a tensor is; -1 is any number of rows."""

    name: str
    datatype: str
    shape: Shape


class ModelMetadata(BaseModel):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(BaseModel):
    """Who answers."""

    name: str
    version: str
    extensions: list[str]


class ServerLive(BaseModel):
    """That it answers."""

    live: bool


class ServerReady(BaseModel):
    """That its models are loaded."""

    ready: bool


class ModelReady(BaseModel):
    """That a model can be asked."""

    name: str
    ready: bool


class ProtocolError(BaseModel):
    """The protocol's shape of every error."""

    error: str
