"""Who may ask: the middleware that looks at each request's key and origin.

Health needs no key, since balancers have none, and neither does the page's empty form: it asks for
a key itself. All else does, the API's description too.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette._utils import get_route_path
from starlette.types import ASGIApp, Receive, Scope, Send

from serve.key_ring import KeyRing
from serve.problems import Problem, problem_response

CLIENT = "shelftag.client"
"""In the ASGI scope: the name of the request's key."""
OPEN = frozenset({"/", "/healthz", "/readyz"})
OPEN_BELOW = ("/v2/health/", "/web/")
READING = frozenset({"GET", "HEAD", "OPTIONS"})


def is_open(path: str) -> bool:
    """Whether a path answers without a key."""
    return path in OPEN or path.startswith(OPEN_BELOW)


class Access:
    """Lets requests in: with a key where there are any, and not from pages of elsewhere."""

    def __init__(self, app: ASGIApp, keys: KeyRing | None, origins: Sequence[str]) -> None:
        self._app, self._keys, self._origins = app, keys, frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._refusal(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(problem)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = dict(scope["headers"])
        if scope["method"] not in READING and is_foreign(
            headers, self._origins, self._keys is not None
        ):
            return _foreign(headers[b"origin"])
        if self._keys is None or is_open(get_route_path(scope)):
            return None
        token = bearer_token(headers.get(b"authorization", b""))
        name = self._keys.owner(token) if token else None
        if name is None:
            return _unauthorized(bool(token))
        scope[CLIENT] = name
        return None


def is_foreign(headers: Mapping[bytes, bytes], origins: frozenset[str], keyed: bool) -> bool:
    """Whether a web page of elsewhere asks.

    Closed CORS keeps such a page from reading an answer, not from sending a request: a browser
    sends a plain POST of any page to a loopback address, where no key is needed. There the host
    must be one of loopback too, since a page's own name can be made to point here (DNS rebinding,
    https://en.wikipedia.org/wiki/DNS_rebinding).
    """
    origin = headers.get(b"origin", b"").decode("latin-1")
    if b"origin" not in headers or "*" in origins or origin in origins:
        return False
    try:
        page = urlsplit(origin.lower())
    except ValueError:
        return True
    same = page.netloc == headers.get(b"host", b"").decode("latin-1").lower()
    return not (page.netloc and same and (keyed or _is_here(page.hostname or "")))


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bearer_token(authorization: bytes) -> bytes:
    """The token of such a header (RFC 6750), empty if it has none."""
    scheme, _, token = authorization.partition(b" ")
    return token.strip() if scheme.lower() == b"bearer" else b""


def _unauthorized(given: bool) -> Problem:
    detail = "the API key is unknown" if given else "an API key is needed"
    challenge = 'Bearer realm="shelftag"' + (', error="invalid_token"' if given else "")
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        f"{detail}: send Authorization: Bearer KEY, with a key of `shelftag keys new`",
        {"WWW-Authenticate": challenge},
    )


def _foreign(origin: bytes) -> Problem:
    shown = origin.decode("latin-1")[:100]
    detail = f"pages of {shown!r} may not ask: it is not in serve.cors_origins"
    return Problem(HTTPStatus.FORBIDDEN, detail)
