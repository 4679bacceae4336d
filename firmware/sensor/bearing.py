"""Where the sound comes from: the delay between two microphones, by the phase of their cross-spectrum (GCC-PHAT).

Rules of this file
- What reaches the left microphone later comes from the right. A bearing is counted from straight ahead of the line of
  both, in degrees, negative to the left. One line of microphones cannot tell ahead from behind, nor left from up:
  the bearing of what passes above or below the microphones' height is nearer to 0 than its azimuth.
- Interleaved samples, left and right in turn, are complex numbers left + i right as they lie in memory: one transform
  gives both spectra and costs no copy. Sums of two neighbours, at half of 48 kHz, are all that 5 kHz needs.
- Three times a frame, a window each: the sum of the cross-spectra, divided by the root of the sum of their magnitudes,
  frequency by frequency. Dividing by all of it (Knapp & Carter 1976: the phase transform) makes the peak narrow
  however an engine's orders stand out, but lets the hiss of one vehicle hide another that is as loud; half of it, in
  dB, is a little less exact and sees both. Where the windows do not agree, little is left.
- Used is what the spacing allows: not under a quarter of a wavelength between the microphones, where the sound of a
  street seems to come from straight ahead whatever its direction; nor over 5 kHz, where exhausts have nothing.
- The peak is interpolated between lags of one sample, or sum.
"""

import math

from ulab import numpy as np

from firmware.common.blocks import block_samples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.sensor.transform import Transform

SPEED_OF_SOUND = 343.0  # m/s at 20 degrees Celsius; 20 degrees less make 2 degrees of bearing at 45
HIGHEST_HZ = 5000.0
POINTS = 512
LOWEST_RATE = 24000  # for 5 kHz: a peak is then interpolated within a tenth of a lag
EVERY = 2  # blocks, from a frame's first to its last
APART = 0.5  # two peaks are further apart than this part of a period of the middle frequency
CUT = -2.0  # in place of a peak that has been found
NOWHERE = 1e-20  # digital silence


class Bearing:
    """The bearing of a frame of `words` (float, 2 n: a block, interleaved), the memory of which stays the same.

    `block` after each block has been unpacked, `end` after the last of a frame; then new are `degrees` (-90 .. 90) and
    `height` (0 .. 1) of the highest peak of the correlation: 1 is one source and no echo, noise and what comes from
    everywhere stay under 0.2; `other_degrees` and `other_height` of the next one, which is another source (or a strong
    echo) when it is nearly as high.
    """

    def __init__(self, words: np.ndarray, rate: int, spacing_m: float, transform: "Transform") -> None:
        step = rate // LOWEST_RATE
        before = (block_samples(rate) - step * POINTS) // 2
        rate //= step
        samples = np.frombuffer(memoryview(words), dtype=np.complex)
        self._one = samples[before : before + step * POINTS : step]
        self._next = samples[before + 1 : before + 1 + step * POINTS : step]
        self._window = np.array(
            [0.5 - 0.5 * math.cos(2.0 * math.pi * (n + 0.5) / POINTS) for n in range(POINTS)]
        )
        bin_hz = rate / POINTS
        self._first = int(SPEED_OF_SOUND / (4.0 * spacing_m) / bin_hz) + 1
        self._end = int(HIGHEST_HZ / bin_hz) + 1
        self._cross = np.zeros(self._end - self._first, dtype=np.complex)
        self._magnitude = np.zeros(self._end - self._first)
        self._transform = transform
        self._points = transform.points[:POINTS]
        self._used = self._points[self._first : self._end]
        self._sine = SPEED_OF_SOUND / (rate * spacing_m)  # of the bearing, for a lag of one
        self._lags = int(1.0 / self._sine) + 2
        self._apart = int(APART * 2.0 * POINTS / (self._first + self._end)) + 1
        self._block = 0
        self.degrees = self.height = self.other_degrees = self.other_height = 0.0

    def block(self) -> None:
        """Take the block that is in `words` now."""
        if self._block % EVERY == 0:
            self._add()
        self._block += 1

    def end(self) -> None:
        """Find the peaks of the frame."""
        self._block = 0
        root = self._magnitude
        root += NOWHERE
        np.sqrt(root, out=root)
        self._transform.clear()
        self._used[:] = self._cross / root
        found = np.fft.fft(self._points)
        # From the lag of a sound from the far left, which the right microphone hears late, to that from the far right.
        lags = self._lags
        heights = np.concatenate((found[lags::-1].imag, found[-1 : -lags - 1 : -1].imag))
        heights *= -1.0 / np.sum(root)
        self.degrees, self.height = self._peak(heights)
        self.other_degrees, self.other_height = self._peak(heights)
        self._cross = self._cross * 0.0
        self._magnitude *= 0.0

    def _add(self) -> None:
        spectrum = np.fft.fft((self._one + self._next) * self._window)
        positive = spectrum[self._first : self._end]
        negative = np.conjugate(spectrum[-self._first : -self._end : -1])
        # Left is half of their sum, right half of their difference divided by i: this is left times right*, times -4i.
        cross = (positive + negative) * np.conjugate(positive - negative)
        self._cross = self._cross + cross
        self._magnitude += abs(cross)

    def _peak(self, heights: np.ndarray) -> tuple[float, float]:
        """Return bearing and height of the highest peak of `heights` (by lag), and cut it out of them."""
        at = np.argmax(heights)
        height = max(0.0, heights[at])
        lag = float(at - self._lags)
        if 0 < at < len(heights) - 1:
            before = heights[at - 1]
            after = heights[at + 1]
            bend = before - 2.0 * height + after
            if bend < 0.0 and before > CUT and after > CUT:
                aside = 0.5 * (before - after) / bend
                lag += aside
                height -= 0.25 * (before - after) * aside
        # Down to the valleys beside it: what rises again is another peak.
        low = max(0, at - self._apart)
        high = min(len(heights), at + self._apart + 1)
        while low > 0 and heights[low - 1] < heights[low]:
            low -= 1
        while high < len(heights) and heights[high] < heights[high - 1]:
            high += 1
        heights[low:high] = CUT
        sine = max(-1.0, min(1.0, lag * self._sine))
        return math.degrees(math.asin(sine)), min(1.0, height)
