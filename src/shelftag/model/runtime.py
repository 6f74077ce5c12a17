"""How a process that computes is set up."""

import gc
import logging
import re
import resource
import sys
import warnings
from pathlib import Path


def set_up(threads: int) -> None:
    """One thread pool of the given size, and no lines of libraries among our own."""
    import torch
    from transformers.utils import logging as transformers_logging

    torch.set_num_threads(threads)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    # peft 0.21 asks transformers for an attribute under its old name
    warnings.filterwarnings("ignore", ".is_gradient_checkpointing. is deprecated", FutureWarning)


def release() -> None:
    """Give back what nothing refers to any more, of a GPU too (not run on a GPU)."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def peak_bytes() -> int:
    """The most memory this process has held: of the GPU where it uses one (not run on a GPU)."""
    import torch

    on_gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return on_gpu or peak_rss()


def peak_rss() -> int:
    """The most main memory this process has held, in bytes.

    Linux hands `ru_maxrss` on to a child, which then never shows less than its parent had when
    it was forked; the high-water mark of /proc begins anew with each program.
    """
    status = Path("/proc/self/status")
    if status.is_file() and (mark := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return 1024 * int(mark[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
