"""What a plan is made of: each number with its unit, and where it comes from.

"measured" is on the project's machine: two cores of an Intel Xeon with AMX, 24 GiB, shared with
other work, so that the high ends are those of busy hours; `make bench-plan` measures again.
"""

from dataclasses import dataclass

from shelftag.sizing.ranges import Range

QWEN = 'https://github.com/QwenLM/Qwen/blob/main/README.md, "Profiling of Memory and Speed"'


@dataclass(frozen=True)
class Constant:
    """A number that a plan rests on."""

    name: str
    value: Range
    unit: str
    source: str

    def __post_init__(self) -> None:
        if not self.value.ordered:
            raise ValueError(f"{self.name}: {self.value} is not in order")


START = Constant(
    "start and end of a job",
    Range(6.5, 8, 12),
    "s",
    "measured: `prepare` of 100,000 lines, Ray's start and end in it; 11 core-s",
)
TAG_START = Constant(
    "start and end of tag, its actors and stages",
    Range(8, 12, 20),
    "s",
    "measured: `tag` of 2,000 names; 15 core-s",
)
PREPARE = Constant(
    "prepare, an order line",
    Range(0.35, 0.42, 1.3),
    "core-us",
    "measured: 30 million lines, `make bench-plan`; at full size 0.35 to 0.6 (README)",
)
LINE_BYTES = Constant(
    "an order line in CSV and in the Dataset",
    Range(29, 30, 32),
    "bytes",
    "measured: 21 in, 9 out, at full size",
)
TAG_ROW = Constant(
    "tag, a row: read twice, looked up, written",
    Range(1.5, 3, 8),
    "core-us",
    "measured: `tag` of 3 million rows of CSV with 5,000 names, 2.8 core-us",
)
NAME_FILES = Constant(
    "tag, a distinct name through the files: written, read, answered, read",
    Range(5, 10, 30),
    "core-us",
    "measured: 76 core-us a name in all (`make bench-plan`), less 3 for its row and 63 for nano",
)
BUSY = Constant(
    "share of its cores that tag keeps busy with nano",
    Range(0.5, 0.78, 0.9),
    "",
    "measured: 0.79 with 200,000 and with 600,000 names; 0.5 to 0.65 beside other work",
)
NANO_NAME = Constant(
    "nano on a core, a distinct name",
    Range(51, 63, 110),
    "core-us",
    "measured: `make bench-tagger`, one thread, two, a busy hour (README)",
)
FEED_NAME = Constant(
    "tokens and the linear model beside a GPU, a distinct name",
    Range(15, 30, 60),
    "core-us",
    "measured: Hugging Face tokenizer 17, linear model 8 to 12 (README), Arrow between",
)
ROW_BYTES = Constant(
    "a catalog row: read twice, written once",
    Range(90, 125, 300),
    "bytes",
    "measured: 44 in, 38 out for four columns and distinct names; wider tables have more",
)
NAME_BYTES = Constant(
    "a distinct name in files: written, read, kept, answered, read",
    Range(140, 180, 300),
    "bytes",
    "measured: 46 to pass a name on, 44 to keep its answer; assumed 20 to pass the answer on",
)
TASK_S = Constant(
    "the driver's work on a task",
    Range(0.002, 0.008, 0.017),
    "s",
    "measured: 792 more tasks of 2,500 rows took 17 ms each on two cores; that half of it is the "
    "driver's is assumed",
)
READ_REQUESTS = Constant(
    "requests for one part of an exchanged file",
    Range(3, 4, 5),
    "",
    "counted: with pyarrow 26, the file's length, its footer twice, the part in one or two",
)
STORE_LATENCY = Constant(
    "an object store's answer",
    Range(0.02, 0.1, 0.2),
    "s",
    "published: S3 100 to 200 ms to the first byte (https://docs.aws.amazon.com/AmazonS3/latest/"
    "userguide/optimizing-performance.html); low: a busy prefix near by, an assumption",
)
STORE_DOLLARS = Constant(
    "a million reads of an object store",
    Range(0.4, 0.4, 0.5),
    "$",
    "published: S3 in us-east-1 0.40 (https://aws.amazon.com/s3/pricing/), GCS 0.40 to 0.50",
)
STORE_REQUESTS = Constant(
    "reads a second that one prefix answers",
    Range(5000, 5500, 11000),
    "1/s",
    "published: S3 5,500 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
    "optimizing-performance.html), GCS begins at 5,000 "
    "(https://cloud.google.com/storage/docs/request-rate); both split a prefix that stays busy",
)
TOKENS_32K = Constant(
    "tokens of a name, vocabulary of 32,000 (Llama 2)",
    Range(10.1, 10.1, 15),
    "",
    "measured: 44,720 names of the real catalog, `<s>` counted, 31 letters on average; the high "
    "end is for shops with titles half as long again",
)
TOKENS_128K = Constant(
    "tokens of a name, vocabulary of 49,000 and more (Llama 3, Qwen, SmolLM2)",
    Range(7.7, 7.7, 11.5),
    "",
    "measured: Llama 3 on the same names; Qwen 6.8, SmolLM2 not",
)
MFU = Constant(
    "share of a GPU's peak that the products reach",
    Range(0.3, 0.5, 0.7),
    "",
    "published: LoRA of Qwen-7B, 14B, 72B on A100s 0.46, 0.49, 0.71 by a step's growth with its "
    f"length, recomputation counted ({QWEN}); PaLM's input tokens 0.76 "
    "(https://arxiv.org/abs/2211.05102)",
)
MFU_70_WATTS = Constant(
    "share of the peak where power caps the clock (T4, L4)",
    Range(0.15, 0.25, 0.37),
    "",
    "published: a bare product of 4096 x 4096 reaches 24 of a T4's 65 TFLOP/s "
    "(https://forums.developer.nvidia.com/t/about-gpu-peak-performance/264462); a model less; "
    "assumed for the L4, whose limit is 72 W",
)
MFU_CPU = Constant(
    "share of a core's float32 rate here",
    Range(0.3, 0.6, 1.0),
    "",
    "assumed: other cores are slower, and batches smaller, than what was measured",
)
LAUNCH = Constant(
    "a GPU waits for Python, a layer and pass",
    Range(0.5, 1.6, 2.5),
    "ms",
    f"published: Qwen-1.8B's steps of 256 and 512 tokens take the same time, 5 ms a layer in three "
    f"passes, 7 with 4 bits ({QWEN}); less without gradients",
)
UNPACK = Constant(
    "NF4 unpacked, times its memory traffic of 4.5 bytes a weight",
    Range(1.25, 3, 7),
    "",
    f"published: 4-bit steps less 16-bit ones of Qwen-7B to 72B are the high end ({QWEN}); the low "
    "one is bound by memory alone",
)
LINK_SHARE = Constant(
    "share of a link that gathers reach",
    Range(0.4, 0.55, 0.8),
    "",
    f"published: Qwen-72B, ZeRO-3 on four A100 of one machine: 0.4 to 0.66 ({QWEN})",
)
LOAD = Constant(
    "reading a base",
    Range(0.3, 0.6, 1.2),
    "GB/s",
    "assumed: 10 Gbit/s of network, its base and its burst",
)
NANO_TRAIN = Constant(
    "training nano, a name and epoch",
    Range(0.5, 0.74, 1.5),
    "core-ms",
    "measured: an epoch, two threads (`make bench-plan`); one thread (README)",
)
TRAIN_FIXED = Constant(
    "train, beside the steps: vocabulary, linear model, calibration",
    Range(50, 80, 140),
    "s",
    "measured: `train` of a thousandth of an epoch on 49,688 products, Ray's start taken off",
)
EVALUATE = Constant(
    "evaluate, beside the passes over valid and test",
    Range(40, 70, 240),
    "s",
    "measured: nano and 49,688 products, 82 s with the start: baselines, bootstrap, report",
)
SERVE = Constant(
    "requests of one name a second, a copy",
    Range(263, 1211, 2130),
    "1/s",
    "measured: nano on two cores with the load generator, Python proxy; HAProxy; HAProxy with the "
    "names in the cache (README)",
)

CONSTANTS = tuple(value for value in list(globals().values()) if isinstance(value, Constant))
"""All of them, in the order above."""
