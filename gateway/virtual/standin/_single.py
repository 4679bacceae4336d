"""Single precision where it counts, for the WebAssembly interpreter, which computes in double: `sosfilt`.

The recursion of the firmware's filters, coefficients, states, input and output, is rounded after every operation
(single.mjs). Sums over a block stay double: what single precision makes of them is a millionth of their value.
"""

import sys

import _single_sosfilt
import uctypes
from ulab import numpy as np


def sosfilt(sos, x, zi=None):
    """As ulab.scipy.signal.sosfilt."""
    sections = len(sos)
    y = np.array(x)
    state = np.zeros((sections, 2)) if zi is None else zi
    _single_sosfilt.sosfilt(
        uctypes.addressof(np.array(sos)), sections, uctypes.addressof(state), uctypes.addressof(y), len(y)
    )
    return y if zi is None else (y, state)


class Signal:
    """Stands where ulab's module `scipy.signal` stands."""

    sosfilt = staticmethod(sosfilt)


class Scipy:
    """Stands where ulab's module `scipy` stands."""

    signal = Signal


def install():
    """Give every module of the firmware that is loaded this `scipy`."""
    for name in sys.modules:
        if name.startswith("firmware.") and hasattr(sys.modules[name], "scipy"):
            sys.modules[name].scipy = Scipy
