"""Design of the low-passes in firmware/sensor/lowpass.py: run it, and paste what it prints.

Rules of this file
- A spectrum at a lower rate must not hear what the decimation folds into its bands: 70 dB, as class 1 of
  IEC 61260-1:2014 asks of a band filter far from its band. Elliptic filters give that with the fewest sections.
- The ripple below the edge is known, and divided out where bands are summed: so it may be large.
- Elliptic functions by Landen's transformation: S. J. Orfanidis, "Lecture Notes on Elliptic Filter Design", 2006.
- Nothing at run time imports this; a test holds the firmware's numbers against it.

    python -m gateway.lowpass_design
"""

import sys
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Complex: TypeAlias = npt.NDArray[np.complex128]


class LowPass(NamedTuple):
    """Edges in cycles per sample: `passband` with `ripple_db` below, `stopband` above."""

    order: int
    ripple_db: float
    passband: float
    stopband: float


TOP_BAND_HZ: Final = 2000 * 10**0.05  # upper edge of the 2 kHz band, the highest of the low spectrum
# From 48 kHz to 6 kHz and from 32 kHz to 6.4 kHz: what would be folded onto the 2 kHz band is gone.
FIRST: Final = {
    48000: LowPass(6, 1.0, 2400 / 48000, (6000 - TOP_BAND_HZ) / 48000),
    32000: LowPass(6, 1.0, 2400 / 32000, (6400 - TOP_BAND_HZ) / 32000),
}
# By two: the firing frequencies are followed up to 1 kHz, the bands here reach 355 Hz.
SECOND: Final = LowPass(4, 0.5, 1000 / 6000, 2160 / 6000)
# By five, to 600 Hz: bands up to 125 Hz. Their level is taken as the filter's at mid-band: hardly any ripple.
THIRD: Final = LowPass(6, 0.01, 170 / 3000, 430 / 3000)


def _landen(k: float) -> list[float]:
    moduli: list[float] = []
    while k > np.finfo(float).eps:
        k = float((k / (1 + np.sqrt(1 - k * k))) ** 2)
        moduli.append(k)
    return moduli


def _cd(u: Complex, k: float) -> Complex:
    """The elliptic function cd(u K, k)."""
    w = np.cos(u * np.pi / 2)
    for modulus in reversed(_landen(k)):
        w = (1 + modulus) * w / (1 + modulus * w * w)
    return np.asarray(w, dtype=complex)


def _inverse_sn(w: complex, k: float) -> complex:
    """The u of w = sn(u K, k)."""
    for modulus in _landen(k):
        w = 2 * w / ((1 + modulus) * (1 + np.sqrt(1 - (w * k) ** 2)))
        k = modulus
    return complex(2 / np.pi * np.arcsin(w))


def design(low_pass: LowPass) -> Array:
    """Return sections (order / 2, 6) for `sosfilt`, gain 1 at 0 Hz; the sharpest comes last."""
    order = low_pass.order
    edge = np.tan(np.pi * low_pass.passband)
    k = float(edge / np.tan(np.pi * low_pass.stopband))
    u = (2 * np.arange(order // 2) + 1.0) / order
    ripple = np.sqrt(10 ** (low_pass.ripple_db / 10) - 1)
    sn = _cd(np.asarray(1 - u, dtype=complex), k).real
    k1 = k**order * np.prod(sn**4)
    v = -1j * _inverse_sn(1j / ripple, float(k1)) / order
    zeros = 1j * edge / (k * _cd(np.asarray(u, dtype=complex), k))
    poles = 1j * edge * _cd(np.asarray(u - 1j * v, dtype=complex), k)
    rows: list[list[float]] = []
    for zero, pole in sorted(
        zip((1 + zeros) / (1 - zeros), (1 + poles) / (1 - poles), strict=True), key=lambda pair: abs(pair[1])
    ):
        a1, a2 = -2 * pole.real, abs(pole) ** 2
        b1 = -2 * zero.real
        gain = (1 + a1 + a2) / (2 + b1)
        rows.append([gain, gain * b1, gain, 1.0, a1, a2])
    return np.array(rows)


def main() -> None:
    """Print the sections as the arrays of firmware/sensor/lowpass.py."""
    for name, low_pass in (*((f"{rate}", each) for rate, each in FIRST.items()), ("2", SECOND), ("5", THIRD)):
        sys.stdout.write(f"{name}:\n")
        for row in design(low_pass):
            sys.stdout.write(f"    ({', '.join(f'{value:.9g}' for value in row)}),\n")


if __name__ == "__main__":
    main()
