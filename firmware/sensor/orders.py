"""What lies on the orders of a harmonic series, between them, and beside them.

Orders are multiples of a frequency; half orders lie in the middle between them: an engine whose cylinders are unequal,
or fire at unequal distances, has them. All is of one power spectrum, in which each order has three bins.
"""

from ulab import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.comb import Series

MOST = 20  # orders
STANDS_OUT = 1.0  # flattened amplitude, from which on an order stands out: 6 dB over its surroundings


class Orders:
    """`measure` a series; attributes are bounded whatever the spectrum is.

    `harmonicity`: share of the energy up to 1 kHz on the orders, beyond what even noise has there; 0..1.
    `half_orders`: energy of half orders in parts of that of whole and half ones; 0..1, noise and organ pipes alike
    have little, an engine that misfires half.
    `loudest`: share of the loudest order in the energy of all; 0..1, a whistle has 1.
    `count`: orders that stand out by 6 dB or more over their surroundings; 0..20.
    """

    def __init__(self) -> None:
        self._numbers = np.array(range(1, 2 * MOST + 1)) * 0.5
        self.harmonicity = 0.0
        self.half_orders = 0.0
        self.loudest = 0.0
        self.count = 0

    def clear(self) -> None:
        """There is no series."""
        self.harmonicity = self.half_orders = self.loudest = 0.0
        self.count = 0

    def measure(self, spectrum: "Series", power: "np.ndarray", series: "np.ndarray", hz: float) -> None:
        """Take the orders of `hz` from `power` and `series` (flattened), both of `spectrum`."""
        bins = hz / spectrum.bin_hz
        # Two half orders each; the last one's neighbour is inside too.
        count = min(MOST, int((spectrum.first + spectrum.count - 2) / bins))
        at = np.array(self._numbers[: 2 * count] * bins + (0.5 - spectrum.first))
        at = np.maximum(at, 1.0)
        middle = np.array(at, dtype=np.uint16)
        energy = np.take(power, middle)
        energy += np.take(power, middle - 1)
        energy += np.take(power, middle + 1)
        whole = energy[1::2]
        wholes = float(np.sum(whole)) + 1e-20
        halves = float(np.sum(energy[0::2]))
        end = min(int(middle[-1]) + 2, spectrum.count)
        total = float(np.sum(power[:end])) + 1e-20
        by_chance = min(3.0 / bins, 0.9)
        self.harmonicity = max(0.0, (min(wholes / total, 1.0) - by_chance) / (1.0 - by_chance))
        self.half_orders = halves / (wholes + halves)
        self.loudest = float(np.max(whole)) / wholes
        self.count = int(np.sum(np.take(series, middle)[1::2] > STANDS_OUT))
