"""Who may ask: the middleware that looks at each request's key, host and origin.

Health needs no key, since balancers have none, and neither does the page's empty form: it asks for
a key itself. All else does, the API's description too.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.problems import Problem, problem_response
from serve.protection.key_ring import KeyRing
from serve.protection.limits import declared_size
from serve.route_path import route_path

CLIENT = "shelftag.client"
"""In the ASGI scope: the name of the request's key."""
CALLER: ContextVar[str | None] = ContextVar("caller", default=None)
"""The same for what is far from the scope: who fills the queue of names."""
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
        self._hosts = {urlsplit(origin).hostname for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._refusal(scope) if scope["type"] == "http" else None
        if problem is None:
            CALLER.set(scope.get(CLIENT))
            await self._app(scope, receive, send)
        else:
            await problem_response(problem)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = dict(scope["headers"])
        if self._keys is None and not self._is_ours(headers):
            return _rebound(headers[b"host"])
        writes = scope["method"] not in READING
        if (writes and is_foreign(headers, self._origins)) or is_embedded(headers, self._origins):
            return _foreign(headers.get(b"origin", b"elsewhere"))
        if self._keys is None or (is_open(route_path(scope)) and declared_size(scope) == 0):
            return None  # a body that is not read at once holds a place
        token = bearer_token(headers.get(b"authorization", b""))
        name = self._keys.owner(token) if token else None
        if name is None:
            return _unauthorized(bool(token))
        scope[CLIENT] = name
        return None

    def _is_ours(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request was meant for this machine, or for a name of `cors_origins`.

        A page's own name can be made to point here (DNS rebinding,
        https://en.wikipedia.org/wiki/DNS_rebinding): to a browser it is then of one origin with
        us, and reads all that needs no key. Only its Host tells. No browser sends none.
        """
        if b"host" not in headers:
            return True
        host = _hostname("//" + headers[b"host"].decode("latin-1"))
        return _is_here(host) or (host != "" and host in self._hosts)


def is_foreign(headers: Mapping[bytes, bytes], origins: frozenset[str]) -> bool:
    """Whether a web page of elsewhere asks.

    Closed CORS keeps such a page from reading an answer, not from sending a request: a browser
    sends a plain POST of any page to a loopback address, where no key is needed.
    """
    origin = headers.get(b"origin", b"").decode("latin-1")
    if b"origin" not in headers or "*" in origins or origin in origins:
        return False
    try:
        page = urlsplit(origin.lower())
    except ValueError:
        return True
    return not page.netloc or page.netloc != headers.get(b"host", b"").decode("latin-1").lower()


def is_embedded(headers: Mapping[bytes, bytes], origins: frozenset[str]) -> bool:
    """Whether a page of elsewhere fetches this, as an image or a frame: such a GET has no Origin.

    A link that somebody followed is none. Browsers say it themselves
    (https://www.w3.org/TR/fetch-metadata/), to https and to loopback addresses.
    """
    if headers.get(b"sec-fetch-site") != b"cross-site":
        return False
    if headers.get(b"origin", b"").decode("latin-1") in origins or "*" in origins:
        return False
    followed = (headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest"))
    return followed != (b"navigate", b"document")


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


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


def _rebound(host: bytes) -> Problem:
    shown = host.decode("latin-1")[:100]
    detail = f"Host {shown!r} is not of this machine, and there are no API keys"
    way_out = "ask 127.0.0.1 or localhost, or name the host's origin in serve.cors_origins"
    return Problem(HTTPStatus.FORBIDDEN, f"{detail}: {way_out}")


def _foreign(origin: bytes) -> Problem:
    shown = origin.decode("latin-1")[:100]
    detail = f"pages of {shown!r} may not ask: it is not in serve.cors_origins"
    return Problem(HTTPStatus.FORBIDDEN, detail)
