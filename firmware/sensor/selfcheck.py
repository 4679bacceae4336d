"""Can the microphone be believed? Faults that show in its words, in its levels and over minutes. No hardware here.

Rules of this file
- `block` each block, `frame` each 125 ms, `second` each second: what can be looked at once a second is.
- A flag is latched until the end of the frame that gave reason for it. What is looked at once a second, or shows
  over minutes, holds until the next look. docs/protocol.md says what each flag means.
- A fault is said in words with its cure. A good microphone in a street raises none of them.
"""

import math

from ulab import numpy as np

from firmware.common import flags as flag
from firmware.common.blocks import FRAMES_PER_SECOND
from firmware.common.microphones import MICROPHONES, QUIETEST_NOISE_DBA
from firmware.sensor import bus
from firmware.sensor.noise_floor import MINUTES, NoiseFloor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.settings import Settings

FULL_SCALE = 0.9999  # a clipped 16-bit converter gives 0.99997
ONE_STEP = 1.5 / 8388608.0  # a silent converter still moves by more than one step of 24 bits in 125 ms
# A quarter of a decibel of the range is lost then. Good microphones have a high-pass and show a tenth of it.
OFFSET_LIMIT = 0.03
FLAT_SPAN = (
    0.05  # smaller sounds are not looked at for flat tops: steps of a 16-bit recording look flat there
)
# A microphone's own noise adds 0.75 dB to a level 8 dB above it; class 1 has a linearity within 0.8 dB.
UNDER_RANGE_DB = 8.0
# Two microphones of a board hear one street; a gust of wind makes a few dB of difference, for a few seconds.
DIFFERENCE_DB = 10.0
DIFFERENCE_SECONDS = 10
LEAST_POWER = 1e-20
SETTLING_FRAMES = 4  # after power-up zeros come for 85 ms (INMP441), then its high-pass settles


