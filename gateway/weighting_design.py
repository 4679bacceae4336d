"""Design of the C- and A-weighting sections in firmware/sensor/weighting.py: run it, and paste what it prints.

Rules of this file
- The design goals are the analogue weightings of IEC 61672-1:2013, annex E, both 0 dB at 1 kHz.
- C is a high-pass at 20.6 Hz and a double pole at 12.2 kHz; A is C and one more high-pass, so that the board filters
  a sample once for both. High-pass sections are bilinear transforms with pre-warped poles.
- The double pole at 12.2 kHz is one section with five free coefficients, fitted to what is left in dB by
  Levenberg-Marquardt: the plain bilinear transform is 3 dB off at 16 kHz at 48 kHz. What the high-pass of A is off
  near the end of the band is fitted too: its poles move by less than 1 %.
- A board computes in single precision, where the last bit of a coefficient moves a pole at 20 Hz; and not every
  MicroPython reads a decimal to its last bit. So coefficients are whole numbers of STEPS, exact in single precision on
  every board, and those of low poles and zeros are chosen among their neighbours for the response.
- Nothing at run time imports this; a test holds the firmware's numbers against it.

    python -m gateway.weighting_design
"""

import sys
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

C_LOW_POLES_HZ: Final = (20.598997, 20.598997)
A_LOW_POLES_HZ: Final = (107.65265, 737.86223)
HIGH_POLE_HZ: Final = 12194.217
REFERENCE_HZ: Final = 1000.0
# Sampling rate: highest frequency that counts. Above it the fit is free.
FITTED_TO_HZ: Final = {48000: 20000.0, 32000: 14000.0, 16000: 7200.0}

STEPS: Final = (
    2**23
)  # to 1: single precision has every whole number up to twice that, and every even one to four times

_STEP: Final = 1e-6  # of the numerical derivative
_NEIGHBOURS: Final = 100
_ITERATIONS: Final = 400
_GIVE_UP: Final = 1e12  # damping at which no step is an improvement any more


class Sections(NamedTuple):
    """Sections for `sosfilt`: `c` (2, 6) gives C of a signal, `a` (1, 6) after it gives A."""

    c: Array
    a: Array


def goal_db(hz: Array, weighting: str = "A") -> Array:
    """Return the A- or C-weighting at `hz` (n,) in dB."""
    poles = C_LOW_POLES_HZ if weighting == "C" else (*C_LOW_POLES_HZ, *A_LOW_POLES_HZ)

    def gain(f: Array) -> Array:
        low = np.prod([f / np.sqrt(f**2 + pole**2) for pole in poles], axis=0)
        return np.asarray(low / (f**2 + HIGH_POLE_HZ**2))

    return np.asarray(20 * np.log10(gain(hz) / gain(np.array([REFERENCE_HZ]))))


def response_db(sections: Array, hz: Array, rate: int) -> Array:
    """Return the gain of `sections` (n, 6) at `hz` in dB."""
    z = np.exp(-2j * np.pi * hz / rate)
    powers = np.array([np.ones_like(z), z, z * z])
    gain = np.prod((sections[:, :3] @ powers) / (sections[:, 3:] @ powers), axis=0)
    return np.asarray(20 * np.log10(np.abs(gain)))


def high_pass(poles_hz: Array, rate: int) -> Array:
    """Return one section (6,) with two zeros at 0 Hz and two real poles; gain 1 at half the rate."""
    warped = np.tan(np.pi * np.asarray(poles_hz) / rate)
    gain = 1 / np.prod(1 + warped)
    first, second = (1 - warped) / (1 + warped)
    return np.array([gain, -2 * gain, gain, 1.0, -(first + second), first * second])


def fit(error: Callable[[Array], Array], start: Array) -> Array:
    """Return the parameters near `start` (n,) for which the sum of squares of `error` is least."""
    best, left = start, error(start)
    damping = 1e-2
    for _ in range(_ITERATIONS):
        slopes = np.array([(error(best + step) - left) / _STEP for step in _STEP * np.eye(best.size)]).T
        normal = slopes.T @ slopes
        trial = best - np.linalg.solve(normal + damping * np.diag(np.diag(normal)), slopes.T @ left)
        after = error(trial)
        if after @ after < left @ left:
            best, left, damping = trial, after, damping / 3
        else:
            damping *= 4
        if damping > _GIVE_UP:
            break
    return best


