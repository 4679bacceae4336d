"""The firing frequency: a harmonic series that keeps its spacing, or moves as an engine can, followed over time.

- Two spectra are searched for series (comb.py): a fine one of a third of a second up to 1 kHz for slow engines
  (18 - 150 Hz), and a short one of a sixth up to 1.2 kHz for fast engines and quick changes (25 - 400 Hz).
- The short one is tried as it is, and with time warped by two slopes (chirp.py): the last one's neighbours, or by
  turns what a rev begins or ends with. A slope costs a little, so that noise, which fits one of them as well, is
  not followed along it.
- What is found is a spacing of orders; orders.py says what lies on them. The firing frequency is the spacing, or a
  multiple of it: unequal cylinders leave orders between those of the firing.
"""

import math

from ulab import numpy as np

from firmware.common.blocks import FRAMES_PER_SECOND
from firmware.sensor.chirp import SLOPES, Chirp
from firmware.sensor.comb import STEP, Paths, Series
from firmware.sensor.orders import Orders
from firmware.sensor.roughness import Roughness
from firmware.sensor.transform import POINTS, Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum

TRACKED = 0.22  # worth of a track that is a harmonic series; noise has 0.2 in one of a hundred frames
FASTEST_HZ = 400.0
MISSING = 0.4  # orders that stand out by less than this part of the others are not there
# What is tried beside no slope after frames of no slope, SLOPES[0], ...: two sets of two, by turns.
TRIED = (
    ((1, 3), (1, 2)),
    ((0, 1), (0, 1)),
    ((1, 0), (1, 2)),
    ((2, 3), (2, 1)),
    ((3, 4), (3, 2)),
    ((4, 3), (4, 1)),
)
MOVED = [math.floor(slope / FRAMES_PER_SECOND / STEP + 0.5) for slope in SLOPES]  # steps a frame
OTHER_SLOPE = 0.06  # what a slope that was not the last one's costs of strength
SAME_SLOPE = 0.03
LEVELS = 12  # frames over which the level is compared with the track: 1.5 s
SLOPE_LIMIT = 8.0
ROOM = 384  # as much as the fine spectrum takes, with its ends drawn out
JUMP = 0.15  # of ln(f), beside the slope: another series