class SelfCheck:
    """The self-check of the microphone that `settings` (channels, microphone, full_scale_db) name."""

    def __init__(self, settings: "Settings") -> None:
        kind = MICROPHONES.get(settings.microphone)
        noise = kind.noise_dba if kind else QUIETEST_NOISE_DBA
        # Some are overdriven before their converter is full.
        self._overload = FULL_SCALE
        if kind:
            self._overload = min(FULL_SCALE, 10.0 ** ((kind.overload_db - settings.full_scale_db) / 20.0))
        self._channels = settings.channels
        self._under_range_dba = noise + UNDER_RANGE_DB
        self._floor = NoiseFloor(noise)
        self._latched = 0  # flags of this frame
        self._standing = 0  # flags that were found at the last look, once a second
        self._seen = 0  # flags of this second
        self._second = 0  # flags of the second before
        self._largest = -2.0
        self._smallest = 2.0
        self._top = self._bottom = 0.0  # extremes of the last loud block
        self._offset = 0.0
        self._energy = 0.0
        self._frames = 0
        self._seconds = 0
        self._different_s = 0
        self._difference_db = 0.0
        self._right_silent = False
        self._slots: int | None = None  # those with a signal; None: nobody has looked since there was one

    @property
    def started(self) -> bool:
        """True once the first second has been looked at: before that nothing is known."""
        return self._seconds > 0

    @property
    def wants_search(self) -> bool:
        """True when a single microphone is silent and nobody has looked yet where its signal is."""
        return self._channels == 1 and bool(self._standing & flag.STUCK) and self._slots is None

    def found(self, slots: int) -> None:
        """Note which slots carry a signal: a sum of bus.LEFT and bus.RIGHT."""
        self._slots = slots

    def block(self, x: np.ndarray, offset: float) -> None:
        """Take a block of the measured microphone's samples `x` (float, as they came) and their running mean."""
        self._offset = offset
        largest, smallest = np.max(x), np.min(x)
        self._largest = max(self._largest, largest)
        self._smallest = min(self._smallest, smallest)
        if largest - smallest > FLAT_SPAN:
            # A cut-off is where it was before; no sound reaches exactly the same height twice, so this costs nothing.
            if largest == self._top and largest < FULL_SCALE and bus.flat(x, largest):
                self._latched |= flag.CLIPPED
            if smallest == self._bottom and smallest > -FULL_SCALE and bus.flat(x, smallest):
                self._latched |= flag.CLIPPED
            self._top, self._bottom = largest, smallest

    def frame(self, lafmax_db: float, laeq_db: float) -> int:
        """End a frame with these levels in dB(A); return its flags."""
        flags = self._latched | self._standing
        if self._largest > self._overload or self._smallest < -self._overload:
            flags |= flag.OVERLOAD
        if lafmax_db < self._under_range_dba:
            flags |= flag.UNDER_RANGE
        if self._largest - self._smallest < ONE_STEP:
            flags |= flag.STUCK
        if abs(self._offset) > OFFSET_LIMIT:
            flags |= flag.DC_OFFSET
        self._latched = 0
        self._largest, self._smallest = -2.0, 2.0
        self._energy += 10.0 ** (laeq_db / 10.0)
        self._frames += 1
        if self._frames > SETTLING_FRAMES:
            self._seen |= flags
        return flags

    def second(self, raw: bytearray, words: np.ndarray) -> None:
        """End a second: look at its last block, as it came (`raw`) and as samples (`words`, interleaved)."""
        channels = self._channels
        x = words[0::channels]
        halves = np.frombuffer(raw, dtype=np.uint16)
        low_bytes = np.frombuffer(raw, dtype=np.uint8)[0 :: 4 * channels]
        if _is_silent(x, halves, 0, channels):
            found = flag.STUCK
        elif bus.floating(low_bytes) or bus.white(x):
            found = flag.FLOATING
        else:
            found = 0
            self._slots = None
        if channels == 2:
            self._compare(x, words[1::2])
            self._right_silent = _is_silent(words[1::2], halves, 1, channels)
        if self.started and not (found | self._seen) & (flag.STUCK | flag.FLOATING):
            self._floor.add(10.0 * math.log10(self._energy / FRAMES_PER_SECOND))
        if self._floor.too_low or self._floor.too_high:
            found |= flag.NOISE_FLOOR
        self._standing = found
        self._second = self._seen | found
        self._seen = 0
        self._energy = 0.0
        self._seconds += 1

    def _compare(self, left: np.ndarray, right: np.ndarray) -> None:
        """Note by how much the right microphone is louder than the left one."""
        powers = [max(np.std(each) ** 2, LEAST_POWER) for each in (left, right)]
        self._difference_db = 10.0 * math.log10(powers[1] / powers[0])
        far = abs(self._difference_db) > DIFFERENCE_DB
        self._different_s = self._different_s + 1 if far else 0

    def texts(self) -> dict[str, str]:
        """Return what is wrong as of the last second, in words with the cure; empty is good."""
        found: dict[str, str] = {}
        flags = self._second
        if flags & flag.STUCK:
            found["microphone"] = self._why_silent()
        elif flags & flag.FLOATING:
            found["microphone"] = (
                "noise of a line that nobody drives: check the data wire, and 100 kOhm from it to ground"
            )
        if flags & flag.DC_OFFSET:
            found["offset"] = "%.1f %% of full scale off zero: dry the microphone or replace it" % (
                100.0 * self._offset
            )
        if flags & flag.OVERLOAD:
            found["range"] = "overload: the signal is clipped"
        elif flags & flag.CLIPPED:
            found["range"] = "flat tops below full scale: the microphone or its supply is at its limit"
        if flags & flag.NOISE_FLOOR:
            found["noise_floor"] = self._why_noise()
        if self._right_silent:
            found["right_microphone"] = "the right slot is empty: check power, and its L/R (SEL) pin at 3.3 V"
        elif self._different_s >= DIFFERENCE_SECONDS and not flags & flag.STUCK:
            found["right_microphone"] = (
                "%.0f dB apart from the left one: free both openings; check power, data line and L/R pin"
                % abs(self._difference_db)
            )
        return found

    def _why_silent(self) -> str:
        if self._slots == bus.RIGHT:
            return "its signal is in the right slot: connect its L/R (SEL) pin to ground"
        if self._channels == 2 and not self._right_silent:
            return (
                "the left slot is empty, the right one is not: check power, and its L/R (SEL) pin at ground"
            )
        return "silent or stuck: check power, data line and slot"

    def _why_noise(self) -> str:
        floor = self._floor
        if floor.too_low:
            return (
                "%.0f dB(A) in the quietest second is less than its own noise: check full_scale_db and the type"
                % floor.lowest
            )
        return "never under %.0f dB(A) in %d minutes: dry the microphone or replace it" % (
            floor.lowest,
            MINUTES,
        )


def _is_silent(x: np.ndarray, halves: np.ndarray, slot: int, channels: int) -> bool:
    """Say whether nothing is heard in `slot`: the samples `x` do not move, or nobody drives the line."""
    low, high = halves[2 * slot :: 2 * channels], halves[2 * slot + 1 :: 2 * channels]
    return np.max(x) - np.min(x) < ONE_STEP or (bus.held(low) and bus.held(high))
