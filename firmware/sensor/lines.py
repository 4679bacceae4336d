"""The two lines to the camera module. ARM: fill the ring in RAM. KEEP: its clip is wanted."""

from machine import Pin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Pins


class CameraLines:
    """`pins` is settings.json's dict with the numbers of "arm" and "keep"; both start low."""

    def __init__(self, pins: "Pins") -> None:
        self._arm = Pin(pins["arm"], Pin.OUT, value=0)
        self._keep = Pin(pins["keep"], Pin.OUT, value=0)

    def arm(self, on: bool) -> None:
        """Let the camera fill its ring, or, when off, wipe it."""
        self._arm.value(1 if on else 0)

    def keep(self, on: bool) -> None:
        """Ask for the clip: the rising edge is the instant that sound and picture share."""
        self._keep.value(1 if on else 0)
