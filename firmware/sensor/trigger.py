"""When is a clip wanted: level AND signature, held for a while, not again too soon, not too often.

The signature's score is weighed with the level: what is just loud enough is mostly lorries and buses, what is 9 dB over
the threshold seldom is, so the nearer, the surer the signature must be. At 3 dB over the threshold the score counts as
it is (docs/decisions.md, "The nearer to the threshold, the surer").

One call a frame (125 ms). States: READY -> (condition held for `min_duration_s`) -> HOLD_OFF for
`hold_off_s` -> READY. The maximum per hour binds over the last 3,600 s, not over clock hours.
"""

import math

from firmware.common.blocks import FRAMES_PER_SECOND
from firmware.common.settings import Settings

READY = 0
HOLD_OFF = 1
SURER_PER_DB = 0.3  # of ln(odds)
AS_IT_IS_DB = 3.0  # over the threshold
FURTHEST_DB = 9.0
FRAMES_PER_HOUR = 3600 * FRAMES_PER_SECOND


def weighed(score: float, over_db: float) -> float:
    """Return what `score` (0..1) counts for `over_db` over the level's threshold."""
    surer = SURER_PER_DB * (min(max(over_db, 0.0), FURTHEST_DB) - AS_IT_IS_DB)
    return score / (score + (1.0 - score) * math.exp(-surer))


class Trigger:
    """Decides with `threshold_dba`, `signature_threshold`, `min_duration_s`, `hold_off_s`, `max_per_hour`."""

    def __init__(self, settings: Settings) -> None:
        self._threshold_dba = settings.threshold_dba
        self._signature_threshold = settings.signature_threshold
        self._needed = max(1, int(settings.min_duration_s * FRAMES_PER_SECOND + 0.5))
        self._hold_off = int(settings.hold_off_s * FRAMES_PER_SECOND + 0.5)
        self._max_per_hour = settings.max_per_hour
        self._frame = 0
        self._held = 0
        self._fired: list[int] = []
        self.state = READY
        self.refused = 0  # conditions that the maximum per hour turned down

    def weighed(self, lafmax_db: float, score: float) -> float:
        """Return `score` (0..1) as it counts at `lafmax_db`: what is compared with `signature_threshold`."""
        return weighed(score, lafmax_db - self._threshold_dba)

    def frame(self, lafmax_db: float, score: float) -> bool:
        """Take one frame's LAFmax (dB(A)) and signature score (0..1); True when a clip is wanted."""
        self._frame += 1
        if self.state == HOLD_OFF and self._frame - self._fired[-1] >= self._hold_off:
            self.state = READY
        if lafmax_db < self._threshold_dba or self.weighed(lafmax_db, score) < self._signature_threshold:
            self._held = 0
            return False
        self._held += 1
        if self.state != READY or self._held != self._needed:
            # Held on through a hold-off: one long noise is one event, not one every `hold_off_s`.
            return False
        while self._fired and self._frame - self._fired[0] >= FRAMES_PER_HOUR:
            self._fired.pop(0)
        if len(self._fired) >= self._max_per_hour:
            self.refused += 1
            return False
        self._fired.append(self._frame)
        self.state = HOLD_OFF
        return True
