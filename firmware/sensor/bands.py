"""Third-octave levels from power spectra: exact base-10 bands of IEC 61260-1, bins shared by their overlap.

Band n has its middle at 10^(n/10) Hz and its edges a twentieth of a decade beside it; 14 is 25 Hz, 42 is 16 kHz.
A bin that straddles an edge counts in both bands, with the part of its width that lies in each.
"""

from ulab import numpy as np

from firmware.sensor.levels import level_db

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.common.kinds import Bands

LOWEST = 14  # 25 Hz
SPLIT = 34  # 2.5 kHz: from here up the coarse spectrum has six bins a band or more
HIGHEST = 42  # 16 kHz
LIMIT = 32767  # of the 16 bits a level has on the wire


def edges(number: int) -> tuple[float, float]:
    """Return the lower and the upper edge of band `number` in Hz."""
    return 10.0 ** ((number - 0.5) / 10.0), 10.0 ** ((number + 0.5) / 10.0)


def highest(rate: int) -> int:
    """Return the number of the highest band that fits under half of `rate` (Hz), at most HIGHEST."""
    number = HIGHEST
    while edges(number)[1] > rate / 2:
        number -= 1
    return number


class BandSums:
    """Sums `power` (float; its first bin is `first_bin`, each `bin_hz` wide) over bands `lowest` .. `last`.

    `power` must stay the same array: the views of it are made once.
    """

    def __init__(self, power: np.ndarray, bin_hz: float, first_bin: int, lowest: int, last: int) -> None:
        self._bands: list[tuple[np.ndarray, np.ndarray]] = []
        for number in range(lowest, last + 1):
            low, high = edges(number)
            first = int(low / bin_hz + 0.5)
            final = int(high / bin_hz + 0.5)
            weights: list[float] = []
            for index in range(first, final + 1):
                inside = min(high, (index + 0.5) * bin_hz) - max(low, (index - 0.5) * bin_hz)
                weights.append(max(inside, 0.0) / bin_hz)
            view = power[first - first_bin : final + 1 - first_bin]
            if len(view) != len(weights):
                raise ValueError("band %d lies outside the spectrum" % number)
            self._bands.append((view, np.array(weights)))

    def levels(self, into: "Bands", at: int, offset_db: float) -> None:
        """Write the levels (0.01 dB) into `into` (array('h')) from index `at`."""
        for view, weights in self._bands:
            level = int(100.0 * level_db(np.dot(view, weights), offset_db) + 0.5)
            into[at] = max(-LIMIT, min(LIMIT, level))
            at += 1
