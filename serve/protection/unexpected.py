"""What nobody expected: a 500 with an id, and the log has the rest under it."""

import logging
import secrets
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.problems import Problem, problem_response

log = logging.getLogger("ray.serve")


class Unexpected:
    """Answers for an application that raises; neither message nor traceback leaves the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            identity = secrets.token_hex(8)
            log.exception("error %s: %s %r", identity, scope["method"], scope["path"])
            if started:
                raise  # the server closes the connection on half an answer
            await problem_response(_unexpected(identity))(scope, receive, send)


def _unexpected(identity: str) -> Problem:
    detail = f"an error of the endpoint, {identity} in its log: tell its operators"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)
