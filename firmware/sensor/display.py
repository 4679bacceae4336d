"""The display by the road, in mode dialogue: a line that is up while a driver shall read it, and a count.

Rules of this file
- It says that somebody was loud just now, to whoever that is. Nothing of it is kept but how often: a number, no time.
- Without a pin for it the count goes on: figures only.
"""

from machine import Pin

from firmware.common.blocks import FRAMES_PER_SECOND

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Pins

SHOWN_FRAMES = 4 * FRAMES_PER_SECOND  # long enough to be read from a vehicle that goes on


class Display:
    """`pins` is settings.json's dict, with the number of "display" where one is wired; the line starts low."""

    def __init__(self, pins: "Pins") -> None:
        self._pin = Pin(pins["display"], Pin.OUT, value=0) if "display" in pins else None
        self._left = 0
        self.count = 0  # since the start of the board

    def frame(self, wanted: bool) -> None:
        """Take one frame (125 ms): `wanted` when the trigger decides that there is something to say."""
        if wanted:
            self.count += 1
            self._left = SHOWN_FRAMES
            self._set(1)
        elif self._left:
            self._left -= 1
            if not self._left:
                self._set(0)

    def _set(self, level: int) -> None:
        if self._pin:
            self._pin.value(level)
