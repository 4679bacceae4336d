"""A and C levels until `Levels` has them itself; goes away with that."""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.sensor.levels import STEPS_PER_SECOND, Levels, level_db
from firmware.sensor.lowpass import squared_gain


class MoreLevels(Levels):
    """`Levels` with LASmax, LCeq, LZeq and LCpeak."""

    def __init__(self, rate: int, offset_db: float) -> None:
        super().__init__(rate, offset_db)
        rows = self._sections.tolist()
        self._c = np.array([rows[0], rows[2]])
        gain = math.sqrt(squared_gain(self._c, 1000.0 / rate))
        self._c[0, :3] /= gain
        self._c_state = np.zeros((2, 2))
        self._a_state = np.zeros((3, 2))
        keep = math.exp(-1.0 / STEPS_PER_SECOND)
        self._slow = np.array([[1.0 - keep, 0.0, 0.0, 1.0, -keep, 0.0]])
        self._slow_state = np.zeros((1, 2))
        self._clear()
        self.lasmax_db = self.lceq_db = self.lzeq_db = self.lcpeak_db = self.laf_db

    def _clear(self) -> None:
        self._more = [0.0, 0.0, 0.0, 0.0]

    def add(self, x: np.ndarray) -> None:
        """As `Levels`."""
        super().add(x)
        more = self._more
        weighted, self._a_state = scipy.signal.sosfilt(self._sections, x, zi=self._a_state)
        weighted *= weighted
        squares = np.mean(weighted.reshape(self._steps), axis=1)
        slow, self._slow_state = scipy.signal.sosfilt(self._slow, squares, zi=self._slow_state)
        more[0] = max(more[0], np.max(slow))
        weighted, self._c_state = scipy.signal.sosfilt(self._c, x, zi=self._c_state)
        weighted *= weighted
        more[1] += np.mean(weighted)
        more[3] = max(more[3], np.max(weighted))
        z = x - np.mean(x)
        z *= z
        more[2] += np.mean(z)

    def end(self) -> None:
        """As `Levels`."""
        blocks = max(self._blocks, 1)
        super().end()
        slow, c, z, peak = self._more
        self.lasmax_db = level_db(slow, self.offset_db)
        self.lceq_db = level_db(c / blocks, self.offset_db)
        self.lzeq_db = level_db(z / blocks, self.offset_db)
        self.lcpeak_db = level_db(peak, self.offset_db)
        self._clear()
