"""A board's counter in the gateway's time. Pure: fed with samples, asked for times.

Rules of this file
- A sample is (send, receive, ticks): the board's counter stood at `ticks` somewhere between `send` and
  `receive` of the gateway's monotonic clock. That interval is all that is certain; the middle is the guess.
- The least round trip wins: a sample's weight falls with how much longer its round trip was than the least
  one, and the least one ages, so that a link that became slower is believed again.
- Offset and rate come from a weighted regression over the last `WINDOW` samples; the rate only once the
  samples span `MIN_SPAN_NS`, and never outside `MAX_PPM` of the nominal one.
- A sample whose interval cannot contain the prediction is refused; `PATIENCE` refusals in a row mean that
  the counter itself jumped, and the model starts again.
- `uncertainty_ns` is a bound that the tests hold against simulated clocks, not a standard deviation.

The scheme follows ideas of Cristian 1989 (the interval) and of Klipper's host (ageing least round trip).
"""

from collections import deque
from dataclasses import dataclass

from gateway.timing import SECOND_NS

WINDOW = 64  # about a minute of samples: long enough for the rate, short enough to follow temperature
MIN_SPAN_NS = 8 * SECOND_NS
MIN_SAMPLES = 8
MAX_PPM = 300.0  # crystals are within 100; an I2S clock made by a fractional divider adds some
RATE_PPM = 20.0  # temperature moves a crystal this much between the samples, however well they fit
AGE_PPM = (
    100.0  # the least round trip grows by this, so that it is replaced within minutes when the link slows
)
FLOOR_NS = 100_000  # round trips within 0.1 ms of each other are equally good
PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """The counter stood at `ticks` between `send_ns` and `receive_ns`."""

    send_ns: int
    receive_ns: int
    ticks: int

    @property
    def middle_ns(self) -> int:
        """Return the best guess of when it was."""
        return (self.send_ns + self.receive_ns) // 2

    @property
    def half_trip_ns(self) -> int:
        """Return how wrong that guess can be."""
        return (self.receive_ns - self.send_ns + 1) // 2


class ClockModel:
    """Maps the ticks of one boot of one board to the gateway's monotonic nanoseconds.

    `nominal_hz` is the counter's rate by HELLO; `resolution_ns` is how coarsely either side reads its clock.
    """

    def __init__(self, nominal_hz: int, *, resolution_ns: int = 0) -> None:
        self._nominal_hz = nominal_hz
        self._resolution_ns = resolution_ns + SECOND_NS // nominal_hz
        self._samples: deque[Sample] = deque(maxlen=WINDOW)
        self._refusals = 0
        self._ns_per_tick = SECOND_NS / nominal_hz
        self._anchor_ticks = 0
        self._anchor_ns = 0.0
        self._anchor_error_ns = 0.0
        self._rate_error_ppm = MAX_PPM
        self.refused = 0
        self.restarts = 0

    @property
    def known(self) -> bool:
        """True once there is a sample to go by."""
        return bool(self._samples)

    @property
    def drift_ppm(self) -> float | None:
        """Return by how many parts per million the counter is faster than nominal; None while that is not known."""
        if self._rate_error_ppm >= MAX_PPM:
            return None
        return (SECOND_NS / self._nominal_hz / self._ns_per_tick - 1.0) * 1e6

    def feed(self, send_ns: int, receive_ns: int, ticks: int) -> bool:
        """Take a sample; False when it is refused. `ValueError` when it was received before it was sent."""
        if receive_ns < send_ns:
            raise ValueError("a sample was received before it was sent")
        sample = Sample(send_ns, receive_ns, ticks)
        if self._samples and not self._possible(sample):
            self.refused += 1
            self._refusals += 1
            if self._refusals < PATIENCE:
                return False
            self.restarts += 1
            self._samples.clear()
        self._refusals = 0
        self._samples.append(sample)
        self._estimate()
        return True

    def to_host_ns(self, ticks: int) -> int:
        """Return when the counter stood, or will stand, at `ticks`. `ValueError` while nothing is known."""
        if not self._samples:
            raise ValueError("the clock of this board has not been asked yet")
        return round(self._anchor_ns + (ticks - self._anchor_ticks) * self._ns_per_tick)

    def uncertainty_ns(self, ticks: int | None = None) -> int:
        """Return how wrong `to_host_ns(ticks)` can be; of the newest sample when `ticks` is None."""
        if not self._samples:
            raise ValueError("the clock of this board has not been asked yet")
        at = self._samples[-1].ticks if ticks is None else ticks
        distance_ns = abs(at - self._anchor_ticks) * self._ns_per_tick
        return round(self._anchor_error_ns + self._resolution_ns + distance_ns * self._rate_error_ppm / 1e6)

    def _possible(self, sample: Sample) -> bool:
        """Return whether the counter can have stood there then, by what is known."""
        distance = abs(self.to_host_ns(sample.ticks) - sample.middle_ns)
        newest = self._samples[-1]
        if sample.ticks < newest.ticks:  # a counter does not run backwards
            return False
        return distance <= sample.half_trip_ns + self.uncertainty_ns(sample.ticks) + FLOOR_NS

    def _estimate(self) -> None:
        newest = self._samples[-1]

        def aged(sample: Sample) -> float:
            return sample.half_trip_ns + (newest.middle_ns - sample.middle_ns) * AGE_PPM / 1e6

        best = min(self._samples, key=aged)
        self._anchor_ticks = best.ticks
        self._anchor_ns = float(best.middle_ns)
        self._anchor_error_ns = float(best.half_trip_ns)
        self._rate_error_ppm = MAX_PPM
        self._ns_per_tick = SECOND_NS / self._nominal_hz
        span = newest.middle_ns - self._samples[0].middle_ns
        if len(self._samples) >= MIN_SAMPLES and span >= MIN_SPAN_NS:
            self._regress()

    def _regress(self) -> None:
        """Fit a line through the samples, each with the weight its round trip deserves."""
        least = min(sample.half_trip_ns for sample in self._samples)
        total = mean_x = mean_y = 0.0
        points: list[tuple[float, float, float, float]] = []
        for sample in self._samples:
            weight = (FLOOR_NS / (sample.half_trip_ns - least + FLOOR_NS)) ** 2
            x = float(sample.ticks - self._anchor_ticks)
            # Only the difference from the nominal line is fitted: a float keeps nanoseconds of it.
            y = sample.middle_ns - self._anchor_ns - x * self._ns_per_tick
            points.append((weight, x, y, float(sample.half_trip_ns + self._resolution_ns)))
            total += weight
            mean_x += weight * x
            mean_y += weight * y
        mean_x /= total
        mean_y /= total
        spread = sum(weight * (x - mean_x) ** 2 for weight, x, _, _ in points)
        together = sum(weight * (x - mean_x) * (y - mean_y) for weight, x, y, _ in points)
        if spread <= 0.0:
            return
        slope = together / spread
        # The slope is a sum of the middles: with every one off by its half round trip the worst way, it is off by this.
        turn = sum(weight * abs(x - mean_x) * half for weight, x, _, half in points) / spread
        error_ppm = RATE_PPM + turn / self._ns_per_tick * 1e6
        if error_ppm >= MAX_PPM or abs(slope) > MAX_PPM / 1e6 * self._ns_per_tick:
            return
        shift = mean_y - slope * mean_x
        self._ns_per_tick += slope
        self._anchor_ns += shift
        self._anchor_error_ns += abs(shift)
        self._rate_error_ppm = error_ppm
