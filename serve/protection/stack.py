"""The middlewares of the application, outermost first: plain ASGI, some microseconds a request.

security headers --> CORS --> 500 with an id --> access --> rate limit --> open requests --> limits
                                                                              '--> routes
"""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from serve.protection.access import Access
from serve.protection.exposed import check_origins
from serve.protection.headers import SecurityHeaders
from serve.protection.key_ring import KeyRing
from serve.protection.limits import Limits
from serve.protection.open_requests import OpenRequests
from serve.protection.rate_limit import RateLimit
from serve.protection.unexpected import Unexpected
from shelftag.config.serve import ServeConfig


def protect(app: FastAPI, settings: ServeConfig, keys: KeyRing | None) -> None:
    """Put them around the routes; each `add_middleware` goes around those before.

    Raises:
        ConfigError: every web page is let in, and there are no keys.
    """
    check_origins(settings.cors_origins, keys)
    app.add_middleware(Limits, settings=settings)
    if keys is not None:
        most = settings.max_ongoing_requests
        after = settings.retry_after_s
        app.add_middleware(OpenRequests, max_ongoing_requests=most, retry_after_s=after)
        rate = settings.requests_per_s
        app.add_middleware(RateLimit, requests_per_s=rate, replicas=settings.replicas)
    app.add_middleware(Access, keys=keys, origins=settings.cors_origins)
    app.add_middleware(Unexpected)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type"),
            expose_headers=("Retry-After",),
        )
    app.add_middleware(SecurityHeaders)
