"""How much a sound is like a loud exhaust, 0..1: features of every frame, averaged, and a model that weighs them.

The average goes over about a second, loud frames counting more, so the score holds through the gaps of a rev and what
was before a sound does not matter. What is measured: features.py; what it weighs: signature_model.py, data learnt on
a host.
"""

import math

from ulab import numpy as np

from firmware.sensor.behaviour import Behaviour
from firmware.sensor.comb import ROOM
from firmware.sensor.features import FEATURES, Features
from firmware.sensor.glide import Glide
from firmware.sensor.harmonics import Harmonics
from firmware.sensor.levels import A
from firmware.sensor.signature_model import Model

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from firmware.sensor.levels import Levels
    from firmware.sensor.spectrum import LowSpectrum
    from firmware.sensor.transform import Transform

KEEP = 0.85  # of the average from frame to frame: a time constant of 0.8 s
LOUD = 0.1151  # ln(10) / 20: a frame counts by its amplitude, ten times as much for 20 dB more


class Signature:
    """`frame` once a frame, after `low` (LowSpectrum) has ended it; then `score` and `firing_hz` are new.

    `firing_hz` is the frequency of the strongest harmonic series, 0.0 when there is none; `behaviour` says what the
    engine does. `bands` is how many third-octaves a frame has.
    """

    def __init__(self, low: "LowSpectrum", transform: "Transform", bands: int, model: Model) -> None:
        self.model = model
        room = np.zeros(ROOM)
        self._glide = Glide(low, transform, room)
        self._harmonics = Harmonics(low, transform, room)
        self._features = Features(low, bands)
        self._sum = np.zeros(FEATURES)
        self._weight = 1e-9
        self.behaviour = Behaviour()
        self.score = 0.0
        self.firing_hz = 0.0

    def frame(self, bands: "array[int]", levels: "Levels") -> None:
        """Take a frame's third-octaves (0.01 dB, from 25 Hz) and levels."""
        self._glide.frame()
        self._harmonics.frame()
        self._features.measure(self._glide, self._harmonics, bands, levels)
        laeq_db = levels.leq_db[A]
        weight = math.exp(LOUD * (laeq_db - 80.0))
        values = self._features.values
        values *= weight
        self._sum *= KEEP
        self._sum += values
        self._weight = self._weight * KEEP + weight
        self.score = self.model.score(self.features())
        self.firing_hz = self._harmonics.firing_hz
        self.behaviour.add(self._harmonics.series_hz, laeq_db, self._harmonics.pops.count)

    def features(self) -> np.ndarray:
        """Return the averaged features (FEATURES) as a new array; for the model, and for learning."""
        return self._sum * (1.0 / self._weight)
