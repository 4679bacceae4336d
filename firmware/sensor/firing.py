"""Which multiple of a spacing is the firing frequency: how many firings make one period of what is heard.

Orders lie at a part of the firing frequency when cylinders are unequal or fire at unequal distances: at half of it for
a V-twin, at an eighth for some eight-cylinders. What an engine fires follows from how strong its orders are:
- RHYTHMS are what engines are built to: even firings of unequal strength, and the uneven cranks and V-angles on the
  road. The n-th order of a rhythm with firings at the parts p of the period is |sum of exp(2 pi i n p)|, in parts of
  an even one; where those cancel, an order is missing, and which are missing tells rhythms apart.
- The roughness beats with the firings, and less with half of them: each is a burst of gas.
Each hypothesis is weighed (WEIGHTS), and the evidence is summed along the track: an engine keeps its cylinders.
"""

import cmath
import math

from ulab import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.comb import Series
    from firmware.sensor.roughness import Roughness

LN_SLOWEST = math.log(19.0)
LN_FASTEST = math.log(410.0)
ORDERS = 24  # of the spacing
TOP_HZ = 900.0
WEAKEST = 0.25  # of an order that a rhythm does not have: noise, unequal cylinders, and the street fill it
# Firings in a period, and where they are, in parts of it; () is evenly. Then what is known beforehand.
RHYTHMS = (
    (1, (), -0.71),
    (2, (), 0.69),
    (3, (), 0.43),
    (4, (), 1.62),
    (5, (), -0.54),
    (6, (), -0.11),
    (8, (), -0.11),
    (2, (0.0, 0.25), -0.18),  # twin, crank of 180 degrees
    (2, (0.0, 0.375), -0.17),  # crank of 270 degrees, V of 90
    (2, (0.0, 0.4167), -0.22),  # V of 60
    (2, (0.0, 0.4375), -0.07),  # V of 45
    (3, (0.0, 0.25, 0.625), -1.21),  # triple with a T-crank
    (4, (0.0, 0.375, 0.625, 0.75), 0.38),  # four with a cross-plane crank
    (4, (0.0, 0.25, 0.375, 0.625), 0.38),  # V4 of 90
    (4, (0.0, 0.125, 0.403, 0.528), -0.19),  # V4, firing in twos
)
STEPS = 0.02  # of the templates, in ln of amplitude
# Of misfit in all and per order, ln of the share of energy, roughness at the frequency and at half of it, ln of the
# frequency in 100 Hz, and its square. Like what is known beforehand, fitted to 600 simulated events: engines of 24
# kinds, revved, accelerated, passing and idling, 5 to 30 dB over the street, a third of them without their lowest
# orders.
WEIGHTS = (0.56, 6.66, 1.81, 3.87, -2.37, 0.77, 0.06)
KEEP = 0.92  # of the evidence from frame to frame: the last second counts
APART = 200.0  # what a frequency that is not the last one's costs: by the square of the difference in ln
LEAST = 6.0  # at most
IMPOSSIBLE = 30.0  # evidence against what no engine fires
MISSING = 0.3  # weight of orders below the first that stands out, and above the last
DEEPEST = 1.6  # ln under the strongest order: deeper is noise
ROUGHEST = 0.5  # more roughness says no more
STANDS_OUT = 0.6  # of the ln by which the strongest order does


