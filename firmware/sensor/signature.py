"""How much a sound is like a loud exhaust, 0..1: so far by how much it rumbles for its loudness."""

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array

    from ulab.numpy import ndarray


class Signature:
    """`frame` takes the spectrum of each frame; then `score`, `firing_hz`, `behaviour`, `evidence` are new."""

    def __init__(self, bin_hz: float, bins: int) -> None:
        self._bin_hz = bin_hz
        self._bins = bins
        self.score = 0.0
        self.firing_hz = 0.0
        self.behaviour = "unknown"
        self.evidence = ""

    def frame(self, power: "ndarray", bands: "array[int]", laeq_db: float) -> None:
        """Take a frame's power (mean squares per bin), third-octaves (0.01 dB) and LAeq (dB(A))."""
        rumble_db = max(bands[2:13]) / 100.0
        self.score = 1.0 / (1.0 + math.exp((laeq_db - rumble_db) / 3.0))
        loudest = max(range(7, self._bins), key=lambda index: power[index])
        self.firing_hz = loudest * self._bin_hz if self.score > 0.5 else 0.0
