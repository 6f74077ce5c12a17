"""The page for a catalog manager at `/`, and its files under `/web/`; no API key is asked for.

The files are read once and named one by one, so that no path leads out of the folder.
"""

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from fastapi import APIRouter, Request, Response

from serve.service import Service
from shelftag.config.serve import ServeConfig

WEB = Path(__file__).parents[1] / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
# https://www.w3.org/TR/CSP3/ and, for the last two, https://www.w3.org/TR/trusted-types/: the
# browser itself then refuses to make markup of a product's name.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # kept, and asked for by its ETag each time
}


def router(_: Service, __: ServeConfig) -> APIRouter:
    """The page and its files."""
    routes = APIRouter(include_in_schema=False)
    for file in sorted(WEB.iterdir()):
        if file.suffix in TYPES:
            path = "/" if file.name == "index.html" else f"/web/{file.name}"
            add_file(routes, path, file.read_bytes(), TYPES[file.suffix])
    return routes


def add_file(
    routes: APIRouter,
    path: str,
    body: bytes,
    media_type: str,
    headers: Mapping[str, str] = HEADERS,
) -> None:
    """A route for a file that does not change."""
    etag = f'"{blake2b(body, digest_size=16).hexdigest()}"'

    @routes.api_route(path, methods=["GET", "HEAD"])
    async def file(request: Request) -> Response:
        sent = {**headers, "ETag": etag}
        if _matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=sent)
        return Response(body, headers=sent, media_type=media_type)


def _matches(asked: str, etag: str) -> bool:
    """Whether the client has it: If-None-Match of RFC 9110, 13.1.2 (weakly, so proxies may)."""
    return asked == "*" or etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}