def rounded(sections: Array, rate: int) -> Array:
    """Return `sections` (n, 6) in whole numbers of 1 / STEPS, their responses at `rate` (Hz) all but unchanged."""
    steps = np.round(sections * STEPS)
    for section, row in zip(sections, steps, strict=True):
        if section[1] == -2 * section[0] and section[2] == section[0]:
            row[1:3] = -2 * row[0], row[0]  # both zeros stay at 0 Hz
        elif section[0] == 1.0:
            row[:3] = _neighbour(section[:3], rate)
        row[3:] = _neighbour(section[3:], rate)
    return np.asarray(steps / STEPS)


def _neighbour(polynomial: Array, rate: int) -> Array:
    # The whole numbers near 1, p1, p2 that keep its size from 10 Hz on: the sum, which is its size at 0 Hz, is small.
    hz = np.geomspace(10, 0.45 * rate, 100)
    z = np.exp(-2j * np.pi * hz / rate)
    powers = np.array([np.ones_like(z), z, z * z])
    total = polynomial.sum() * STEPS
    middle = round(polynomial[1] * STEPS)
    near = [
        (STEPS, p1, round(total) - STEPS - p1 + more)
        for p1 in range(middle - _NEIGHBOURS, middle + _NEIGHBOURS + 1)
        for more in (-1, 0, 1)
    ]
    ratio = np.abs(np.array(near) @ powers) / np.abs(polynomial @ powers) / STEPS
    return np.array(near[int(np.argmin(np.abs(np.log(ratio)).max(axis=1)))], dtype=float)


def design(rate: int) -> Sections:
    """Return the weightings at `rate` (Hz; a key of FITTED_TO_HZ)."""
    top = FITTED_TO_HZ[rate]
    low = high_pass(np.array(C_LOW_POLES_HZ), rate)[np.newaxis]
    # Evenly by ear, and evenly in hertz where the goal bends.
    hz = np.concatenate([np.geomspace(200, top, 300), np.linspace(2000, top, 100)])
    wanted = goal_db(hz, "C") - response_db(low, hz, rate)

    def high(p: Array) -> Array:
        return np.array([[p[0], p[0] * p[1], p[0] * p[2], 1.0, p[3], p[4]]])

    found = fit(lambda p: response_db(high(p), hz, rate) - wanted, np.array([0.6, 0.6, 0.05, -0.2, 0.02]))
    c = rounded(_normalised(np.concatenate([low, high(found)]), np.empty((0, 6)), rate), rate)

    hz = np.geomspace(10, top, 400)
    wanted = goal_db(hz) - response_db(c, hz, rate)

    def more(p: Array) -> Array:
        section = high_pass(np.array(A_LOW_POLES_HZ) * p[:2], rate)
        section[:3] *= p[2]
        return section[np.newaxis]

    found = fit(lambda p: response_db(more(p), hz, rate) - wanted, np.array([1.0, 1.0, 1.15]))
    return Sections(c, rounded(_normalised(more(found), c, rate), rate))


def _normalised(sections: Array, before: Array, rate: int) -> Array:
    # Exactly 0 dB at the reference frequency, which all levels refer to.
    gain = response_db(np.concatenate([before, sections]), np.array([REFERENCE_HZ]), rate)[0]
    last = sections[-1].copy()
    last[:3] /= 10 ** (gain / 20)
    return np.concatenate([sections[:-1], last[np.newaxis]])


def main() -> None:
    """Print the sections as Python data, and the error in dB at the third-octave mid-bands."""
    designs = {rate: design(rate) for rate in FITTED_TO_HZ}
    for name in Sections._fields:
        sys.stdout.write(f"{name.upper()}_SECTIONS = {{\n")
        for rate, sections in designs.items():
            sys.stdout.write(f"    {rate}: (\n")
            for row in getattr(sections, name):
                sys.stdout.write(f"        ({', '.join(f'{value * STEPS:.0f}' for value in row)}),\n")
            sys.stdout.write("    ),\n")
        sys.stdout.write("}\n")
    for rate, (c, a) in designs.items():
        hz = 10 ** (np.arange(10, 44) / 10)
        hz = hz[hz <= FITTED_TO_HZ[rate]]
        for name, sections in (("C", c), ("A", np.concatenate([c, a]))):
            error = response_db(sections, hz, rate) - goal_db(hz, name)
            table = "  ".join(f"{f:.0f}: {e:+.3f}" for f, e in zip(hz, error, strict=True))
            sys.stdout.write(f"# {name} at {rate} Hz, error in dB: {table}\n")


if __name__ == "__main__":
    main()
