"""What is refused before an endpoint starts: options that would do nothing, places that are not."""

import os
import socket

from cluster.ingress import VARIABLE as INGRESS_VARIABLE
from cluster.local import check_room
from shelftag.config import Config
from shelftag.config.serve import ServeConfig
from shelftag.errors import ConfigError, InputError

FOLDERS = ("models_root", "jobs_input", "jobs_output")


def check_ingress(config: Config) -> None:
    """Refuse an ingress that this process cannot put in front.

    Raises:
        ConfigError: a cluster that runs has the one that it was started with.
    """
    if config.serve.ingress == "haproxy" and os.environ.get(INGRESS_VARIABLE) != "1":
        problem = "serve.ingress = 'haproxy' does nothing on a cluster that runs already"
        way_out = "give every node's `ray start` the environment of cluster/ingress.py, and this "
        raise ConfigError(problem, f"{way_out}process {INGRESS_VARIABLE}=1, or leave it out")


def check_deployed(config: Config) -> None:
    """Refuse what `shelftag serve` takes and `serve deploy` does not look at.

    Raises:
        ConfigError: naming the setting, and where it stands instead.
    """
    check_ingress(config)
    for name in ("host", "port"):
        if name in config.serve.model_fields_set:
            problem = f"serve.{name} = {getattr(config.serve, name)!r} does nothing here"
            raise ConfigError(problem, f"set http_options.{name} at the top of the file")


def check_folders(settings: ServeConfig) -> None:
    """Refuse folders that are not there, and one of bulk jobs without the other.

    Raises:
        InputError: naming the setting and the folder.
        ConfigError: naming the one that is missing.
    """
    for name in FOLDERS:
        folder = getattr(settings, name)
        if folder is not None and not folder.is_dir():
            raise InputError(f"serve.{name} = {folder} is not a folder", "make it, or name another")
    if (settings.jobs_input is None) != (settings.jobs_output is None):
        missing = "serve.jobs_input" if settings.jobs_input is None else "serve.jobs_output"
        raise ConfigError(f"bulk jobs need {missing} too", "name both folders, or none")


def check_name(name: str) -> None:
    """Refuse the name of an application that runs on this cluster: Serve would replace it.

    Raises:
        ConfigError: with the ways out.
    """
    from ray import serve as ray_serve

    if name in ray_serve.status().applications:
        problem = f"an application {name!r} answers on this cluster already"
        raise ConfigError(problem, "change it with `serve deploy`, or end it with `serve shutdown`")


def check_copies(config: Config) -> None:
    """Refuse more copies than the cluster has room for.

    Raises:
        ConfigError: naming what is needed and what is there.
    """
    settings, gpus = config.serve, config.scaling.use_gpu * config.serve.gpus_per_replica
    needs = {"GPU": settings.replicas * gpus, "CPU": settings.replicas * settings.cpus_per_replica}
    check_room(needs, "lower serve.replicas or serve.cpus_per_replica")


def check_address(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on.

    Raises:
        InputError: naming the address and what the system says.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # one that was closed a moment ago is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        problem = f"serve.host = {host!r}, serve.port = {port} cannot be used ({error.strerror})"
        raise InputError(problem, "name another with --port or --host") from None
