"""What `tag` refuses: before it starts, and before its output is made the current one."""

from pathlib import Path

from cluster.storage import check_nodes
from shelftag.artifacts import Place, Tags, TagsManifest
from shelftag.config import Config
from shelftag.errors import ArtifactError, ConfigError, GateFailed, InputError
from shelftag.tagging.bulk.job import Identity, Job
from shelftag.tagging.bulk.publish import changed_share


def check_gate(since: str | None, config: Config) -> None:
    """Refuse a gate that would let everything through.

    Raises:
        ConfigError: `tagging.max_change` is set, and there is no earlier output.
    """
    if since is None and config.tagging.max_change is not None:
        problem = f"tagging.max_change is {config.tagging.max_change:g}, and there is nothing"
        way_out = "name an earlier output with --since, or leave --max-change out"
        raise ConfigError(f"{problem} to compare with", way_out)


def check_apart(read: Place, out: Place, what: str) -> None:
    """Refuse to clear the folder that is read, or to write into it.

    Raises:
        InputError: one is in the other, whatever links lead there.
    """
    one, other = f"{read.real_path}/", f"{out.real_path}/"
    if read.filesystem != out.filesystem:
        return
    if one.startswith(other):
        raise InputError(f"{what} {read} is in --out {out}", "name another --out")
    if what == "input" and other.startswith(one):
        raise InputError(f"--out {out} is in {what} {read}", "name another --out")


def of_the_same_job(out: Tags, identity: Identity) -> TagsManifest:
    """The manifest of a finished output.

    Raises:
        ArtifactError: it is another job's.
    """
    manifest = out.manifest()
    if manifest.fingerprint != identity.job:
        problem = f"{out} is there already, and another job's"
        raise ArtifactError(problem, "name another --out, or --overwrite")
    return manifest


def check_seen(job: Job, catalog: Place) -> None:
    """All machines must see the same files; the work folder is there, since the job has begun."""
    given = {"--run": job.run, "--input": catalog.local, "--out": job.out.work.local}
    check_nodes({key: Path(one) for key, one in given.items() if one and "://" not in str(one)})


def check_change(out: Tags, manifest: TagsManifest, most: float | None) -> None:
    """Refuse to go on to publish what changes too much.

    Raises:
        GateFailed: more rows change department than `most`, a share.
    """
    found = changed_share(manifest)
    if most is not None and found is not None and found > most:
        problem = f"{found:.2%} of the rows would change department, and tagging.max_change is"
        way_out = f"look at {out.place / 'changes.csv'}; `shelftag publish {out.place}` takes it"
        raise GateFailed(f"{problem} {most:.2%}; {out} is not published", way_out)
