"""The firing frequency: a harmonic series that keeps its spacing, or moves as an engine can, followed over time.

- Two spectra are searched for series (comb.py): a fine one of a third of a second up to 1 kHz for slow engines
  (18 - 150 Hz), and a short one of a seventh up to 1.2 kHz for fast engines and quick changes (25 - 400 Hz).
- The short one is taken as it is, and with time warped by two slopes (chirp.py): the last one's neighbours, or by
  turns what a rev begins or ends with. A slope costs a little, so that noise, which fits one of them as well, is
  not followed along it.
- What is found is a spacing of orders. firing.py says which multiple of it is the firing frequency, orders.py what
  lies on the orders, roughness.py what beats with them, pops.py what bangs.
"""

import math

from ulab import numpy as np

from firmware.common.blocks import FRAMES_PER_SECOND
from firmware.sensor.chirp import SLOPES, Chirp
from firmware.sensor.comb import STEP, Paths, Series, even
from firmware.sensor.firing import Firing
from firmware.sensor.orders import Orders
from firmware.sensor.pops import Pops
from firmware.sensor.roughness import Roughness
from firmware.sensor.transform import POINTS, Transform

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum

TRACKED = 0.25  # worth of a track that is a harmonic series; noise has 0.22 in one of a hundred frames
FASTEST_HZ = 400.0
SURE = 6.0  # how much evidence, in ln, the firing frequency is ahead of other multiples of the spacing
# Which of SLOPES are tried beside none, by the last one: two sets of two, by turns.
TRIED = (
    ((1, 3), (1, 2)),
    ((1, 2), (1, 3)),
    ((2, 3), (2, 1)),
    ((3, 4), (3, 1)),
    ((4, 3), (4, 1)),
)
MOVED = [math.floor(slope / FRAMES_PER_SECOND / STEP + 0.5) for slope in SLOPES]  # steps a frame
OTHER_SLOPE = 0.06  # what a slope that was not the last one's costs of strength
SAME_SLOPE = 0.03
KEEP = 0.8  # of what a path is worth from frame to frame, when all are equally loud: a time constant of 0.6 s
LOUD = (
    0.1  # ln per dB: a frame counts by nearly its amplitude, so that a rev is not judged by the idling before
)
LEAST = 0.1  # what a quiet frame counts at least
CALM = 1.5  # 1/s: what changes more quickly may be a series, and not the engine's
LASTS = 3  # frames: what noise makes is gone before
LEVELS = 12  # frames over which the level is compared with the track: 1.5 s
STILL = 0.03  # of ln(f)
LEAPT_DB = 8.0  # within LEVELS: no vehicle that passes does
SLOW_HZ = 30.0  # fires less often: an engine that idles, and its level stands
STANDING_DB = 4.0
SLOPE_LIMIT = 8.0
JUMP = 0.15  # of ln(f), beside the slope: another series


