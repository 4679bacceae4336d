"""Design of the A-weighting sections in firmware/sensor/weighting.py: run it, and paste what it prints.

Rules of this file
- The design goal is the analogue A-weighting of IEC 61672-1:2013, annex E, 0 dB at 1 kHz.
- High-pass sections come first (single precision keeps its noise floor), by the bilinear transform with
  pre-warped poles. The double pole at 12.2 kHz is one section with five free coefficients, fitted to what is
  left in dB by Levenberg-Marquardt: the plain bilinear transform is 3 dB off at 16 kHz at 48 kHz.
- Nothing at run time imports this; a test holds the firmware's numbers against it.

    python -m gateway.weighting_design
"""

import sys
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

LOW_POLES_HZ: Final = ((20.598997, 20.598997), (107.65265, 737.86223))
HIGH_POLE_HZ: Final = 12194.217
# Sampling rate: highest frequency that counts. Above it the fit is free.
FITTED_TO_HZ: Final = {48000: 20000.0, 32000: 14000.0, 16000: 7200.0}

_STEP: Final = 1e-6  # of the numerical derivative
_ITERATIONS: Final = 400
_GIVE_UP: Final = 1e12  # damping at which no step is an improvement any more


def goal_db(hz: Array) -> Array:
    """Return the A-weighting at `hz` (n,) in dB."""

    def gain(f: Array) -> Array:
        low = np.prod([f**2 + pole**2 for pair in LOW_POLES_HZ for pole in pair], axis=0)
        return np.asarray(f**4 / np.sqrt(low) / (f**2 + HIGH_POLE_HZ**2))

    return np.asarray(20 * np.log10(gain(hz) / gain(np.array([1000.0]))))


def response_db(sections: Array, hz: Array, rate: int) -> Array:
    """Return the gain of `sections` (n, 6) at `hz` in dB."""
    z = np.exp(-2j * np.pi * hz / rate)
    powers = np.array([np.ones_like(z), z, z * z])
    gain = np.prod((sections[:, :3] @ powers) / (sections[:, 3:] @ powers), axis=0)
    return np.asarray(20 * np.log10(np.abs(gain)))


def high_pass(poles_hz: tuple[float, float], rate: int) -> Array:
    """Return one section (6,) with two zeros at 0 Hz and two real poles."""
    warped = np.tan(np.pi * np.array(poles_hz) / rate)
    gain = 1 / np.prod(1 + warped)
    first, second = (1 - warped) / (1 + warped)
    return np.array([gain, -2 * gain, gain, 1.0, -(first + second), first * second])


def design(rate: int) -> Array:
    """Return the A-weighting at `rate` (Hz; a key of FITTED_TO_HZ) as sections (3, 6) for `sosfilt`."""
    top = FITTED_TO_HZ[rate]
    low = np.array([high_pass(poles, rate) for poles in LOW_POLES_HZ])
    # Evenly by ear, and evenly in hertz where the goal bends.
    hz = np.concatenate([np.geomspace(200, top, 300), np.linspace(2000, top, 100)])
    wanted = goal_db(hz) - response_db(low, hz, rate)

    def section(p: Array) -> Array:
        return np.array([[p[0], p[0] * p[1], p[0] * p[2], 1.0, p[3], p[4]]])

    def error(p: Array) -> Array:
        return response_db(section(p), hz, rate) - wanted

    best: Array = np.array([0.6, 0.6, 0.05, -0.2, 0.02])
    left = error(best)
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
    return np.concatenate([low, section(best)])


def main() -> None:
    """Print the sections as Python data, and the error in dB at the third-octave mid-bands."""
    for rate, top in FITTED_TO_HZ.items():
        sections = design(rate)
        sys.stdout.write(f"    {rate}: (\n")
        for row in sections:
            sys.stdout.write(f"        ({', '.join(f'{value:.12g}' for value in row)}),\n")
        sys.stdout.write("    ),\n")
        hz = 10 ** (np.arange(10, 44) / 10)
        hz = hz[hz <= top]
        error = response_db(sections, hz, rate) - goal_db(hz)
        table = "  ".join(f"{f:.0f}: {e:+.3f}" for f, e in zip(hz, error, strict=True))
        sys.stdout.write(f"    # error in dB: {table}\n")


if __name__ == "__main__":
    main()
