"""One-second figures: levels, flags and the highest signature score of the eight frames of a second."""

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Json
    from firmware.sensor.analysis import Analysis


class Second:
    """`add` each frame, `end` each second."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._energy_a = 0.0
        self._energy_c = 0.0
        self._energy_z = 0.0
        self._frames = 0
        self._lafmax = self._lasmax = self._lcpeak = -99.0
        self._score = 0.0
        self._flags = 0

    def add(self, analysis: "Analysis") -> None:
        """Take the frame that `analysis` (sensor.analysis.Analysis) just completed."""
        self._energy_a += 10.0 ** (analysis.laeq_db / 10.0)
        self._energy_c += 10.0 ** (analysis.lceq_db / 10.0)
        self._energy_z += 10.0 ** (analysis.lzeq_db / 10.0)
        self._frames += 1
        self._lafmax = max(self._lafmax, analysis.lafmax_db)
        self._lasmax = max(self._lasmax, analysis.lasmax_db)
        self._lcpeak = max(self._lcpeak, analysis.lcpeak_db)
        self._score = max(self._score, analysis.score)
        self._flags |= analysis.flags

    def end(self, state: str) -> "Json":
        """Return the figures (dict of SECOND) and begin a new second."""
        frames = max(self._frames, 1)
        values = {
            "laeq": _mean_db(self._energy_a, frames),
            "lafmax": round(self._lafmax, 1),
            "lasmax": round(self._lasmax, 1),
            "lceq": _mean_db(self._energy_c, frames),
            "lzeq": _mean_db(self._energy_z, frames),
            "lcpeak": round(self._lcpeak, 1),
            "flags": self._flags,
            "score": round(self._score, 3),
            "state": state,
        }
        self._clear()
        return values


def _mean_db(energy: float, frames: int) -> float:
    return round(10.0 * math.log10(max(energy / frames, 1e-9)), 1)
