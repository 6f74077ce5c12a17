"""The OpenAPI document's part on errors and keys: the same for every route.

FastAPI describes what a route answers; which problems any of them can meet, it cannot know.
"""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from serve.problems import MEDIA_TYPE
from serve.protection.access import is_open

PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457.",
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "The value, the limit and the way out."},
    },
    "required": ["type", "title", "status", "detail"],
}
STATUSES = {
    HTTPStatus.BAD_REQUEST: "The body is not what its type says, such as malformed JSON.",
    HTTPStatus.UNAUTHORIZED: "The API key is missing or unknown.",
    HTTPStatus.FORBIDDEN: "A web page of elsewhere asks, or the path is outside what is allowed.",
    HTTPStatus.NOT_FOUND: "Such a path, model or job is not here.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The path has other methods.",
    HTTPStatus.REQUEST_TIMEOUT: "The body was not there in time.",
    HTTPStatus.CONFLICT: "It cannot be done now, as with a damaged model.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large, or has too many products.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of a type that is not read here.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field breaks its rule.",
    HTTPStatus.TOO_MANY_REQUESTS: "The key's rate is used up; Retry-After says until when.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An error of the endpoint; its id stands in the log.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too much waits already; Retry-After says when to come back.",
    HTTPStatus.GATEWAY_TIMEOUT: "There was no answer in time.",
    HTTPStatus.INSUFFICIENT_STORAGE: "The upload does not fit on the disk of temporary files.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    int(status): {
        "description": meaning,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, meaning in STATUSES.items()
}
"""`responses` of the application; routes whose errors have another shape put theirs in place."""


def describe(app: FastAPI, keys: bool) -> None:
    """Add what RESPONSES refer to, and which routes need a key."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        parts = document.setdefault("components", {})
        schemas = parts.setdefault("schemas", {})
        schemas["Problem"] = PROBLEM
        schemas.update(_definitions(document))
        if keys:
            parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            for path, methods in document["paths"].items():
                for operation in methods.values():
                    operation["security"] = [] if is_open(path) else [{"key": []}]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # https://fastapi.tiangolo.com/how-to/extending-openapi/


def _definitions(document: dict[str, Any]) -> dict[str, Any]:
    """What the bodies of `bodies.described` refer to, taken out of them."""
    operations = (one for methods in document["paths"].values() for one in methods.values())
    found: dict[str, Any] = {}
    for operation in operations:
        for content in operation.get("requestBody", {}).get("content", {}).values():
            found |= content["schema"].pop("$defs", {})
    return found
