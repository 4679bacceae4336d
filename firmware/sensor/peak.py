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
        self._seam = np.zeros(4 * REACH)  # the last samples of a block and the first of the next
        self._waiting = -1  # the highest sample of the block before, in the seam; -1: it had its turn
        self.square = 0.0

    def add(self, x: np.ndarray, squares: np.ndarray) -> None:
        """Take a block `x` and its `squares`.

        A highest sample at the very end is looked at when the samples after it are there: with the next block.
        """
        seam = self._seam
        seam[2 * REACH :] = x[: 2 * REACH]
        if self._waiting >= 0:
            self._look(seam, self._waiting)
            self._waiting = -1
        at = np.argmax(squares)
        self.square = max(self.square, squares[at])
        if at < REACH:
            self._look(seam, 2 * REACH + at)
        elif at < self._block - REACH:
            self._look(x, at)
        else:
            self._waiting = at - self._block + 2 * REACH
        seam[: 2 * REACH] = x[-2 * REACH :]

    def _look(self, x: np.ndarray, at: int) -> None:
        found = np.dot(self._weights, x[at - REACH : at + REACH + 1])
        self.square = max(self.square, np.max(found) ** 2, np.min(found) ** 2)
