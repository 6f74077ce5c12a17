"""Where keys must be: an endpoint that other machines reach does not start without them."""

import socket
from collections.abc import Sequence
from ipaddress import ip_address

from serve.protection.key_ring import KeyRing
from shelftag.errors import ConfigError

UNKNOWN = "an unknown address"
"""In place of a host; no resolver takes it for a name of this machine."""


def check_exposed(host: str | None, keys: KeyRing | None) -> None:
    """Refuse to answer other machines without keys; no host is no HTTP.

    Raises:
        ConfigError: naming the address.
    """
    if keys is None and host is not None and not is_loopback(host):
        problem = f"serve.host = {host!r} is open to other machines, and there are no API keys"
        way_out = "`shelftag keys new --file keys.txt` and serve.keys_file=keys.txt"
        raise ConfigError(problem, f"{way_out}, or --host 127.0.0.1")


def check_origins(origins: Sequence[str], keys: KeyRing | None) -> None:
    """Refuse to let every web page in without keys.

    Raises:
        ConfigError: naming the setting.
    """
    if keys is None and "*" in origins:
        problem = "serve.cors_origins = ['*'] lets any web page start jobs, and there are no keys"
        raise ConfigError(problem, "name the pages' origins, or make keys: `shelftag keys new`")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address; a name does if all its addresses do."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host or None, 0)} if host else set()
    except OSError:
        return False
    return bool(found) and all(ip_address(one.split("%")[0]).is_loopback for one in found)


def listening_host() -> str | None:
    """The address this Serve listens on, whatever the config says; None without HTTP.

    It is set where Serve is started, as by `http_options` of serve/config.yaml, and no public call
    tells it to a copy. Where Ray does not tell either, others are taken to reach it.
    """
    return listening()[0]


def listening() -> tuple[str | None, int | None]:
    """Host and port; UNKNOWN and None where Ray does not tell."""
    try:
        from ray.serve.context import _get_global_client

        told = _get_global_client().http_config
        return told.host, told.port
    except (ImportError, AttributeError):  # private names of Ray, which may go
        return UNKNOWN, None
