"""Correction of a microphone's response, per type: sections for `sosfilt`, gain 1 at 1 kHz.

Designed by gateway/microphone_design.py, which prints this table, from the typical responses of the data sheets: after
it they are flat within 0.3 dB from 25 Hz to 20 kHz at 48 kHz (INMP441, whose figure ends there, to 16 kHz) and to
14 kHz at 32 kHz. A single microphone differs from the typical one: gateway/clips/uncertainty.csv.
"""

from ulab import numpy as np
from ulab import scipy

CORRECTIONS = {
    "ICS-43434": {
        48000: (
            (1, -1.98957381094, 0.989600987268, 1, -1.99816824363, 0.998169082464),
            (0.559574789817, 0.583039153887, 0.157662055446, 1, 0.291253153829, 0.002369098907),
        ),
        32000: (
            (1, -1.9843938213, 0.984454709296, 1, -1.99725299467, 0.997254881176),
            (0.804894532914, 0.37708695779, -0.000390879445757, 1, 0.193077815096, -0.0204008313958),
        ),
    },
    "INMP441": {
        48000: (
            (1, -1.99063763752, 0.990656278669, 1, -1.99816824363, 0.998169082464),
            (1.25060109064, -0.465163474799, 0.140460206848, 1, -0.140073054293, 0.0643066372315),
        ),
        32000: (
            (1, -1.98599240695, 0.986034302327, 1, -1.99725299467, 0.997254881176),
            (1.14064036655, -0.420235241876, -0.0507195085333, 1, -0.204340640375, -0.129024099827),
        ),
    },
    "IM72D128": {
        48000: (
            (1, -1.99679809197, 0.99679807769, 1, -1.99816824363, 0.998169082464),
            (0.822456551682, 0.321112604029, -0.15313294212, 1, 0.131025491002, -0.142478671745),
        ),
        32000: (
            (1, -1.99518747515, 0.995187428203, 1, -1.99725299467, 0.997254881176),
            (0.937588915006, 0.22143209236, 0.0478147299545, 1, 0.165271200762, 0.0395574502903),
        ),
    },
}


class Correction:
    """Makes the response of `microphone`, a type of firmware/common/microphones.py, flat at `rate` (Hz).

    `dc_gain` is what it does to a constant.
    """

    def __init__(self, microphone: str, rate: int) -> None:
        rows = CORRECTIONS[microphone][rate]
        self._sections = np.array(rows)
        self._state = np.zeros((len(rows), 2))
        self.dc_gain = 1.0
        for b0, b1, b2, a0, a1, a2 in rows:
            self.dc_gain *= (b0 + b1 + b2) / (a0 + a1 + a2)

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return the samples `x` (float, one block) corrected."""
        y, self._state = scipy.signal.sosfilt(self._sections, x, zi=self._state)
        return y
