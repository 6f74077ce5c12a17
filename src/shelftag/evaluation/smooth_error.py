"""A calibration error without bins: smooth ECE.

Blasiok and Nakkiran 2023 (https://arxiv.org/abs/2309.12236): confidences less outcomes, smoothed
by a Gaussian that is reflected at 0 and 1, and integrated without their sign. Its width is not
chosen by anyone: it is the one that equals the error it gives.
"""

import numpy as np
from numpy.typing import NDArray

CELLS = 100
WIDTHS = np.geomspace(0.005, 0.5, 40)


def cell_of(confidences: NDArray[np.float32]) -> NDArray[np.int64]:
    """The cell of a grid over 0..1 in which each confidence is, [n]."""
    return np.minimum((confidences * CELLS).astype(np.int64), CELLS - 1)


def smooth_errors(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The error of each of m samples, [m].

    Args:
        residuals: [cells, m], the sum of confidence less outcome in each cell, over rows in all.
    """
    errors = np.stack([np.abs(_kernel(width) @ residuals).sum(axis=0) for width in WIDTHS])
    over = errors - WIDTHS[:, None]  # falls with the width: the error falls, the width rises
    place = np.clip((over > 0).sum(axis=0), 1, len(WIDTHS) - 1)
    sample = np.arange(residuals.shape[1])
    before, after = over[place - 1, sample], over[place, sample]
    along = np.clip(before / np.maximum(before - after, 1e-12), 0, 1)
    return np.asarray((1 - along) * errors[place - 1, sample] + along * errors[place, sample])


def _kernel(width: float) -> NDArray[np.float64]:
    """How much of each cell's residual comes to each cell, [cells, cells]; columns sum to 1."""
    centres = (np.arange(CELLS) + 0.5) / CELLS
    images = [sign * centres + shift for shift in (-2, 0, 2) for sign in (-1, 1)]
    powers = sum(np.exp(-(((centres[:, None] - image) / width) ** 2) / 2) for image in images)
    return np.asarray(powers / np.sum(powers, axis=0))
