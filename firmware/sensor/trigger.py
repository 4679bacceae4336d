"""When is a clip wanted: level AND signature, held for a while, not again too soon, not too often.

One call a frame (125 ms). States: READY -> (condition held for `min_duration_s`) -> HOLD_OFF for
`hold_off_s` -> READY. The maximum per hour binds over the last 3,600 s, not over clock hours.
"""

from firmware.common.blocks import FRAMES_PER_SECOND
from firmware.common.settings import Settings

READY = 0
HOLD_OFF = 1
FRAMES_PER_HOUR = 3600 * FRAMES_PER_SECOND


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

    def frame(self, lafmax_db: float, score: float) -> bool:
        """Take one frame's LAFmax (dB(A)) and signature score (0..1); True when a clip is wanted."""
        self._frame += 1
        if self.state == HOLD_OFF and self._frame - self._fired[-1] >= self._hold_off:
            self.state = READY
        if lafmax_db < self._threshold_dba or score < self._signature_threshold:
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
