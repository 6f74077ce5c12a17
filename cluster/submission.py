"""A verb as a job on a cluster: its command, its code, and what it needs there.

options, config --> one quoted command --> Ray's head runs it in a copy of the code
"""

import re
import secrets
import shlex
from collections.abc import Sequence
from typing import Any

from cluster.code import check_size, runtime_env
from cluster.job_api import python_of, reaching
from cluster.jobs import VERB
from shelftag.config import Config
from shelftag.config.changes import changed
from shelftag.errors import ConfigError, Failed

ADDRESS = "auto"
"""`scaling.address` of a job: the cluster it runs on."""
STOP_WAIT_S = 60
"""What a job has to end in when it is stopped, before Ray kills it (3 s by Ray's default)."""
SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_secrets(names: Sequence[str]) -> None:
    """Refuse what is no name, such as a secret itself or NAME=VALUE, without repeating it.

    Raises:
        ConfigError: one is no name of an environment variable.
    """
    for position, name in enumerate(names, start=1):
        if SECRET.fullmatch(name) is None:
            problem = f"--secret number {position} is no name of an environment variable"
            raise ConfigError(problem, "give the name alone, such as --secret HF_TOKEN")


def entrypoint(
    verb: str,
    words: Sequence[str],
    config: Config,
    needed: Sequence[str] = (),
    python: str = "python",
) -> str:
    """The shell command of a job: `words` are the verb's options; the config goes with it.

    Secrets travel by name alone: the command ends where the head has none of that name.
    """
    settings = [f"{key}={value}" for key, value in changed(config).items()]
    command = shlex.join([python, "-m", "pipelines", verb, *words, *settings])
    return "".join(map(_wanted, needed)) + command


def _wanted(name: str) -> str:
    problem = f"shelftag: secret {name} is not set on the cluster's head"
    way_out = "set it where `ray start` is called on each node (in Kubernetes, from a Secret)"
    said = shlex.quote(f"{problem}: {way_out}")
    return f'[ -n "${name}" ] || {{ echo {said} >&2; exit 2; }}; '


def upload_size() -> int:
    """Bytes of the code to send.

    Raises:
        InputError: more than Ray's dashboard takes.
    """
    from ray._private.ray_constants import DASHBOARD_CLIENT_MAX_SIZE

    with runtime_env() as code:
        return check_size(code, DASHBOARD_CLIENT_MAX_SIZE)


def submit(
    client: Any,
    url: str,
    verb: str,
    words: Sequence[str],
    config: Config,
    needed: Sequence[str] = (),
) -> str:
    """Hand a verb to Ray's job API; gives the job's id.

    Raises:
        InputError: Ray does not take it.
        Failed: there was no answer.
    """
    identity = f"{verb}-{secrets.token_hex(4)}"
    with reaching(url):
        command = entrypoint(verb, words, config, needed, python_of(client))
    with reaching(url), runtime_env() as code:
        try:
            client.submit_job(
                submission_id=identity,
                entrypoint=command,
                runtime_env={**code, "env_vars": {"RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_S)}},
                metadata={VERB: verb},
            )
        except OSError as error:
            problem = f"no answer from {url} when job {identity} was sent ({error})"
            raise Failed(problem, "it may have started all the same: `shelftag jobs`") from error
    return identity
