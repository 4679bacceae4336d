"""Third-octave levels: Butterworth filters of order 6 at the exact base-10 bands of IEC 61260-1.

Band n has its middle at 10^(n/10) Hz and its edges a twentieth of a decade beside it; 14 is 25 Hz, 42 is 16 kHz.
- Up to 80 Hz, where a spectrum is too coarse for a band, the bands are filtered, at a low rate.
- From 100 Hz the bins of a power spectrum are weighted with the filter's power response. The spectrum's window spreads
  a tone over the bins beside its own; the weights are sharpened by as much (Van Cittert's deconvolution), so that a
  steady tone reads what the filter makes of it: within 0.3 dB between the edges; in the skirts of the bands that have
  fewest bins, 100, 125 and 2,500 Hz, up to 3 dB off where the tone is 20 dB down.
"""

import math

from ulab import numpy as np
from ulab import scipy

from firmware.sensor import lowpass
from firmware.sensor.spectrum import HANN_SPREAD, HighSpectrum, LowSpectrum
from firmware.sensor.transform import Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware.common.kinds import Bands
    from firmware.sensor.transform import Bins

LOWEST = 14  # 25 Hz
FINE = 20  # 100 Hz: from here up bins of 3 Hz
SHORT = 26  # 400 Hz: from here up bins of 6 Hz
SPLIT = 34  # 2.5 kHz: from here up the coarse spectrum has twelve bins a band or more
HIGHEST = 42  # 16 kHz
LIMIT = 32767  # of the 16 bits a level has on the wire
ORDER = 6
LEAST = 1e-4  # of the response: what lies further off is left out
STEPS = 65535.0  # of a weight


def edges(number: int) -> tuple[float, float]:
    """Return the lower and the upper edge of band `number` in Hz."""
    return 10.0 ** ((number - 0.5) / 10.0), 10.0 ** ((number + 0.5) / 10.0)


def highest(rate: int) -> int:
    """Return the number of the highest band that fits under half of `rate` (Hz), at most HIGHEST."""
    number = HIGHEST
    while edges(number)[1] > rate / 2:
        number -= 1
    return number


def response(number: int, hz: float) -> float:
    """Return the squared gain of the filter of band `number` at `hz`, 1 in the middle and a half at the edges."""
    low, high = edges(number)
    return 1.0 / (1.0 + ((hz - low * high / hz) / (high - low)) ** (2 * ORDER))


