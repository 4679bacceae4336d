"""A clock that does not wrap, made of `time.ticks_us`, which does (often after 17.9 minutes)."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import StampUs


class Ticks:
    """Microseconds since it was made. `now` must be called more often than `ticks_us` wraps."""

    def __init__(self) -> None:
        self._last = time.ticks_us()
        self._us = 0

    def now(self) -> int:
        """Return the microseconds since the start."""
        stamp = time.ticks_us()
        self._us = self.at(stamp)
        self._last = stamp
        return self._us

    def at(self, stamp: "StampUs") -> int:
        """Return what `now` was at `stamp`, a recent value of `time.ticks_us()`."""
        return self._us + time.ticks_diff(stamp, self._last)
