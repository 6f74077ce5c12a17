"""What browsers are told with each answer.

The names are of OWASP's list for APIs
(https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html); what a route says
itself stays, as the pages' own policies.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
}


class SecurityHeaders:
    """Adds those that an answer lacks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                there = {name.lower() for name, _ in headers}
                headers += [header for header in API.items() if header[0] not in there]
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, with_headers)
