"""The verbs and their options, as data: what `--help` shows, and what each `main` is given."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One `--name`, or with `positional` a NAME. With `key`, it sets that config key.

    `place` marks a path or URI that is no `path`.
    """

    name: str
    help: str
    required: bool = False
    default: str | None = None
    key: str | None = None
    path: bool = False
    flag: bool = False
    positional: bool = False
    place: bool = False
    many: bool = False
    presets: Mapping[str, str] | None = None
    """Its values, each for the preset that is then the config."""

    @property
    def written(self) -> str:
        """As on the command line."""
        return self.name.upper() if self.positional else f"--{self.name}"

    @property
    def is_place(self) -> bool:
        """Whether its value is a path or URI."""
        return self.path or self.place


@dataclass(frozen=True)
class Verb:
    """A verb: the module whose `main` runs it, and its options.

    With `submits`, another verb comes after it, with that one's options beside its own. With
    `foresees`, the module's `foresee` has more to say at `--dry-run`.
    """

    module: str
    help: str
    examples: tuple[str, ...]
    options: tuple[Option, ...]
    submits: bool = False
    foresees: bool = False


def _path(name: str, text: str, *, required: bool = True) -> Option:
    return Option(name, text, required=required, path=True)


def _place(name: str, text: str, *, required: bool = False, key: str | None = None) -> Option:
    return Option(name, text, required=required, key=key, place=True)


def _run() -> Option:
    return _place("run", "folder that `train` made, or its URI", required=True)


def _positional(name: str, text: str) -> Option:
    return Option(name, text, path=True, positional=True)


def _positional_place(name: str, text: str) -> Option:
    return Option(name, text, place=True, positional=True)


ADDRESS = Option("address", "the cluster's dashboard (RAY_API_SERVER_ADDRESS, or port 8265 here)")
HERE_ONLY = ("submit", "jobs", "keys", "plan")
"""Verbs that are no jobs: a job's log is no place for a key, and a plan needs no cluster."""
MODELS = {
    "nano": "nano_cpu",
    "360m": "smollm2_360m",
    "0.6b": "qwen3_0_6b",
    "7b": "llama2_7b_t4",
    "8b": "llama3_8b_24gb",
    "70b": "llama2_70b_zero3",
}
OVERWRITE = Option("overwrite", "replace what an earlier run left in --out", flag=True)