class Firing:
    """`choose` each frame that has a series, `forget` when it has none. `margin` is how much the choice is ahead."""

    def __init__(self, roughness: "Roughness") -> None:
        self._roughness = roughness
        self._orders = np.array(range(1, ORDERS + 1))
        templates = [_template(firings, at) for firings, at, _ in RHYTHMS]
        self._templates = np.array(templates, dtype=np.int8)
        self._ln_firings = np.array([math.log(firings) for firings, _, _ in RHYTHMS])
        self._before = np.zeros(len(RHYTHMS))
        self._ln_hz = np.zeros(len(RHYTHMS))
        self._known = False
        self.margin = 0.0

    def forget(self) -> None:
        """The next series is another engine's."""
        self._known = False
        self.margin = 0.0

    def choose(self, spectrum: "Series", power: "np.ndarray", hz: float, moved: float) -> float:
        """Return the multiple of the spacing `hz` that fires; `power` and `spectrum.series` are of this frame.

        `moved` is by how much ln(f) changed since the last frame.
        """
        features = self.features(spectrum, power, hz)
        evidence = np.dot(np.array(WEIGHTS), features)
        for at, (_, _, known) in enumerate(RHYTHMS):
            evidence[at] += known
        return self._decide(evidence, hz, moved)

    def _decide(self, evidence: "np.ndarray", hz: float, moved: float) -> float:
        count = len(RHYTHMS)
        ln_hz = self._ln_firings + math.log(hz)
        evidence -= IMPOSSIBLE * ((ln_hz > LN_FASTEST) + (ln_hz < LN_SLOWEST))
        evidence -= np.max(evidence)
        evidence -= math.log(float(np.sum(np.exp(evidence))))
        if self._known:
            off = ln_hz.reshape((count, 1)) - (self._ln_hz + moved).reshape((1, count))
            off *= off
            off = self._before.reshape((1, count)) - np.minimum(off * APART, LEAST)
            evidence += KEEP * np.max(off, axis=1)
        self._known = True
        evidence -= np.max(evidence)
        self._before = evidence
        self._ln_hz = ln_hz
        best = int(np.argmax(evidence))
        others = (self._ln_firings > self._ln_firings[best] + 0.01) + (
            self._ln_firings < self._ln_firings[best] - 0.01
        )
        self.margin = -float(np.max(evidence - 99.0 * (1 - others)))
        return hz * RHYTHMS[best][0]

    def features(self, spectrum: "Series", power: "np.ndarray", hz: float) -> "np.ndarray":
        """Return what speaks for each rhythm with the spacing `hz`, (features, rhythms)."""
        bins = hz / spectrum.bin_hz
        top = min(TOP_HZ / spectrum.bin_hz, spectrum.first + spectrum.count - 3)
        count = min(ORDERS, int(top / bins))
        at = np.array(np.maximum(self._orders[:count] * bins + (0.5 - spectrum.first), 1.0), dtype=np.uint16)
        series = spectrum.series
        level = np.maximum(np.take(series, at), np.take(series, at - 1))
        level = np.log(np.maximum(np.maximum(level, np.take(series, at + 1)), -0.7) + 1.0)
        level = np.maximum(level, float(np.max(level)) - DEEPEST)
        energy = np.take(power, at)
        energy *= 1.0 / (np.sum(energy) + 1e-20)
        template = self._templates[:, :count] * STEPS
        share = np.log(np.dot(np.exp(template * 2.0), energy) + 1e-3)
        template -= level
        # The lowest orders may be lost on the way, the highest lie under noise: before the first that stands out and
        # after the last one they count less.
        levels = level.tolist()
        stands = max(levels)
        stands -= (1.0 - STANDS_OUT) * abs(stands)
        standing = [at for at, each in enumerate(levels) if each >= stands]
        weights = [1.0 if standing[0] <= at <= standing[-1] else MISSING for at in range(count)]
        weight = np.array(weights) * (1.0 / sum(weights))
        mean = np.dot(template, weight)
        misfit = np.dot(template * template, weight) - mean * mean
        found = np.zeros((len(WEIGHTS), len(RHYTHMS)))
        found[0] = misfit * -sum(weights)
        found[1] = -misfit
        found[2] = share
        ln_hz = self._ln_firings + math.log(hz / 100.0)
        found[5] = ln_hz
        found[6] = ln_hz * ln_hz
        for index, (firings, _, _) in enumerate(RHYTHMS):
            found[3, index] = min(self._roughness.depth(firings * hz), ROUGHEST)
            found[4, index] = min(self._roughness.depth(0.5 * firings * hz), ROUGHEST)
        return found


def _template(firings: int, at: tuple[float, ...]) -> list[int]:
    # ln of the strength of the orders, in STEPS.
    found: list[int] = []
    for order in range(1, ORDERS + 1):
        if at:
            strength = abs(sum([cmath.exp(2j * math.pi * order * part) for part in at])) / firings
        else:
            strength = 1.0 if order % firings == 0 else 0.0
        found.append(int(math.log(max(strength, WEAKEST)) / STEPS - 0.5))
    return found
