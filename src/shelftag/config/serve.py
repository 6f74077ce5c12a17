"""The HTTP endpoint."""

from pydantic import Field

from shelftag.config.section import Section


class ServeConfig(Section):
    """Ray Serve's part."""

    host: str = "127.0.0.1"
    """Address to listen on; loopback unless told otherwise."""

    port: int = Field(default=8000, ge=1, le=65_535)
    """Port to listen on."""

    replicas: int = Field(default=1, ge=1)
    """Copies of the Tagger."""

    max_batch_size: int = Field(default=64, ge=1)
    """Requests scored together."""

    batch_wait_s: float = Field(default=0.005, ge=0)
    """Seconds a request waits for others to share its batch."""

    max_ongoing_requests: int = Field(default=256, ge=1)
    """Requests a copy works on at a time, waiting ones too; at least `max_batch_size` are let in,
    or a batch would never fill."""

    max_products: int = Field(default=1_000, ge=1)
    """Products in one request."""
