"""One-second figures: LAeq, LAFmax and the highest signature score of the eight frames of a second."""

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
        self._energy = 0.0
        self._frames = 0
        self._lafmax = -99.0
        self._score = 0.0

    def add(self, analysis: "Analysis") -> None:
        """Take the frame that `analysis` (sensor.analysis.Analysis) just completed."""
        self._energy += 10.0 ** (analysis.laeq_db / 10.0)
        self._frames += 1
        self._lafmax = max(self._lafmax, analysis.lafmax_db)
        self._score = max(self._score, analysis.score)

    def end(self, state: str) -> "Json":
        """Return the figures (dict of SECOND) and begin a new second."""
        frames = max(self._frames, 1)
        values = {
            "laeq": round(10.0 * math.log10(max(self._energy / frames, 1e-9)), 1),
            "lafmax": round(self._lafmax, 1),
            "score": round(self._score, 3),
            "state": state,
        }
        self._clear()
        return values
