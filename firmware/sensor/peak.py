"""The true peak of a signal between its samples: its highest sample, and band-limited interpolation beside it.

A period of 8 kHz has six samples at 48 kHz and four at 32 kHz: the highest of them may be 0.9 dB or 2.0 dB under what
IEC 61672-1:2013, table 5, expects, and the limit is 2 dB. Interpolated it is within 0.2 dB and 0.4 dB of it.
Only the surroundings of the highest sample of a block are looked at.
"""

import math

from ulab import numpy as np

REACH = 4  # samples on either side
PARTS = 4  # of the way from a sample to the next


def interpolation() -> np.ndarray:
    """Return the weights of 2 * REACH + 1 samples for the points around the middle one: sinc in a Hann window."""
    rows: list[list[float]] = []
    for part in range(1 - PARTS, PARTS):
        weights: list[float] = []
        for sample in range(-REACH, REACH + 1):
            away = math.pi * (sample - part / PARTS)
            sinc = math.sin(away) / away if away else 1.0
            weights.append(sinc * math.cos(away / (2 * (REACH + 1))) ** 2)
        rows.append([weight / sum(weights) for weight in weights])
    return np.array(rows)


class Peak:
    """`add` each block of a signal, `block` samples; `square` is the largest square since it was set to zero."""

    def __init__(self, block: int) -> None:
        self._block = block
        self._weights = interpolation()
        self._before = np.zeros(block)
        self._waiting = False
        self.square = 0.0

    def add(self, x: np.ndarray, squares: np.ndarray) -> None:
        """Take a block `x`, kept until the next, and its `squares`.

        A highest sample at the very end is looked at when the samples after it are there: with the next block.
        """
        if self._waiting:
            self._look_across(x, np.argmax(self._before[-REACH:] ** 2) - REACH)
        at = np.argmax(squares)
        self.square = max(self.square, squares[at])
        if at < REACH:
            self._look_across(x, at)
        elif at < self._block - REACH:
            self._look(x[at - REACH : at + REACH + 1])
        self._waiting = at >= self._block - REACH
        self._before = x

    def _look_across(self, x: np.ndarray, at: int) -> None:
        # `at` counts from the begin of `x`, on either side of it.
        seam = np.concatenate((self._before[-2 * REACH :], x[: 2 * REACH]))
        self._look(seam[REACH + at : 3 * REACH + at + 1])

    def _look(self, around: np.ndarray) -> None:
        found = np.dot(self._weights, around)
        found *= found
        self.square = max(self.square, np.max(found))