def band_pass(number: int, rate: int) -> np.ndarray:
    """Return the filter of band `number` at `rate` (Hz) as sections (ORDER, 6), gain 1 in the middle.

    Poles are the analogue ones' exponentials, six zeros are at 0 Hz and only two at half the rate: to the fourth
    power of frequency over rate that is the analogue response, where the bilinear transform would bend the skirts.
    """
    low, high = [2.0 * math.pi * edge / rate for edge in edges(number)]
    middle = 10.0 ** (number / 10.0) / rate
    rows: list[list[float]] = []
    for index in range(ORDER // 2):
        angle = math.pi * (2 * index + 1 + ORDER) / (2 * ORDER)
        half = complex(math.cos(angle), math.sin(angle)) * (high - low) / 2.0
        root = (half * half - low * high) ** 0.5
        for pole in (half + root, half - root):
            radius = math.exp(pole.real)
            zeros = [1.0, 0.0, -1.0] if index == 0 else [1.0, -1.0, 0.0]
            poles = [1.0, -2.0 * radius * math.cos(pole.imag), radius * radius]
            gain = math.sqrt(lowpass.squared_gain(np.array([zeros + poles]), middle))
            rows.append([zero / gain for zero in zeros] + poles)
    return np.array(rows)


def hundredths(mean_square: float, offset_db: float) -> int:
    """Return the level of `mean_square` in 0.01 dB, as the wire carries it; 0 dB is `offset_db` under full scale."""
    level = 1000.0 * math.log10(mean_square + 1e-20) + 100.0 * offset_db
    return max(-LIMIT, min(LIMIT, math.floor(level + 0.5)))


class ThirdOctaves:
    """`add` each block, then `end` the frame: all bands that `rate` (Hz) reaches, `count` of them from LOWEST.

    `low` and `transform` are shared with the signature, which takes its turn after `end`.
    """

    def __init__(self, rate: int) -> None:
        top = highest(rate)
        self.count = top - LOWEST + 1
        self.transform = Transform()
        self.low = low = LowSpectrum(rate, self.transform)
        self._high = high = HighSpectrum(rate, edges(SPLIT - 2)[0], edges(top + 2)[1], self.transform)
        self._filters = BandFilters(low)
        self._sums = (
            BandSums(low.long, low.bin_hz, (FINE, SHORT - 1), HANN_SPREAD, 2, lambda hz: low.gain(hz, 2)),
            BandSums(
                low.short, 2.0 * low.bin_hz, (SHORT, SPLIT - 1), HANN_SPREAD, 2, lambda hz: low.gain(hz, 1)
            ),
            BandSums(high.bins, high.bin_hz, (SPLIT, top), high.spread, 1),
        )

    def add(self, x: np.ndarray) -> None:
        """Take the samples `x` (float, one block)."""
        self.low.add(x)
        self._high.add(x)

    def end(self, into: "Bands", offset_db: float) -> None:
        """Write the levels (0.01 dB) of the frame into `into` (array('h'), `count`)."""
        self._high.end()
        self.low.end()
        self._filters.levels(into, 0, offset_db)
        at = FINE - LOWEST
        for sums in self._sums:
            sums.levels(into, at, offset_db)
            at += sums.count


class BandFilters:
    """The bands LOWEST .. FINE - 1 of `low` (LowSpectrum), from its slow samples."""

    def __init__(self, low: LowSpectrum) -> None:
        self._samples = low.slow
        self._filters: list[np.ndarray] = []
        self._states: list[np.ndarray] = []
        self._scales: list[float] = []
        for number in range(LOWEST, FINE):
            self._filters.append(band_pass(number, low.slow_rate))
            self._states.append(np.zeros((ORDER, 2)))
            self._scales.append(1.0 / len(low.slow) / low.gain(10.0 ** (number / 10.0), 3))

    def levels(self, into: "Bands", at: int, offset_db: float) -> None:
        """Filter the frame; write the levels (0.01 dB) into `into` (array('h')) from index `at`."""
        for index in range(len(self._filters)):
            y, self._states[index] = scipy.signal.sosfilt(
                self._filters[index], self._samples, zi=self._states[index]
            )
            into[at + index] = hundredths(np.dot(y, y) * self._scales[index], offset_db)


class BandSums:
    """Weighs the power of `bins`, each `bin_hz` wide, for the bands `lowest` .. `last`.

    `spread` is the variance of the window's power response, in bins, and `sharpened` how many times that is taken
    back; `gain` the squared gain, at a frequency in Hz, of what is before the spectrum.
    """

    def __init__(
        self,
        bins: "Bins",
        bin_hz: float,
        numbers: tuple[int, int],
        spread: float,
        sharpened: int,
        gain: "Callable[[float], float] | None" = None,
    ) -> None:
        self.count = numbers[1] - numbers[0] + 1
        self._bands: list[tuple[np.ndarray, np.ndarray, float]] = []
        for number in range(numbers[0], numbers[1] + 1):
            first, weights = _weights(number, bin_hz, spread, sharpened)
            at = first - bins.first
            view = bins.power[at : at + len(weights)]
            if at < 0 or not len(view):
                raise ValueError("band %d lies outside the spectrum" % number)
            weights = weights[: len(view)]  # the skirt of the highest band at half the rate
            if gain:
                weights = [weight / gain((first + n) * bin_hz) for n, weight in enumerate(weights)]
            largest = max(weights)
            steps = np.array([int(STEPS * weight / largest + 0.5) for weight in weights], dtype=np.uint16)
            self._bands.append((view, steps, largest / STEPS))

    def levels(self, into: "Bands", at: int, offset_db: float) -> None:
        """Write the levels (0.01 dB) into `into` (array('h')) from index `at`."""
        for view, weights, scale in self._bands:
            into[at] = hundredths(np.dot(view, weights) * scale, offset_db)
            at += 1


def _weights(number: int, bin_hz: float, spread: float, sharpened: int) -> tuple[int, list[float]]:
    # The first bin and the weights from it on.
    low, high = edges(number)
    first = int(0.7 * low / bin_hz)
    wanted = [response(number, n * bin_hz) for n in range(first, int(1.4 * high / bin_hz) + 2)]
    weights = wanted
    for _ in range(sharpened):
        inner = range(1, len(weights) - 1)
        smeared = [
            weights[n] + spread / 2.0 * (weights[n - 1] - 2.0 * weights[n] + weights[n + 1]) for n in inner
        ]
        weights = [0.0] + [max(0.0, weights[n] + wanted[n] - smeared[n - 1]) for n in inner] + [0.0]
    used = [n for n, weight in enumerate(weights) if weight >= LEAST]
    return first + used[0], weights[used[0] : used[-1] + 1]
