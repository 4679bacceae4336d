"""Where is the microphone? Its slot is silent: listen to both slots for a moment, then to the left one again.

What is read meanwhile is looked at and forgotten. The clock stops while the bus is opened anew, and a microphone
that wakes up sends zeros for up to 85 ms (INMP441): the first blocks do not count.
"""

from firmware.sensor import bus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.microphone import Microphone

WAKING_BLOCKS = 8
BLOCKS = 12


class SlotSearch:
    """A search with `microphone`, of which a block in one slot has `block_bytes`; `slots` is what it found."""

    def __init__(self, microphone: "Microphone", block_bytes: int) -> None:
        self._microphone = microphone
        self._raw = bytearray(2 * block_bytes)
        self._blocks = 0
        self.slots = 0
        microphone.listen(2)

    def step(self) -> bool:
        """Read a block and look at it; True when the search is over and the left slot is heard again."""
        self._microphone.read(self._raw)
        self._blocks += 1
        if self._blocks > WAKING_BLOCKS:
            self.slots |= bus.slots_in_use(self._raw)
        if self._blocks < BLOCKS:
            return False
        self._microphone.listen(1)
        return True
