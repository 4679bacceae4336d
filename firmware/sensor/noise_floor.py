"""The quietest second of the last ten minutes: lower than a microphone's own noise it cannot be, nor always high.

Levels are LAeq of a second. A minute is one entry, so that nothing grows.
"""

MINUTES = 10
SECONDS_PER_MINUTE = 60
# Data-sheet noise is typical; sensitivity differs by 1 dB (ICS-43434) to 3 dB (INMP441) from part to part, and the
# noise with it.
BELOW_NOISE_DB = 5.0
LOUD_DBA = 90.0  # beside a motorway the quietest second of ten minutes has about 75
STEADY_DBA = 60.0  # ten minutes at such a level within 1.5 dB: no traffic is so even, a broken microphone is
STEADY_RANGE_DB = 1.5
HIGHEST = 200.0


class NoiseFloor:
    """`add` each second. `noise_dba` is the microphone's own noise in dB(A)."""

    def __init__(self, noise_dba: float) -> None:
        self.impossible_dba = noise_dba - BELOW_NOISE_DB
        self._lowest = [HIGHEST] * (MINUTES + 1)
        self._highest = [-HIGHEST] * (MINUTES + 1)
        self._seconds = 0

    def add(self, laeq_db: float) -> None:
        """Take a second's LAeq."""
        minute = self._seconds // SECONDS_PER_MINUTE % (MINUTES + 1)
        if self._seconds % SECONDS_PER_MINUTE == 0:
            self._lowest[minute] = self._highest[minute] = laeq_db
        self._lowest[minute] = min(self._lowest[minute], laeq_db)
        self._highest[minute] = max(self._highest[minute], laeq_db)
        self._seconds += 1

    @property
    def lowest(self) -> float:
        """LAeq of the quietest second; HIGHEST before the first."""
        return min(self._lowest)

    @property
    def too_low(self) -> bool:
        """True when a second was quieter than the microphone's own noise lets it be."""
        return self.lowest < self.impossible_dba

    @property
    def too_high(self) -> bool:
        """True when no street can have been like the last ten minutes."""
        if self._seconds < MINUTES * SECONDS_PER_MINUTE:
            return False
        lowest = self.lowest
        steady = max(self._highest) - lowest < STEADY_RANGE_DB
        return lowest >= LOUD_DBA or (steady and lowest >= STEADY_DBA)
