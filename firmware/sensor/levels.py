"""Sound levels of a frame, IEC 61672-1:2013: A, C and Z; Fast, Slow, their maxima and Leq; LCpeak.

Squares are averaged over a millisecond before the time weighting, so that a fiftieth of the values goes through it:
an exponential average is exact at that step, and a burst's maximum is at most 0.02 dB low.
Levels are relative to a full-scale sine: 10 log10(mean square) + 3.01 + full_scale_db.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.common.blocks import block_samples
from firmware.sensor.peak import Peak
from firmware.sensor.weighting import weightings

A, C, Z = 0, 1, 2  # index of a frequency weighting
STEPS_PER_SECOND = 1000
FAST_S = 0.125  # time constants
SLOW_S = 1.0
SINE_DB = 3.0103  # a full-scale sine has a mean square of one half
SILENCE = 1e-20  # mean square below which nothing is said: -200 dB


def level_db(mean_square: float, offset_db: float) -> float:
    """Return the level in dB of `mean_square`; `offset_db` is the level of a mean square of 1."""
    return 10.0 * math.log10(max(mean_square, SILENCE)) + offset_db


class TimeWeighting:
    """Exponential averages of the squares of A, C and Z, with the time constant `seconds`.

    `last` and `largest` hold mean squares, by weighting; `largest` counts since `clear`.
    """

    def __init__(self, seconds: float) -> None:
        keep = math.exp(-1.0 / (seconds * STEPS_PER_SECOND))
        self._section = np.array([[1.0 - keep, 0.0, 0.0, 1.0, -keep, 0.0]])
        self._states = [np.zeros((1, 2)) for _ in range(3)]
        self.last = [0.0, 0.0, 0.0]
        self.largest = [0.0, 0.0, 0.0]

    def add(self, index: int, squares: np.ndarray) -> None:
        """Take the mean squares of weighting `index`, one a millisecond."""
        average, self._states[index] = scipy.signal.sosfilt(self._section, squares, zi=self._states[index])
        self.last[index] = average[-1]
        self.largest[index] = max(self.largest[index], np.max(average))

    def clear(self) -> None:
        """Begin a new maximum."""
        for index in range(3):
            self.largest[index] = 0.0


class Levels:
    """`add` each block; `end` the frame; then the levels in dB are those of the frame.

    `fast_db`, `slow_db`: at its end; `fastmax_db`, `slowmax_db`: the highest in it; `leq_db`: over it. Each is a list
    of three: A, C, Z. `lcpeak_db`: the highest of the C-weighted signal, see peak.py.
    `offset_db` is the level of a mean square of 1: 3.01 dB + full scale + calibration.
    """

    def __init__(self, rate: int, offset_db: float) -> None:
        self.offset_db = offset_db
        self._c, self._a = weightings(rate)
        self._c_state = np.zeros((len(self._c), 2))
        self._a_state = np.zeros((len(self._a), 2))
        per_step = rate // STEPS_PER_SECOND
        self._steps = (block_samples(rate) // per_step, per_step)
        self._fast = TimeWeighting(FAST_S)
        self._slow = TimeWeighting(SLOW_S)
        self._peak = Peak(block_samples(rate))
        self._squares = np.zeros(block_samples(rate))
        self._squares_view = memoryview(self._squares)
        self._energy = [0.0, 0.0, 0.0]
        self._blocks = 0
        self.fast_db = [0.0, 0.0, 0.0]
        self.slow_db = [0.0, 0.0, 0.0]
        self.fastmax_db = [0.0, 0.0, 0.0]
        self.slowmax_db = [0.0, 0.0, 0.0]
        self.leq_db = [0.0, 0.0, 0.0]
        self.lcpeak_db = 0.0
        self.end()

    def add(self, x: np.ndarray, mean: float) -> None:
        """Take the samples `x` (float, one block, in one piece).

        `mean` is their slow running mean: no sound, Z goes without it.
        """
        c, self._c_state = scipy.signal.sosfilt(self._c, x, zi=self._c_state)
        a, self._a_state = scipy.signal.sosfilt(self._a, c, zi=self._a_state)
        a *= a
        self._weigh(A, a)
        # In an array made once, copied to through a memoryview: two fifths of what a new array costs.
        squares = self._squares
        self._squares_view[:] = memoryview(c)
        squares *= squares
        self._peak.add(c, squares)
        self._weigh(C, squares)
        self._squares_view[:] = memoryview(x)
        squares -= mean
        squares *= squares
        self._weigh(Z, squares)
        self._blocks += 1

    def _weigh(self, index: int, squares: np.ndarray) -> None:
        steps = np.mean(squares.reshape(self._steps), axis=1)
        self._fast.add(index, steps)
        self._slow.add(index, steps)
        self._energy[index] += np.mean(steps)

    def end(self) -> None:
        """Set the levels to those of the frame that the blocks since the last `end` make."""
        offset_db = self.offset_db
        fast, slow = self._fast, self._slow
        for index in range(3):
            self.fast_db[index] = level_db(fast.last[index], offset_db)
            self.slow_db[index] = level_db(slow.last[index], offset_db)
            self.fastmax_db[index] = level_db(fast.largest[index], offset_db)
            self.slowmax_db[index] = level_db(slow.largest[index], offset_db)
            self.leq_db[index] = level_db(self._energy[index] / max(self._blocks, 1), offset_db)
            self._energy[index] = 0.0
        self.lcpeak_db = level_db(self._peak.square, offset_db)
        fast.clear()
        slow.clear()
        self._peak.square = 0.0
        self._blocks = 0