class Harmonics:
    """`frame` once a frame, after `low` (LowSpectrum) has ended it; then the attributes are new.

    `slow` and `fast` (Paths): worth of the track (`track`), of this frame (`peak`), 0 .. 1; and where (`hz`).
    Of the better one:
    `firing_hz`: firings of all cylinders per second, 20 .. 400; 0.0 when there is no series.
    `salience`: worth of the track, 0 .. 1; noise has 0.1 to 0.2, a clear engine 0.4 to 0.8.
    `slope`: change of the firing frequency, d ln(f) / dt in 1/s, -8 .. 8; doubling in a second is 0.7.
    `length`: frames since when the track goes on without a jump, 0 .. 80.
    `level_db`: of 20 Hz to 1.2 kHz, 0 dB is a sine of full scale.
    `level_follows`: correlation of that level with ln(f) over the last 1.5 s of the track, -1 .. 1; 0 when either
    hardly changes.
    `orders` (Orders): harmonicity, half orders, how many.
    `roughness`: modulation of 0.3 - 2.5 kHz at the firing frequency or half of it, the deeper, 0 .. 1; noise has 0.2.
    """

    def __init__(self, low: "LowSpectrum", transform: Transform) -> None:
        self._transform = transform
        fast_hz = 2.0 * low.bin_hz
        room = np.zeros(ROOM)
        self._fine = Series(low.long, low.bin_hz, (15.0, 1000.0), 18.0, room)
        self._short = Series(low.latest, fast_hz, (15.0, 1200.0), 25.0, room)
        self.slow = Paths(low.bin_hz, (18.0, 150.0), 3, 0, 0.85)
        self.fast = Paths(fast_hz, (25.0, FASTEST_HZ), 5, max(MOVED), 0.85)
        first = self._short.first
        count = self._short.count
        end = first + count
        self._chirp = Chirp(low, transform, first)
        # The second half of the samples is nobody's while the first half is transformed.
        spare = transform.samples[POINTS // 2 :]
        self._warped = (spare[:count], spare[count : 2 * count])
        # Each series at its own frequencies: orders are counted from 0 Hz.
        self._fine_real = transform.real[self._fine.first : self._fine.first + self._fine.count]
        self._real = transform.real[first:end]
        self._imaginary = transform.imaginary[first:end]
        self._rough = Roughness(low, transform)
        self._last = 0
        self._turn = 0
        self._tried = TRIED[0][0]
        self._ln_hz = np.zeros(LEVELS)
        self._levels = np.zeros(LEVELS)
        self.orders = Orders()
        self.firing_hz = 0.0
        self.salience = 0.0
        self.slope = 0.0
        self.length = 0
        self.level_db = -120.0
        self.level_follows = 0.0
        self.roughness = 0.0

    def frame(self) -> None:
        """Follow the series through the powers of a new frame."""
        self._follow()
        fast = self.fast
        slow = self.slow
        self.level_db = 10.0 * math.log10(2.0 * float(np.sum(self._short.power)) + 1e-12)
        self.salience = max(fast.track, slow.track)
        if self.salience < TRACKED:
            self._lost()
            return
        spectrum = self._short
        power = spectrum.power
        hz = fast.hz
        if fast.track < min(TRACKED, slow.track):
            spectrum = self._fine
            power = spectrum.power
            hz = slow.hz
        elif fast.chosen:
            power = self._warped[self._tried.index(fast.chosen - 1)]
            spectrum.flatten(power)
        series = spectrum.series
        hz = _firing(spectrum, series, hz)
        self._continue(hz)
        self.orders.measure(spectrum, power, series, hz)
        self._rough.run()
        self.roughness = max(self._rough.depth(hz), self._rough.depth(0.5 * hz))

    def _lost(self) -> None:
        self.firing_hz = self.slope = self.level_follows = self.roughness = 0.0
        self.length = 0
        self.orders.clear()

    def _continue(self, hz: float) -> None:
        # Slope, length and level along the track that `hz` goes on, or begins.
        now = math.log(hz)
        if self.length:
            change = now - float(self._ln_hz[-1])
            warp = SLOPES[self.fast.chosen - 1] if self.fast.chosen else 0.0
            if abs(change - warp / FRAMES_PER_SECOND) > JUMP and abs(change) > JUMP:
                self.length = 0
        self.slope = 0.0
        if self.length:
            change = (now - float(self._ln_hz[-1])) * FRAMES_PER_SECOND
            self.slope = max(-SLOPE_LIMIT, min(SLOPE_LIMIT, change))
        self.length = min(self.length + 1, 80)
        for each, value in ((self._ln_hz, now), (self._levels, self.level_db)):
            each[:-1] = each[1:]
            each[-1] = value
        self.firing_hz = hz
        count = min(self.length, LEVELS)
        self.level_follows = 0.0
        if count > 3:
            # A semitone and a decibel are no change to speak of.
            hertz = self._ln_hz[-count:] - np.mean(self._ln_hz[-count:])
            level = self._levels[-count:] - np.mean(self._levels[-count:])
            spread = (np.dot(hertz, hertz) + count * 0.0033) * (np.dot(level, level) + count)
            self.level_follows = float(np.dot(hertz, level)) / math.sqrt(spread)

    def _follow(self) -> None:
        transform = self._transform
        tried = TRIED[self._last][self._turn]
        self._tried = tried
        self._turn = 1 - self._turn
        fine = self._fine
        short = self._short
        for at, slope in enumerate(tried):
            self._chirp.run(slope, self._warped[at])
        # One complex transform does two series: the real parts of the transforms of real a and b are the even parts
        # of the real and the imaginary part of that of a + ib. 0.05: half for the even part, and a tenth.
        transform.clear()
        fine_scale = 0.05 / fine.flatten(fine.power)
        self._fine_real[:] = fine.series
        first_scale = 0.05 / short.flatten(self._warped[0])
        self._imaginary[:] = short.series
        transformed = np.fft.fft(transform.points)
        slow = self.slow
        slow.begin()
        slow.candidate(0, _even(transformed.real, slow.lags), fine_scale, 0, 0.0)
        slow.end()
        fast = self.fast
        fast.begin()
        first = _even(transformed.imag, fast.lags)
        fast.candidate(tried[0] + 1, first, first_scale, MOVED[tried[0]], self._cost(tried[0] + 1))
        transform.clear()
        second_scale = 0.05 / short.flatten(self._warped[1])
        self._real[:] = short.series
        short_scale = 0.05 / short.flatten(short.power)
        self._imaginary[:] = short.series
        transformed = np.fft.fft(transform.points)
        second = _even(transformed.real, fast.lags)
        fast.candidate(tried[1] + 1, second, second_scale, MOVED[tried[1]], self._cost(tried[1] + 1))
        fast.candidate(0, _even(transformed.imag, fast.lags), short_scale, 0, self._cost(0))
        fast.end()
        self._last = fast.chosen

    def _cost(self, chosen: int) -> float:
        # No slope before no slope costs nothing.
        if chosen == self._last:
            return SAME_SLOPE if chosen else 0.0
        return OTHER_SLOPE if chosen else SAME_SLOPE


def _firing(spectrum: "Series", series: "np.ndarray", hz: float) -> float:
    """Return `hz`, or the multiple of it that has all the orders: a series also fits half its spacing."""
    for times in (2, 3, 2):
        if times * hz > FASTEST_HZ:
            break
        between, among = _standing(spectrum, series, hz, times)
        if between < MISSING * among:
            hz *= times
    return hz


def _standing(spectrum: "Series", series: "np.ndarray", hz: float, times: int) -> tuple[float, float]:
    # How far the orders of `hz` stand out: those that are no multiples of `times`, and those that are.
    sums = [0.0, 0.0]
    counts = [1e-9, 1e-9]
    order = 1
    while True:
        at = int(order * hz / spectrum.bin_hz + 0.5) - spectrum.first
        if at + 2 > spectrum.count:
            break
        if at >= 1:
            multiple = order % times == 0
            sums[multiple] += max(0.0, float(np.max(series[at - 1 : at + 2])))
            counts[multiple] += 1
        order += 1
    return sums[0] / counts[0], sums[1] / counts[1]


def _even(values: "np.ndarray", count: int) -> "np.ndarray":
    """Return values[k] + values[-k] for k = 0 .. count - 1 as a new array."""
    even = values[:count].copy()
    even[1:] += values[-1:-count:-1]
    even[0] *= 2.0
    return even
