"""Sound levels of a frame, IEC 61672-1:2013: A, C and Z; Fast, Slow and Leq; LAFmax, LASmax and LCpeak.

Squares are averaged over a millisecond before the time weighting, so that a fiftieth of the values goes through it:
an exponential average is exact at that step, and a burst's maximum is at most 0.02 dB low. Of C and Z no maximum is
wanted, so that only the average at the end of a block is computed.
Levels are relative to a full-scale sine: 10 log10(mean square) + 3.01 + full_scale_db.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.common.blocks import BLOCKS_PER_SECOND, block_samples
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

    `last` holds mean squares, by weighting; `largest` is the highest of A since it was set to zero.
    """

    def __init__(self, seconds: float) -> None:
        keep = math.exp(-1.0 / (seconds * STEPS_PER_SECOND))
        steps = STEPS_PER_SECOND // BLOCKS_PER_SECOND
        self._section = np.array([[1.0 - keep, 0.0, 0.0, 1.0, -keep, 0.0]])
        self._state = np.zeros((1, 2))
        # What a block adds to its last value, and what it leaves of the one before.
        self._weights = np.array([(1.0 - keep) * keep ** (steps - 1 - step) for step in range(steps)])
        self._decay = keep**steps
        self.last = [0.0, 0.0, 0.0]
        self.largest = 0.0

    def follow(self, squares: np.ndarray) -> None:
        """Take the mean squares of A of a block, one a millisecond."""
        average, self._state = scipy.signal.sosfilt(self._section, squares, zi=self._state)
        self.last[A] = average[-1]
        self.largest = max(self.largest, np.max(average))

    def add(self, index: int, squares: np.ndarray) -> None:
        """Take the mean squares of weighting `index`, C or Z."""
        self.last[index] = self.last[index] * self._decay + np.dot(self._weights, squares)


class Levels:
    """`add` each block; `end` the frame; then the levels in dB are those of the frame.

    `fast_db`, `slow_db`: at its end; `leq_db`: over it; each is a list of three: A, C, Z. `lafmax_db`, `lasmax_db`: the
    highest in it. `lcpeak_db`: the highest of the C-weighted signal, see peak.py.
    `offset_db` is the level of a mean square of 1: 3.01 dB + full scale + calibration.
    """

    def __init__(self, rate: int, offset_db: float) -> None:
        self.offset_db = offset_db
        self._c, self._a = weightings(rate)
        self._c_state = np.zeros((len(self._c), 2))
        self._a_state = np.zeros((len(self._a), 2))
        per_step = rate // STEPS_PER_SECOND
        self._steps = (block_samples(rate) // per_step, per_step)
        self._squares = np.zeros(block_samples(rate))
        self._squares_view = memoryview(self._squares)  # a twentieth of the cost of `a[:] = b` between arrays
        self._fast = TimeWeighting(FAST_S)
        self._slow = TimeWeighting(SLOW_S)
        self._peak = Peak(block_samples(rate))
        self._energy = [0.0, 0.0, 0.0]
        self._blocks = 0
        self.fast_db = [0.0, 0.0, 0.0]
        self.slow_db = [0.0, 0.0, 0.0]
        self.leq_db = [0.0, 0.0, 0.0]
        self.lafmax_db = self.lasmax_db = self.lcpeak_db = 0.0
        self.end()

    def add(self, x: np.ndarray, mean: float) -> None:
        """Take the samples `x` (float, one block), whose slow running mean is `mean`: no sound, Z goes without it.

        `x` is used up.
        """
        c, self._c_state = scipy.signal.sosfilt(self._c, x, zi=self._c_state)
        a, self._a_state = scipy.signal.sosfilt(self._a, c, zi=self._a_state)
        a *= a
        steps = np.mean(a.reshape(self._steps), axis=1)
        self._fast.follow(steps)
        self._slow.follow(steps)
        self._energy[A] += np.mean(steps)
        squares = self._squares
        self._squares_view[:] = memoryview(c)
        squares *= squares
        self._peak.add(c, squares)
        self._weigh(C, squares)
        x -= mean
        x *= x
        self._weigh(Z, x)
        self._blocks += 1

    def _weigh(self, index: int, squares: np.ndarray) -> None:
        steps = np.mean(squares.reshape(self._steps), axis=1)
        self._fast.add(index, steps)
        self._slow.add(index, steps)
        self._energy[index] += np.mean(steps)

    def end(self) -> None:
        """Set the levels to those of the frame that the blocks since the last `end` make."""
        offset_db = self.offset_db
        fast, slow, peak = self._fast, self._slow, self._peak
        for index in range(3):
            self.fast_db[index] = level_db(fast.last[index], offset_db)
            self.slow_db[index] = level_db(slow.last[index], offset_db)
            self.leq_db[index] = level_db(self._energy[index] / max(self._blocks, 1), offset_db)
            self._energy[index] = 0.0
        self.lafmax_db = level_db(fast.largest, offset_db)
        self.lasmax_db = level_db(slow.largest, offset_db)
        self.lcpeak_db = level_db(peak.square, offset_db)
        fast.largest = slow.largest = peak.square = 0.0
        self._blocks = 0
