"""A lower rate for the recorder of a board with little memory: low-pass, then every n-th sample as 16 bit.

Levels are never computed from it. The low-pass is a Butterworth of order 10 at 0.4 of the new rate, designed
here at start by the bilinear transform with pre-warping: 3 dB down at 6.4 kHz and more than 25 dB down where
aliases would fall below that (9.6 kHz) for 48 -> 16 kHz.
"""

import math

from ulab import numpy as np
from ulab import scipy, utils

from firmware.common.blocks import block_samples

SECTIONS = 5
CORNER = 0.4  # of the new rate
FULL_SCALE_16 = 32767.0


def butterworth(corner: float) -> np.ndarray:
    """Return second-order sections, (SECTIONS, 6), of a low-pass at `corner` (cycles per sample)."""
    warped = math.tan(math.pi * corner)
    rows: list[list[float]] = []
    for index in range(SECTIONS):
        damping = math.sin(math.pi * (2 * index + 1) / (4 * SECTIONS))
        scale = 1 + 2 * damping * warped + warped * warped
        gain = warped * warped / scale
        rows.append(
            [
                gain,
                2 * gain,
                gain,
                1.0,
                2 * (warped * warped - 1) / scale,
                (1 - 2 * damping * warped + warped * warped) / scale,
            ]
        )
    return np.array(rows)


class Decimator:
    """Packs blocks of I2S words at `rate` (Hz) into 16-bit samples at rate / `factor`."""

    def __init__(self, rate: int, factor: int, channels: int) -> None:
        samples = block_samples(rate)
        self._factor = factor
        self._channels = channels
        self._words = np.zeros(samples * channels)
        self._sections = butterworth(CORNER / factor)
        self._states = [np.zeros((SECTIONS, 2)) for _ in range(channels)]
        self._scale = FULL_SCALE_16 / 2147483648.0

    def pack(self, raw: bytearray, packed: bytearray) -> None:
        """Fill `packed` (bytearray, int16 interleaved) from `raw` (bytearray of I2S words of one block)."""
        words = self._words
        utils.from_int32_buffer(raw, out=words)
        words *= self._scale
        out = np.frombuffer(packed, dtype=np.int16)
        for channel in range(self._channels):
            low, self._states[channel] = scipy.signal.sosfilt(
                self._sections, words[channel :: self._channels], zi=self._states[channel]
            )
            kept = np.clip(low[:: self._factor], -FULL_SCALE_16, FULL_SCALE_16)
            out[channel :: self._channels] = np.array(kept, dtype=np.int16)
