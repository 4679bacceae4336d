"""Samples lost between the microphone and us: the I2S driver drops them without a word.

They show as a sample count that falls behind the clock and stays behind. The lag also grows while we are
late and shrinks when we catch up, so only the least lag of a second counts; a slow drift of the two
oscillators (at most 1,000 ppm) is followed.
"""

from firmware.common.blocks import BLOCKS_PER_SECOND

DRIFT_US = 1000  # per second
LOST_US = 5000  # less than a block; more than jitter of the least lag


class OverrunCounter:
    """`count` is the number of times samples went missing, `lost_us` how much in all."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._least: int | None = None
        self._reference: int | None = None
        self._blocks = 0
        self.count = 0
        self.lost_us = 0

    def restart(self) -> None:
        """Forget how far the samples were behind: they stopped on purpose."""
        self._least = None
        self._reference = None

    @property
    def pending(self) -> bool:
        """True when samples seem to be missing since the last whole second; only its end tells for sure."""
        if self._least is None or self._reference is None:
            return False
        return self._least - self._reference > LOST_US

    def block(self, samples: int, now_us: int) -> None:
        """Note that `samples` had been read in all at `now_us`."""
        lag = now_us - samples * 1000000 // self._rate
        if self._least is None or lag < self._least:
            self._least = lag
        self._blocks += 1
        if self._blocks % BLOCKS_PER_SECOND:
            return
        least = self._least
        self._least = None
        if self._reference is None:
            self._reference = least
        elif least - self._reference > LOST_US:
            self.count += 1
            self.lost_us += least - self._reference
            self._reference = least
        else:
            self._reference += max(-DRIFT_US, min(DRIFT_US, least - self._reference))