VERBS = {
    "synthesize": Verb(
        "pipelines.synthesize",
        "make six tables in Instacart's shape, of any size",
        (
            "shelftag synthesize --out tables --lines 1000000",
            "shelftag synthesize --out tables --lines 33819106   # full size",
            "shelftag synthesize --out tables --catalog instacart --lines 1000000",
        ),
        (
            _path("out", "folder for the six CSV files"),
            Option("lines", "order lines, prior and train together", key="synthesis.lines"),
            Option("products", "products of a made catalog", key="synthesis.products"),
            Option("seed", "same seed, same bytes", key="synthesis.seed"),
            _path("catalog", "folder with real products, aisles, departments", required=False),
            OVERWRITE,
        ),
    ),
    "prepare": Verb(
        "pipelines.prepare",
        "join six tables, or merge catalogs of shops, into a Dataset of labelled products",
        (
            "shelftag prepare --tables tables --out dataset",
            "shelftag prepare --tables s3://bucket/tables --out dataset",
            "shelftag prepare --tables tables --out dataset21 catalog.unlabelled=21",
            "shelftag prepare --tables shops --out dataset --config shops   # any shop's catalog",
            "shelftag prepare --tables tables --out dataset2 --overrides suspects.csv",
        ),
        (
            _place("tables", "folder or URI with the tables, CSV or Parquet", required=True),
            _path("out", "folder for the Dataset"),
            _place("overrides", "CSV of corrected labels: id, department", key="data.overrides"),
            OVERWRITE,
        ),
    ),
    "train": Verb(
        "pipelines.train",
        "fine-tune with QLoRA, calibrate, and freeze a Run; the same command resumes",
        (
            "shelftag train --dataset dataset --out run",
            "shelftag train --dataset dataset --out run --config llama2_7b_t4   # needs a GPU",
            "shelftag train --dataset dataset --out run model.quantization=none train.epochs=2",
            "shelftag train --dataset dataset --out run --config nano_generate",
            "shelftag train --dataset dataset --out run scaling.workers=2 scaling.strategy=zero3",
        ),
        (
            _path("dataset", "folder that `prepare` made"),
            _place("out", "folder for the Run (train.output_dir)", key="train.output_dir"),
            OVERWRITE,
        ),
    ),
    "evaluate": Verb(
        "pipelines.evaluate",
        "score a Run on its Dataset's unseen products: scores.json and report.html",
        (
            "shelftag evaluate --run run --dataset dataset",
            "shelftag evaluate --run run --dataset dataset evaluation.price_per_hour=0.53",
            "shelftag evaluate --run run --dataset next_month --other-dataset",
            "shelftag evaluate --run s3://bucket/run --dataset dataset",
        ),
        (
            _run(),
            _path("dataset", "the Dataset the Run learned from"),
            Option("other-dataset", "score on a Dataset it did not learn from", flag=True),
        ),
    ),
    "study": Verb(
        "pipelines.study",
        "train and score under several splits, side by side: where 98 percent comes from",
        (
            "shelftag study --tables tables --out study --config paper",
            "shelftag study --tables tables --out study study.splits=[row,token_set]",
            "shelftag study --tables tables --out study study.label_sets=[21,default]",
        ),
        (
            _place("tables", "folder or URI with the six tables", required=True),
            _path("out", "folder for Datasets, Runs and the page"),
            OVERWRITE,
        ),
    ),
    "compare": Verb(
        "pipelines.compare",
        "say whether a new Run may take an old one's place; exit code 1 if accuracy or a "
        "department falls beyond chance, or a department is lost",
        (
            "shelftag compare run new-run",
            "shelftag compare run new-run --max-regression 0.1",
            "shelftag compare run new-run --allow-lost",
        ),
        (
            _positional_place("run_a", "the champion: the Run in use, evaluated; or its URI"),
            _positional_place("run_b", "the candidate, evaluated; or its URI"),
            Option(
                "max-regression",
                "fall of a department's recall or precision that is allowed (0.05); 1 allows "
                "everything",
                key="evaluation.max_regression",
            ),
            Option("allow-lost", "departments the new Run does not know may go", flag=True),
        ),
    ),
    "drift": Verb(
        "pipelines.drift",
        "say whether a catalog still looks like what a Run was tested on; exit code 1 if not",
        (
            "shelftag drift tagged --run run",
            "shelftag drift new.csv --run run --name-column title --source-column shop",
        ),
        (
            _positional("tags_or_catalog", "what `tag` made, or a catalog as `tag` reads it"),
            _place("run", "the Run, evaluated: a folder or URI", required=True),
            _path("out", "folder for drift.json and drift.html", required=False),
            Option(
                "name-column",
                "column with the product's name (product_name)",
                default="product_name",
            ),
            Option("description-column", "column with its description, if there is one"),
            Option("source-column", "column that names the feed a row came from"),
            Option("sample", "rows looked at, drawn by train.seed (20000)", default="20000"),
            Option("unseen", "the Run has learned from none of these products", flag=True),
            Option(
                "max-psi", "population stability index allowed (0.25)", key="evaluation.max_psi"
            ),
        ),
    ),
    "tag": Verb(
        "pipelines.tag",
        "tag a whole catalog: CSV, NDJSON or Parquet; after a kill the same command goes on",
        (
            "shelftag tag --run run --input products.csv --out tagged",
            "shelftag tag --run run --input s3://shop/catalog --out s3://shop/tagged/monday",
            "shelftag tag --run run --input shop/ --out tagged --name-column title --format csv",
            "shelftag tag --run run --input new.csv --out tagged/tue --since tagged --publish",
            "shelftag tag --run run --input new.csv --out tagged/tue --since tagged --dry-run",
        ),
        (
            _run(),
            Option(
                "input",
                "CSV, NDJSON or Parquet: a file, a folder of them, or a URI",
                required=True,
                place=True,
            ),
            _place("out", "folder or URI for the tags", required=True),
            Option(
                "name-column",
                "column with the product's name (product_name)",
                default="product_name",
            ),
            Option("description-column", "column with its description, if there is one"),
            Option("prefix", "put before the names of the new columns", default=""),
            Option("format", "of the tags: parquet, csv or ndjson (parquet)", key="tagging.format"),
            _place("since", "an earlier output, or a folder with CURRENT: scores only new names"),
            Option(
                "max-change",
                "share of the rows that may change department since then (all)",
                key="tagging.max_change",
            ),
            Option("publish", "make it the current output of its folder", flag=True),
            OVERWRITE,
        ),
        foresees=True,
    ),
    "publish": Verb(
        "pipelines.publish",
        "make an output of `tag` the current one of its folder, in CURRENT; the one before takes "
        "it back",
        ("shelftag publish tagged/tue", "shelftag publish tagged/mon   # roll back"),
        (_positional_place("tags", "an output of `tag`"),),
    ),
    "copy": Verb(
        "pipelines.copy",
        "bring a finished folder, such as a Run, onto an object store or back, and compare it; "
        "after a kill the same command goes on",
        (
            "shelftag copy run s3://bucket/run",
            "shelftag copy s3://bucket/dataset dataset",
            "shelftag copy run /mnt/shared/run",
        ),
        (
            _positional_place("source", "a folder that is finished, or its URI"),
            _positional_place("target", "folder or URI for it: empty, or what a copy left there"),
        ),
    ),
    "export": Verb(
        "pipelines.export",
        "write a Run's base and adapter as one 16-bit model that plain transformers loads",
        (
            "shelftag export --run run --out model --merge",
            "shelftag export --run run --out model --merge --dtype float16   # for a T4",
        ),
        (
            _run(),
            _path("out", "folder for the model"),
            Option("merge", "add the adapter to the base's weights", flag=True),
            Option("dtype", "bfloat16 or float16 (bfloat16)", default="bfloat16"),
            OVERWRITE,
        ),
    ),
    "serve": Verb(
        "serve.app",
        "answer POST /v1/tag over HTTP until stopped",
        (
            "shelftag serve --run run",
            "shelftag serve --run run --port 9000 serve.replicas=2",
            "shelftag serve --run s3://bucket/run",
        ),
        (
            _run(),
            Option("host", "address to listen on (127.0.0.1)", key="serve.host"),
            Option("port", "port to listen on (8000)", key="serve.port"),
        ),
    ),
    "keys": Verb(
        "pipelines.keys",
        "make an API key for a client of the endpoint",
        (
            "shelftag keys new --name shop --file keys.txt",
            "shelftag keys new   # prints the key, and the line to keep",
        ),
        (
            Option("action", "new", positional=True),
            Option("name", "the client it is for (client)", default="client"),
            Option("file", "keys file to add the line to", key="serve.keys_file"),
        ),
    ),
    "doctor": Verb(
        "pipelines.doctor",
        "say what a config needs of a GPU's memory, whether it fits, and what would",
        (
            "shelftag doctor   # the default, on this machine",
            "shelftag doctor --config llama2_7b_t4   # on every GPU that is known",
            "shelftag doctor --config llama2_70b_zero3 --gpu a100-40 --gpus 8",
        ),
        (
            Option("gpu", "t4, l4, a10g, a100-40, a100-80, h100 or h200"),
            Option("gpus", "how many, one for each training worker", key="scaling.workers"),
        ),
    ),
    "plan": Verb(
        "pipelines.plan",
        "say what a job of any size takes: time and cost of each stage, and the bottleneck",
        (
            "shelftag plan --skus 1e9 --model 7b --gpu l4 --count 64",
            "shelftag plan --skus 5e6 --count 2 --local   # nano on two cores",
            "shelftag plan --skus 1e9 --names 2e8 --gpu cpu --count 64 --price 0.04",
        ),
        (
            Option("skus", "rows of the catalog to tag (5e6)", default="5e6"),
            Option("names", "distinct names among them (as many)"),
            Option("lines", "order lines to prepare (33819106)", default="33819106"),
            Option("labelled", "products with a department (49688)", default="49688"),
            Option("model", f"{', '.join(MODELS)} (nano), or --config FILE", presets=MODELS),
            Option(
                "gpu", "cpu (a core), t4, l4, a10g, a100-40, a100-80, h100, h200", default="cpu"
            ),
            Option("count", "how many (1)", default="1"),
            Option("price", "dollars an hour for one (as listed in sizing/rented.py)"),
            Option(
                "local", "files on disks that all machines see, not on an object store", flag=True
            ),
            Option("sources", "print every constant and where it comes from", flag=True),
        ),
    ),
    "demo": Verb(
        "pipelines.demo",
        "all of it on made data: tables, Dataset, Run, report, tags",
        ("shelftag demo", "shelftag demo --out demo --overwrite"),
        (Option("out", "folder for everything (demo)", default="demo", path=True), OVERWRITE),
    ),
    "submit": Verb(
        "pipelines.submit",
        "run another verb on a Ray cluster: the same command, with full paths or URIs",
        (
            "shelftag submit prepare --address URL --tables /mnt/tables --out /mnt/dataset",
            "shelftag submit train --dataset /mnt/dataset --out /mnt/run --secret HF_TOKEN",
            "shelftag submit serve --run /mnt/run --no-wait",
        ),
        (
            ADDRESS,
            Option(
                "secret",
                "name of an environment variable that must be set on the cluster; may be repeated",
                many=True,
            ),
            Option("no-wait", "print the job's id and leave it, without its log", flag=True),
        ),
        submits=True,
    ),
    "jobs": Verb(
        "pipelines.jobs",
        "list the jobs of a Ray cluster; show, follow or stop one",
        (
            "shelftag jobs --address http://127.0.0.1:8265",
            "shelftag jobs train-1f2e3d4c --follow",
            "shelftag jobs train-1f2e3d4c --stop",
        ),
        (
            Option("job", "one of them, by its id", positional=True, default=""),
            ADDRESS,
            Option("follow", "its log until it ends, and its exit code", flag=True),
            Option("stop", "stop it, and wait until it has ended", flag=True),
        ),
    ),
}


def on_cluster(name: str) -> Verb:
    """A verb as `submit` takes it: beside its options, those of a job."""
    verb, submit = VERBS[name], VERBS["submit"]
    words = ["shelftag submit", name, "--address http://127.0.0.1:8265"]
    for option in verb.options:
        if option.is_place and (option.required or option.positional or option.name == "out"):
            given = () if option.positional else (option.written,)
            words += [*given, f"/mnt/{option.name}"]
    return Verb(submit.module, verb.help, (" ".join(words),), (*verb.options, *submit.options))
