"""How much a sound is like a loud exhaust, 0..1: a few physical features, and a small model that weighs them.

A frame's features (bounded, so that nothing odd can decide alone):
- the harmonic series and its track (harmonics.py): engines keep one, and move along it;
- where the energy lies for its loudness: exhausts are strong from 80 to 315 Hz, also up to 800 Hz (boom alone is an
  idling lorry, wind or thunder), and weak at the top;
- how the level jumps, how the spectrum changes its shape, how far partials stand out.
They are averaged over about a second, loud frames counting more, so the score holds through the gaps of a rev and
what was before a sound does not matter. What they weigh says the model (signature_model.py).
"""

import math

from ulab import numpy as np

from firmware.sensor.behaviour import Behaviour
from firmware.sensor.harmonics import Harmonics
from firmware.sensor.signature_model import FEATURES, Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from firmware.sensor.spectrum import LowSpectrum
    from firmware.sensor.transform import Transform

KEEP = 0.85  # of the average from frame to frame: a time constant of 0.8 s
LOUD = 0.1151  # ln(10) / 20: a frame counts by its amplitude, ten times as much for 20 dB more
DECIBEL = 0.23026  # ln(10) / 10


def bounded(value: float, lowest: float, highest: float) -> float:
    """Return `value`, not under `lowest` nor over `highest`."""
    return lowest if value < lowest else min(value, highest)


class Signature:
    """`frame` once a frame, after `low` (LowSpectrum) has ended it; then `score` and `firing_hz` are new.

    `firing_hz` is the frequency of the strongest harmonic series, 0.0 when there is none; `behaviour` says what the
    engine does.
    """

    def __init__(self, low: "LowSpectrum", transform: "Transform", model: Model) -> None:
        self.model = model
        self._harmonics = Harmonics(low, transform)
        # 20 - 700 Hz: where the partials of an engine can be told apart
        first = low.long.first
        self._partials = low.long.power[int(20.0 / low.bin_hz) - first : int(700.0 / low.bin_hz) - first]
        self._frame = np.zeros(FEATURES)
        self._sum = np.zeros(FEATURES)
        self._weight = 1e-9
        self._laeq_db = 0.0
        self._shape = np.zeros(18)  # 100 Hz to 5 kHz
        self.behaviour = Behaviour()
        self.score = 0.0
        self.firing_hz = 0.0

    def frame(self, bands: "array[int]", laeq_db: float) -> None:
        """Take a frame's third-octaves (0.01 dB, from 25 Hz) and LAeq (dB(A))."""
        self._harmonics.frame()
        self._weigh(bands, laeq_db)
        self.score = self.model.score(self.features())
        self.firing_hz = self._harmonics.firing_hz
        self.behaviour.add(self.firing_hz, laeq_db)

    def features(self) -> np.ndarray:
        """Return the averaged features (FEATURES) as a new array; for learning."""
        return self._sum * (1.0 / self._weight)

    def _weigh(self, bands: "array[int]", laeq_db: float) -> None:
        slow = self._harmonics.slow
        fast = self._harmonics.fast
        level = np.array(bands) * 0.01
        level -= laeq_db
        change = level[6:24] - self._shape
        self._shape[:] = level[6:24]
        energy = np.exp(level * DECIBEL)
        partials = self._partials + 1e-16
        flatness = math.log10(np.mean(partials)) - np.mean(np.log10(partials))
        jump = bounded(abs(laeq_db - self._laeq_db), 0.0, 10.0)
        self._laeq_db = laeq_db
        values = (
            bounded(fast.track, 0.12, 0.45),
            bounded(slow.track, 0.15, 0.55),
            bounded(fast.peak, 0.15, 0.6),
            bounded(slow.peak, 0.2, 0.7),
            bounded(_db(energy[5:12]), -14.0, 0.0),  # 80 - 315 Hz
            bounded(_db(energy[3:12]) - 6.0, 0.0, 8.0),  # 50 - 315 Hz, beyond what an exhaust has
            bounded(_db(energy[10:16]), -10.0, 0.5),  # 250 - 800 Hz
            bounded(_db(energy[20:27]), -14.0, 0.0),  # 2.5 - 10 kHz
            bounded(jump - 3.0, 0.0, 5.0),
            bounded(10.0 * flatness, 4.0, 14.0),
            math.log(fast.hz / 60.0),
            bounded(np.mean(abs(change)), 0.0, 6.0),
        )
        weight = math.exp(LOUD * (laeq_db - 80.0))
        frame = self._frame
        for index in range(FEATURES):
            frame[index] = values[index]
        frame *= weight
        self._sum *= KEEP
        self._sum += frame
        self._weight = self._weight * KEEP + weight


def _db(energy: np.ndarray) -> float:
    return 10.0 * math.log10(np.sum(energy) + 1e-9)
