"""The API's description as a page at `/docs`: Swagger UI, from files of ours.

FastAPI's own page takes its scripts from elsewhere, which need not be reachable; and a script that
runs here may do all that whoever looks at it may, such as start jobs.
"""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html

from serve.routes.page import HEADERS, TYPES, add_file
from serve.service import Service
from shelftag.config.serve import ServeConfig

PATH = "/docs"
FILES = Path(fastapi_offline.__file__).parent / "static"
SCRIPT, STYLE, ICON = "swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"


def router(_: Service, __: ServeConfig) -> APIRouter:
    """The page and its files."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",  # relative, since the application may stand under a prefix
        title="shelftag",
        swagger_js_url=f"docs/{SCRIPT}",
        swagger_css_url=f"docs/{STYLE}",
        swagger_favicon_url=f"docs/{ICON}",
    )
    headers = HEADERS | {"Content-Security-Policy": _policy(bytes(page.body).decode())}
    routes = APIRouter(include_in_schema=False)
    add_file(routes, PATH, bytes(page.body), TYPES[".html"], headers)
    for name in (SCRIPT, STYLE, ICON):
        file = FILES / name
        add_file(routes, f"{PATH}/{name}", file.read_bytes(), TYPES[file.suffix])
    return routes


def _policy(page: str) -> str:
    """What the page does and nothing else; the script that stands in it is told by its hash."""
    hashes = [
        b64encode(sha256(script.encode()).digest()).decode()
        for script in re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    ]
    scripts = " ".join(["'self'", *(f"'sha256-{one}'" for one in hashes)])
    return (
        f"default-src 'none'; connect-src 'self'; script-src {scripts}; img-src 'self' data:; "
        "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
