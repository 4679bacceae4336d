"""Elliptic low-passes before the lower rates of the spectra, gain 1 at 0 Hz, and what they do to a tone.

Designed by gateway/lowpass_design.py, which prints these numbers. What would be folded into a band is 70 dB down.
Their ripple is divided out where bands are summed.
"""

import math

from ulab import numpy as np

# By rate: to 6 kHz by 8, to 6.4 kHz by 5. 6 kHz keeps 2.4 kHz with a short filter; 32 kHz has no whole factor to it.
FIRST_FACTOR = {48000: 8, 32000: 5}
FIRST = {
    48000: np.array(
        (
            (0.00857596273, -0.00247563366, 0.00857596273, 1, -1.83535312, 0.850029409),
            (0.14698455, -0.234859214, 0.14698455, 1, -1.84769755, 0.906807432),
            (0.384978424, -0.674028995, 0.384978424, 1, -1.87478722, 0.970715075),
        )
    ),
    32000: np.array(
        (
            (0.0108218093, 0.00875703572, 0.0108218093, 1, -1.75679729, 0.787197944),
            (0.12371661, -0.121253012, 0.12371661, 1, -1.73520248, 0.861382687),
            (0.320234206, -0.428786779, 0.320234206, 1, -1.74245063, 0.954132263),
        )
    ),
}
SECOND_FACTOR = 2  # to 3 or 3.2 kHz
SECOND = np.array(
    (
        (0.0788268321, 0.147433344, 0.0788268321, 1, -1.08334545, 0.388432463),
        (0.272319546, 0.370679733, 0.272319546, 1, -0.833475437, 0.748794261),
    )
)
THIRD_FACTOR = 5  # to 600 or 640 Hz
THIRD = np.array(
    (
        (0.0187558967, 0.0198865089, 0.0187558967, 1, -1.56110949, 0.618507797),
        (0.0849386994, -0.0643397638, 0.0849386994, 1, -1.6223782, 0.727915832),
        (0.198070657, -0.238061541, 0.198070657, 1, -1.74155159, 0.899631358),
    )
)


def squared_gain(sections: np.ndarray, frequency: float) -> float:
    """Return the squared gain of `sections` (n, 6) at `frequency` (cycles per sample)."""
    angle = 2.0 * math.pi * frequency
    c1, s1, c2, s2 = math.cos(angle), math.sin(angle), math.cos(2.0 * angle), math.sin(2.0 * angle)
    gain = 1.0
    for b0, b1, b2, a0, a1, a2 in sections.tolist():
        gain *= (b0 + b1 * c1 + b2 * c2) ** 2 + (b1 * s1 + b2 * s2) ** 2
        gain /= (a0 + a1 * c1 + a2 * c2) ** 2 + (a1 * s1 + a2 * s2) ** 2
    return gain
