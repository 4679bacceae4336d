"""What a block of sound says: levels, third-octave bands, the exhaust signature, and whether to believe them.

The facade of the signal chain. `process` takes every block; after the last one of a frame (125 ms) it returns
True and the attributes are those of that frame. All arrays are made at start; with two microphones the left
one is measured, and both say where the sound comes from.
"""

from array import array

from ulab import numpy as np

from firmware.common.blocks import BLOCKS_PER_FRAME, FRAMES_PER_SECOND, block_samples
from firmware.common.microphones import FLAT
from firmware.sensor import bands
from firmware.sensor.correction import Correction
from firmware.sensor.levels import SINE_DB, A, C, Levels, Z
from firmware.sensor.microphone import channel, unpack
from firmware.sensor.selfcheck import SelfCheck
from firmware.sensor.signature import Signature
from firmware.sensor.signature_model import Model, default

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.settings import Settings
    from firmware.sensor.bearing import Bearing

# What a block adds to the running mean: half a second, slow beside 20 Hz, quick beside heat and damp.
MEAN_PART = 0.05


class Analysis:
    """The signal chain for `settings` (rate, channels, spacing_m if these are two, full_scale_db, microphone).

    `calibration_db` is added to all levels. `model` is the one that was flashed unless another is given.

    Attributes of the last frame: `laf_db`, `lafmax_db`, `las_db`, `lasmax_db`, `laeq_db` (dB(A)), `lceq_db`,
    `lcpeak_db` (dB(C)), `lzeq_db` (dB); all others are in `levels` (Levels); `bands` (array('h'), 0.01 dB,
    third-octaves from 25 Hz to 16 kHz, as far as the rate reaches); `score` (0..1) and `firing_hz` (0.0: none), see
    signature.py; `behaviour` and `evidence`, see behaviour.py; `flags`, see
    firmware/common/flags.py; `bearing` (Bearing), None with one microphone.
    """

    def __init__(self, settings: "Settings", calibration_db: float = 0.0, model: Model | None = None) -> None:
        rate = settings.rate
        self._full_scale_db = SINE_DB + settings.full_scale_db
        self._offset_db = self._full_scale_db + calibration_db
        self._words = np.zeros(block_samples(rate) * settings.channels)
        self._x = channel(self._words, 0, settings.channels)
        self._mono = settings.channels == 1
        kind = settings.microphone
        self._correction = None if kind == FLAT else Correction(kind, rate)
        self.levels = Levels(rate, self._offset_db)
        self._thirds = bands.ThirdOctaves(rate)
        self.signature = Signature(
            self._thirds.low, self._thirds.transform, self._thirds.count, model or default()
        )
        self.bearing: Bearing | None = None
        if settings.channels == 2:
            from firmware.sensor import bearing

            self.bearing = bearing.Bearing(self._words, rate, settings.spacing_m, self._thirds.transform)
        self.check = SelfCheck(settings)
        self._mean = 0.0
        self._blocks = 0
        self._frames = 0
        self.laf_db = self.lafmax_db = self.las_db = self.lasmax_db = self.laeq_db = self.levels.lcpeak_db
        self.lceq_db = self.lzeq_db = self.lcpeak_db = self.levels.lcpeak_db
        self.bands = array("h", [-bands.LIMIT] * self._thirds.count)
        self.score = 0.0
        self.firing_hz = 0.0
        self.flags = 0

    def calibrate(self, calibration_db: float) -> None:
        """Add `calibration_db` to all levels from the next frame on."""
        self._offset_db = self._full_scale_db + calibration_db
        self.levels.offset_db = self._offset_db

    def process(self, raw: bytearray) -> bool:
        """Take a block of I2S words; True when it completed a frame."""
        unpack(raw, self._words)
        if self.bearing:
            self.bearing.block()
        x = self._x if self._mono else self._x * 1.0  # half the work of copy()
        self._mean += MEAN_PART * (np.mean(x) - self._mean)
        mean = self._mean
        self.check.block(x, mean)
        if self._correction:
            x = self._correction.apply(x)
            mean *= self._correction.dc_gain
        self._thirds.add(x)
        self.levels.add(x, mean)  # uses it up
        self._blocks += 1
        if self._blocks < BLOCKS_PER_FRAME:
            return False
        self._blocks = 0
        self._end_frame()
        self._frames += 1
        if self._frames % FRAMES_PER_SECOND == 0:
            unpack(raw, self._words)
            self.check.second(raw, self._words)
        return True

    @property
    def behaviour(self) -> str:
        """What the engine does: revving, acceleration, pops, steady_pass, idling or unknown."""
        return self.signature.behaviour.judge()[0]

    @property
    def evidence(self) -> str:
        """What speaks for `behaviour`, in words."""
        return self.signature.behaviour.judge()[1]

    def judge(self, frames: int) -> tuple[str, str]:
        """Return the behaviour over the last `frames`, and what speaks for it in words."""
        return self.signature.behaviour.judge(frames)

    def _end_frame(self) -> None:
        levels = self.levels
        levels.end()
        self.laf_db = levels.fast_db[A]
        self.lafmax_db = levels.lafmax_db
        self.las_db = levels.slow_db[A]
        self.lasmax_db = levels.lasmax_db
        self.laeq_db = levels.leq_db[A]
        self.lceq_db = levels.leq_db[C]
        self.lzeq_db = levels.leq_db[Z]
        self.lcpeak_db = levels.lcpeak_db
        self._thirds.end(self.bands, self._offset_db)
        if self.bearing:
            self.bearing.end()
        self.flags = self.check.frame(self.lafmax_db, self.laeq_db)
        signature = self.signature
        signature.frame(self.bands, levels)
        self.score = signature.score
        self.firing_hz = signature.firing_hz