class Harmonics:
    """`frame` once a frame, after `low` (LowSpectrum) has ended it; then the attributes are new.

    `room` (float, comb.ROOM) is work memory that may be shared.
    `slow` and `fast` (Paths): worth of the track (`track`), of this frame (`peak`), 0 .. 1; and where (`hz`).
    Of the better one, zero when there is no series:
    `series_hz`: firings of all cylinders per second as far as can be told, 19 .. 410 Hz; else a part or multiple.
    `firing_hz`: the same where it is clear which multiple of the orders' spacing fires, 0.0 where it is not.
    `salience`: worth of the track, 0 .. 1; noise has 0.1 to 0.2, a clear engine 0.3 to 0.7. Never set to zero.
    `slope`: change of `series_hz`, d ln(f) / dt in 1/s, -8 .. 8; doubling in a second is 0.7.
    `length`: frames since when the track goes on without a jump, 0 .. 80.
    `level_db`: of the frame up to 2.5 kHz, 0 dB is a mean square of 1.
    `level_follows`: correlation of that level with ln(f) over the last 1.5 s of the track, -1 .. 1; 0 when either
    hardly changes.
    `roughness`: modulation of 0.3 - 2.5 kHz at the firing frequency or half of it, the deeper, 0 .. 1; noise has 0.2.
    `orders` (Orders): harmonicity, half orders, how many orders, the loudest. `pops` (Pops): bangs.
    """

    def __init__(self, low: "LowSpectrum", transform: Transform, room: "np.ndarray") -> None:
        self._transform = transform
        fast_hz = 2.0 * low.bin_hz
        self._fine = Series(low.bin_hz, (15.0, 1000.0), 18.0, room)
        self._short = Series(fast_hz, (15.0, 1200.0), 25.0, room)
        start = self._fine.first - low.long.first
        self._fine_power = low.long.power[start : start + self._fine.count]
        self.slow = Paths(low.bin_hz, (18.0, 150.0), 3, 0)
        self.fast = Paths(fast_hz, (25.0, FASTEST_HZ), 5, max(MOVED))
        first = self._short.first
        count = self._short.count
        end = first + count
        self._chirp = Chirp(low, transform, first)
        # The second half of the samples is nobody's while the first half is transformed.
        spare = transform.samples[POINTS // 2 :]
        self._powers = (np.zeros(count), spare[:count], spare[count : 2 * count])
        self._power_views = [memoryview(power) for power in self._powers]
        self._tried = (0, 1, 3)
        # Each series at its own frequencies: orders are counted from 0 Hz.
        self._fine_real = transform.real[self._fine.first : self._fine.first + self._fine.count]
        self._real = transform.real[first:end]
        self._imaginary = transform.imaginary[first:end]
        self._rough = Roughness(low, transform)
        self.pops = Pops(low)
        self._firing = Firing(self._rough)
        self._last = 0
        self._weight = 1e-9
        self._turn = 0
        self._ln_hz = np.zeros(LEVELS)
        self._levels = np.zeros(LEVELS)
        self.orders = Orders()
        self.firing_hz = 0.0
        self.series_hz = 0.0
        self._spacing = 0.0
        self.salience = 0.0
        self.slope = 0.0
        self.length = 0
        self.level_db = -120.0
        self.level_follows = 0.0
        self.roughness = 0.0

    def frame(self) -> None:
        """Follow the series through the powers of a new frame."""
        self.pops.frame()
        self.level_db = self.pops.level_db
        weight = math.exp(self.level_db * LOUD)
        self._weight = KEEP * self._weight + weight
        self._follow(max(LEAST, weight / self._weight))
        fast = self.fast
        slow = self.slow
        self.salience = max(fast.track, slow.track)
        if self.salience < TRACKED:
            self._lost()
            return
        if fast.track < 0.8 * slow.track or fast.track < 0.18:
            spectrum = self._fine
            power = self._fine_power
            spacing = slow.hz
        else:
            spectrum = self._short
            power = self._powers[self._tried.index(fast.chosen)]
            spacing = fast.hz
            spectrum.flatten(power)
        self._rough.run()
        moved = math.log(spacing / self._spacing) if self.length else 0.0
        self._spacing = spacing
        hz = self._firing.choose(spectrum, power, spacing, moved if abs(moved) < 0.25 else 0.0)
        self._continue(hz)
        clear = self._firing.margin >= SURE and self.length >= LASTS and abs(self.slope) < CALM
        clear = clear and not self._echoed()
        self.firing_hz = hz if clear else 0.0
        self.orders.measure(spectrum, power, spectrum.series, hz)
        self.roughness = max(self._rough.depth(hz), self._rough.depth(0.5 * hz))

    def _lost(self) -> None:
        self.series_hz = self.firing_hz = self.slope = self.level_follows = self.roughness = 0.0
        self.length = 0
        self.orders.clear()
        self._firing.forget()

    def _continue(self, hz: float) -> None:
        # Slope, length and level along the track that `hz` goes on, or begins.
        now = math.log(hz)
        if self.length:
            change = now - float(self._ln_hz[-1])
            warp = SLOPES[self.fast.chosen]
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
        self.series_hz = hz
        count = min(self.length, LEVELS)
        self.level_follows = 0.0
        if count > 3:
            # A semitone and a decibel are no change to speak of.
            hertz = self._ln_hz[-count:] - np.mean(self._ln_hz[-count:])
            level = self._levels[-count:] - np.mean(self._levels[-count:])
            spread = (np.dot(hertz, hertz) + count * 0.0033) * (np.dot(level, level) + count)
            self.level_follows = float(np.dot(hertz, level)) / math.sqrt(spread)

    def _echoed(self) -> bool:
        # The level leaps, as no vehicle's that passes: a series that holds its pitch then is an echo's, and what is
        # heard below is what is left between revs.
        loudest = float(np.max(self._levels))
        moved_db = loudest - float(np.min(self._levels))
        if moved_db <= LEAPT_DB:
            return self.series_hz < SLOW_HZ and moved_db > STANDING_DB
        hertz = self._ln_hz[-min(self.length, LEVELS) :]
        return loudest - self.level_db > LEAPT_DB or float(np.max(hertz)) - float(np.min(hertz)) < STILL

    def _follow(self, new: float) -> None:
        transform = self._transform
        tried = (0,) + TRIED[self._last][self._turn]
        self._tried = tried
        self._turn = 1 - self._turn
        for at, slope in enumerate(tried):
            self._chirp.run(slope, self._power_views[at])
        # One complex transform does two series.
        fine = self._fine
        short = self._short
        transform.clear()
        fine.flatten(self._fine_power)
        fine_scale = fine.put(self._fine_real)
        short.flatten(self._powers[0])
        scale = short.put(self._imaginary)
        transformed = np.fft.fft(transform.points)
        slow = self.slow
        slow.begin(new)
        slow.candidate(0, even(transformed, slow.lags).real, fine_scale, 0, 0.0)
        slow.end()
        fast = self.fast
        fast.begin(new)
        self._try(0, even(transformed, fast.lags).imag, scale)
        transform.clear()
        short.flatten(self._powers[1])
        scale = short.put(self._real)
        short.flatten(self._powers[2])
        other_scale = short.put(self._imaginary)
        transformed = even(np.fft.fft(transform.points), fast.lags)
        self._try(tried[1], transformed.real, scale)
        self._try(tried[2], transformed.imag, other_scale)
        fast.end()
        self._last = fast.chosen

    def _try(self, slope: int, transform: "np.ndarray", scale: float) -> None:
        # No slope before no slope costs nothing.
        cost = SAME_SLOPE if slope else 0.0
        if slope != self._last:
            cost = OTHER_SLOPE if slope else SAME_SLOPE
        self.fast.candidate(slope, transform, scale, MOVED[slope], cost)
