"""A-weighted levels: LAF, LAFmax and LAeq of a frame, IEC 61672-1:2013.

The squares are averaged over a quarter of a millisecond before the time weighting: the exponential average is
exact at that step, a burst's LAFmax is off by less than 0.01 dB, and a twelfth of the values goes through it.
Levels are relative to a full-scale sine: 10 log10(mean square) + 3.01 + full_scale_db.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.common.blocks import block_samples
from firmware.sensor.weighting import a_weighting

STEPS_PER_SECOND = 4000
FAST_S = 0.125  # time constant of Fast
SINE_DB = 3.0103  # a full-scale sine has a mean square of one half
SILENCE = 1e-20  # mean square below which nothing is said: -200 dB


def level_db(mean_square: float, offset_db: float) -> float:
    """Return the level in dB of `mean_square`; `offset_db` is the level of a mean square of 1."""
    return 10.0 * math.log10(max(mean_square, SILENCE)) + offset_db


class Levels:
    """`add` each block; `end` the frame; then `laf_db`, `lafmax_db`, `laeq_db` are those of the frame.

    `offset_db` is the level of a mean square of 1: 3.01 dB + full scale + calibration.
    """

    def __init__(self, rate: int, offset_db: float) -> None:
        self.offset_db = offset_db
        self._sections = a_weighting(rate)
        self._state = np.zeros((len(self._sections), 2))
        per_step = rate // STEPS_PER_SECOND
        self._steps = (block_samples(rate) // per_step, per_step)
        keep = math.exp(-1.0 / (FAST_S * STEPS_PER_SECOND))
        self._fast = np.array([[1.0 - keep, 0.0, 0.0, 1.0, -keep, 0.0]])
        self._fast_state = np.zeros((1, 2))
        self._last = 0.0
        self._largest = 0.0
        self._energy = 0.0
        self._blocks = 0
        self.laf_db = self.lafmax_db = self.laeq_db = level_db(0.0, offset_db)

    def add(self, x: np.ndarray) -> None:
        """Take the samples `x` (float, one block)."""
        weighted, self._state = scipy.signal.sosfilt(self._sections, x, zi=self._state)
        weighted *= weighted
        squares = np.mean(weighted.reshape(self._steps), axis=1)
        fast, self._fast_state = scipy.signal.sosfilt(self._fast, squares, zi=self._fast_state)
        self._last = fast[-1]
        self._largest = max(self._largest, np.max(fast))
        self._energy += np.mean(squares)
        self._blocks += 1

    def end(self) -> None:
        """Set the levels to those of the frame that the blocks since the last `end` make."""
        self.laf_db = level_db(self._last, self.offset_db)
        self.lafmax_db = level_db(self._largest, self.offset_db)
        self.laeq_db = level_db(self._energy / max(self._blocks, 1), self.offset_db)
        self._largest = 0.0
        self._energy = 0.0
        self._blocks = 0
