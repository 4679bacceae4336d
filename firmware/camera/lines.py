"""The two lines from the sensor board. ARM high: fill the ring. KEEP rising: the clip is wanted.

The KEEP edge is stamped in the interrupt, in microseconds: it is the instant sound and picture share.
"""

import time

from machine import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Pins, StampUs


class SensorLines:
    """`pins` is settings.json's dict with the numbers of "arm" and "keep"; both are pulled low."""

    def __init__(self, pins: "Pins") -> None:
        self._arm = Pin(pins["arm"], Pin.IN, Pin.PULL_DOWN)
        self._keep = Pin(pins["keep"], Pin.IN, Pin.PULL_DOWN)
        self._stamp = time.ticks_us()
        self._edges = 0
        self._taken = 0
        self._keep.irq(self._rising, Pin.IRQ_RISING)

    def _rising(self, _pin: Pin) -> None:
        # Only the first of several edges counts until it is taken: contacts bounce.
        if self._edges == self._taken:
            self._stamp = time.ticks_us()
            self._edges += 1

    def armed(self) -> bool:
        """True while the ring may be filled."""
        return bool(self._arm.value())

    def keep(self) -> "StampUs | None":
        """Return `time.ticks_us()` of a new KEEP edge, or None."""
        if self._edges == self._taken:
            return None
        stamp = self._stamp
        self._taken = self._edges
        return stamp
