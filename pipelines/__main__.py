"""The command line: `shelftag VERB ... [--config FILE] [key=value ...]`.

Only the standard library and the table of verbs are imported here, so that `--help` answers at
once; a verb's own module is imported when the verb runs.
"""

import argparse
import gc
import importlib
import re
import sys
from pathlib import Path
from typing import Any

from pipelines.verbs import HERE_ONLY, VERBS, Option, Verb, on_cluster

EXAMPLES = """\
examples:
  shelftag demo
  shelftag synthesize --out tables --lines 1000000
  shelftag prepare --tables tables --out dataset
  shelftag train --dataset dataset --out run train.epochs=4
  shelftag evaluate --run run --dataset dataset
  shelftag tag --run run --input products.csv --out tagged
  shelftag serve --run run --port 8000
  shelftag compare run new-run
  shelftag drift tagged --run run
  shelftag submit prepare --address URL --tables /mnt/tables --out /mnt/dataset

Every setting can be given as section.key=value; `shelftag VERB --dry-run` prints them all.
Exit codes: 0 done, 1 ran and failed, 2 refused before starting, 130 interrupted.
"""

CONFIGS = Path(__file__).parent / "configs"


def parser() -> argparse.ArgumentParser:
    """The whole command line as argparse sees it."""
    top = argparse.ArgumentParser(
        prog="shelftag",
        description="Give every product of a retail catalog its one department.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        _add_verb(verbs, name, verb)
    return top


def _add_verb(verbs: Any, name: str, verb: Verb) -> None:
    sub = verbs.add_parser(
        name,
        help=verb.help,
        description=verb.help[0].upper() + verb.help[1:] + ".",
        epilog="examples:\n" + "".join(f"  {example}\n" for example in verb.examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if verb.submits:
        submitted = sub.add_subparsers(dest="submitted", metavar="VERB", required=True)
        for other in (each for each in VERBS if each not in HERE_ONLY):
            _add_verb(submitted, other, on_cluster(other))
        return
    for option in verb.options:
        _add_option(sub, option)
    presets = ", ".join(sorted(file.stem for file in CONFIGS.glob("*.yaml")))
    sub.add_argument("--config", metavar="FILE", help=f"YAML file, or one of {presets}")
    sub.add_argument("--dry-run", action="store_true", help="print the resolved config and stop")
    sub.add_argument("settings", nargs="*", metavar="key=value", help="config overrides")


def _add_option(sub: argparse.ArgumentParser, option: Option) -> None:
    kind = _path if option.path else str
    if option.positional:
        count = None if option.default is None else "?"
        metavar = option.written
        sub.add_argument(option.name, help=option.help, type=kind, metavar=metavar, nargs=count)
    elif option.flag:
        sub.add_argument(option.written, action="store_true", help=option.help)
    else:
        sub.add_argument(
            option.written,
            action="append" if option.many else "store",
            help=option.help,
            required=option.required,
            default=option.default,
            type=kind,
            metavar="PATH" if option.path else "NAME" if option.many else "VALUE",
        )


def _path(text: str) -> Path:
    """Of an option; Path itself takes an empty one, as of a variable that is not set, for here."""
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty text is no path")
    return Path(text)


def command() -> int:
    """Run one verb in a process of its own."""
    code = main()
    # Python ends with collections over all that was imported: half a second, with Ray and pandas.
    gc.freeze()
    return code


def main(argv: list[str] | None = None) -> int:
    """Run one verb; the exit code says how it went."""
    options = _parse(argv)
    from shelftag.errors import ShelftagError

    try:
        return _run(VERBS[options.pop("verb")], options)
    except ShelftagError as error:
        print(f"shelftag: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("shelftag: interrupted", file=sys.stderr)
        return 130


def _parse(argv: list[str] | None) -> dict[str, Any]:
    top = parser()
    known, rest = top.parse_known_args(argv)
    # argparse fills the overrides from one place only; take those that stand between options too.
    known.settings += [word for word in rest if not word.startswith("-")]
    unknown = [word for word in rest if word.startswith("-")]
    if unknown:
        top.error(f"{known.verb} has no option {' '.join(unknown)}; see shelftag {known.verb} -h")
    return vars(known)


def _run(verb: Verb, options: dict[str, Any]) -> int:
    from cluster.local import prepare_environment, terminated_like_interrupted
    from shelftag.config import load_config

    submitted = options.get("submitted")
    told = VERBS[submitted] if submitted else verb  # whose options they are
    _check_folders(told, options)
    file, settings = _config_file(_config_name(told, options)), options.pop("settings")
    keyed = {o.key: options.pop(o.name.replace("-", "_")) for o in told.options if o.key}
    given = {key: value for key, value in keyed.items() if value is not None}
    if submitted:
        given["scaling.address"] = "auto"  # the cluster that the job runs on
    config = load_config(file, settings, given, CONFIGS)
    if options.pop("dry_run"):
        print(config.yaml(), end="", flush=True)
        if verb.foresees:
            importlib.import_module(verb.module).foresee(**options, config=config)
        return 0
    prepare_environment()
    with terminated_like_interrupted():
        code = importlib.import_module(verb.module).main(**options, config=config)
    return code or 0


def _check_folders(verb: Verb, options: dict[str, Any]) -> None:
    """Refuse a URI where a folder is needed: a local one of that name would be made."""
    from shelftag.errors import InputError

    for option in verb.options:
        given = str(options.get(option.name.replace("-", "_")) or "")
        if (option.path or option.key == "train.output_dir") and re.match(r"\w+:/", given):
            problem = f"{option.written} {given} is a URI, and must be a folder"
            raise InputError(problem, "`shelftag copy` brings finished folders onto it, and back")


def _config_name(verb: Verb, options: dict[str, Any]) -> str | None:
    """From `--config`, or an option whose values stand for presets."""
    from shelftag.errors import ConfigError

    name: str | None = options.pop("config")
    for option in verb.options:
        if option.presets is None or (value := options.pop(option.name)) is None:
            continue
        if value not in option.presets:
            known = ", ".join(option.presets)
            raise ConfigError(f"--{option.name} {value} is not known", f"name one of {known}")
        if name is not None:
            problem = f"--{option.name} {value} and --config {name} are two configs"
            raise ConfigError(problem, "name one of them")
        name = option.presets[value]
    return name


def _config_file(name: str | None) -> Path | None:
    if name is None:
        return None
    packaged = CONFIGS / f"{name}.yaml"
    return packaged if packaged.is_file() else Path(name)


if __name__ == "__main__":
    sys.exit(command())
