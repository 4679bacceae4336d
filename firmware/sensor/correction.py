"""Correction of a microphone's response, per type: sections for `sosfilt` in STEPS, gain 1 at 1 kHz.

Designed by gateway/microphone_design.py, which prints this table, from the typical responses of the data sheets: after
it they are flat within 0.3 dB from 25 Hz to 20 kHz at 48 kHz (INMP441, whose figure ends there, to 16 kHz) and to
14 kHz at 32 kHz. A single microphone differs from the typical one: gateway/clips/uncertainty.csv.
"""

from ulab import numpy as np
from ulab import scipy

from firmware.sensor.weighting import STEPS

CORRECTIONS = {
    "ICS-43434": {
        48000: (
            (8388608, -16689761, 8301381, 8388608, -16761863, 8373262),
            (4694054, 4890887, 1322565, 8388608, 2443208, 19873),
        ),
        32000: (
            (8388608, -16646339, 8258242, 8388608, -16754133, 8365541),
            (6751945, 3163235, -3279, 8388608, 1619654, -171135),
        ),
    },
    "INMP441": {
        48000: (
            (8388608, -16698586, 8310134, 8388608, -16761863, 8373262),
            (10490802, -3902074, 1178266, 8388608, -1175018, 539443),
        ),
        32000: (
            (8388608, -16659638, 8271381, 8388608, -16754133, 8365541),
            (9568385, -3525189, -425466, 8388608, -1714133, -1082333),
        ),
    },
    "IM72D128": {
        48000: (
            (8388608, -16750319, 8361711, 8388608, -16761863, 8373262),
            (6899266, 2693688, -1284572, 8388608, 1099121, -1195198),
        ),
        32000: (
            (8388608, -16736763, 8348155, 8388608, -16754133, 8365541),
            (7865066, 1857507, 401099, 8388608, 1386395, 331832),
        ),
    },
}


class Correction:
    """Makes the response of `microphone`, a type of firmware/common/microphones.py, flat at `rate` (Hz).

    `dc_gain` is what it does to a constant.
    """

    def __init__(self, microphone: str, rate: int) -> None:
        rows = CORRECTIONS[microphone][rate]
        self._sections = np.array(rows) / STEPS
        self._state = np.zeros((len(rows), 2))
        self.dc_gain = 1.0
        for b0, b1, b2, a0, a1, a2 in rows:
            self.dc_gain *= (b0 + b1 + b2) / (a0 + a1 + a2)

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return the samples `x` (float, one block) corrected."""
        y, self._state = scipy.signal.sosfilt(self._sections, x, zi=self._state)
        return y
