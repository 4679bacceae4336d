"""How the loudness above the orders beats with the engine: what one hears as rough.

Each firing lets gas out with a hiss: the sound from 300 Hz to 2.5 kHz swells as often as the engine fires, with
unequal cylinders half as often too. Its envelope (the square, of the 6 kHz samples, differentiated, which is the
high-pass) has a line there, where a horn's or a voice's upper partials have one too, and a siren's, a tyre's and the
wind's have none.
"""

import math

from ulab import numpy as np

from firmware.sensor.transform import POINTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.spectrum import LowSpectrum
    from firmware.sensor.transform import Transform

ENVELOPE = POINTS // 2  # samples, at half the rate


class Roughness:
    """`run` after `low` (LowSpectrum) has ended a frame, then `depth` of a frequency, before any other transform."""

    def __init__(self, low: "LowSpectrum", transform: "Transform") -> None:
        self._transform = transform
        self._newer = memoryview(low.fast)[-POINTS:]
        self._older = low.fast[-POINTS - 1 : -1]
        self._spare = transform.spare[:POINTS]
        self._view = memoryview(self._spare)
        self._even = self._spare[0::2]
        self._odd = self._spare[1::2]
        self._window = low.rise[::2]
        self._falling = low.rise[-3:0:-2]
        self._envelope = transform.samples[:ENVELOPE]
        self._envelope_view = memoryview(self._envelope)
        self._risen = transform.samples[: ENVELOPE // 2 + 1]
        self._fallen = transform.samples[ENVELOPE // 2 + 1 : ENVELOPE]
        self._bin_hz = 2.0 * low.bin_hz
        self._mean = 1e-20

    def run(self) -> None:
        """Compute the envelope's spectrum."""
        spare = self._spare
        self._view[:] = self._newer
        spare -= self._older
        spare *= spare
        envelope = self._envelope
        self._envelope_view[:] = memoryview(self._even + self._odd)
        mean = float(np.mean(envelope))
        self._mean = mean + 1e-20
        envelope -= mean
        risen = self._risen
        risen *= self._window
        fallen = self._fallen
        fallen *= self._falling
        self._transform.run_half()

    def depth(self, hz: float) -> float:
        """Return how deep the envelope is modulated at `hz`: 0 not, 1 wholly (a train of pulses: more, cut off)."""
        at = int(hz / self._bin_hz + 0.5)
        if at < 2 or at + 2 > ENVELOPE // 2:
            return 0.0
        # A line of amplitude m has (m N / 4)^2 in its bin of a Hann window, and half as much again beside it.
        power = float(np.sum(self._transform.power[at - 1 : at + 2])) / 1.5
        return min(1.0, 4.0 * math.sqrt(power) / (ENVELOPE * self._mean))
