"""A request's path as the routes see it; every rule that goes by the path reads it here."""

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """The path below where the application is mounted (`root_path` of the ASGI specification)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    below = path.removeprefix(root)
    return below if not below or below.startswith("/") else path
