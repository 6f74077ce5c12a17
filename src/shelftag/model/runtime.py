"""How a process that computes is set up."""

import logging
import warnings


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
