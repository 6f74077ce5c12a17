"""`shelftag submit VERB`: the same verb with the same options, on a Ray cluster.

checked here --> code and command to the job API --> its log, until it ends --> its exit code
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.jobs import followed, told_where
from pipelines.verbs import VERBS, Option
from shelftag.config import Config
from shelftag.errors import InputError


def main(
    *,
    submitted: str,
    address: str | None,
    secret: list[str] | None,
    no_wait: bool,
    config: Config,
    **options: Any,
) -> int:
    """Submit a verb, follow its log, and give its exit code.

    Raises:
        Refused: what can be known here is wrong; nothing was sent.
        Failed: the job did not end by itself.
    """
    from cluster import job_api, submission

    given = [(one, _value(one, options, config)) for one in VERBS[submitted].options]
    for option, value in given:
        check_place(option, value)
    submission.check_secrets(secret or ())
    megabytes = submission.upload_size() / 1e6
    client, url = job_api.connected(address)
    with job_api.reaching(url):
        job_api.check_versions(client, url)
        if not job_api.asks_for_a_token(client):
            print(f"shelftag: warning: {OPEN.format(url=url)}", file=sys.stderr)
    words = [word for option, value in given if not option.key for word in _words(option, value)]
    job = submission.submit(client, url, submitted, words, config, secret or ())
    print(f"submitted {job} to {url} ({megabytes:.1f} MB of code)", file=sys.stderr)
    if no_wait:
        print(job)
        print(told_where(job, url), file=sys.stderr)
        return 0
    return followed(client, url, job)


OPEN = "the cluster at {url} asks for no token: whoever reaches it can run code there"


def _value(option: Option, options: dict[str, Any], config: Config) -> Any:
    """What was given for an option: by itself, or as the config's key that it sets."""
    if option.key is None:
        return options[option.name.replace("-", "_")]
    section, _, key = option.key.partition(".")
    return getattr(getattr(config, section), key)


def check_place(option: Option, value: Any) -> None:
    """Refuse a path that means another folder on the cluster.

    Raises:
        InputError: it is relative.
    """
    places = value if isinstance(value, tuple) else (value,)
    for place in map(str, filter(None, places)) if option.is_place else ():
        if "://" not in place and not Path(place).is_absolute():
            raise InputError(
                f"{option.written} {place} is relative, and the job runs in another folder",
                "name a full path or a URI that all machines of the cluster reach, such as "
                f"{Path(place).absolute()} where they share it",
            )


def _words(option: Option, value: Any) -> Iterator[str]:
    """An option as it was given, in one word; the positional ones stand alone."""
    if value is None or value is False:
        return
    if option.positional:
        yield str(value)
    else:
        yield option.written if option.flag else f"{option.written}={value}"
