"""What browsers are told with each answer.

The names are of OWASP's list for APIs
(https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html); what a route says
itself stays, as the page's own policy.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.route_path import route_path

API = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
}
DOCS_PATH = "/docs"
# FastAPI's page loads Swagger UI from there, and starts it in a script of its own; nothing that
# anyone sent us stands in it.
DOCS = API | {
    b"content-security-policy": b"default-src 'none'; connect-src 'self'; "
    b"script-src https://cdn.jsdelivr.net/npm/ 'unsafe-inline'; "
    b"style-src https://cdn.jsdelivr.net/npm/ 'unsafe-inline'; "
    b"img-src data: https://fastapi.tiangolo.com/img/; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}


class SecurityHeaders:
    """Adds those that an answer lacks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = API
        if scope["type"] == "http" and route_path(scope) == DOCS_PATH:
            wanted = DOCS

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                headers += [header for header in wanted.items() if header[0] not in there]
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, with_headers)
