"""`speech = "attenuated"`: sound for view.mp4 in which a vehicle is heard and nobody is understood.

Rules of this file
- Below LOW_HZ the sound stays as it was: there an exhaust has its loudest orders, and speech at most its pitch.
- Above it nothing of the recording is left, not even its phases, in which speech survives (docs/decisions.md). The
  sound is made anew from figures that change slower than speech: the orders of the firing frequency that the board
  tracked, each with its own level, and noise with third-octave levels. Both levels are means over SMEAR_S; what
  makes speech intelligible is how it changes two to sixteen times a second.
- The same clip always gives the same sound: the dice are seeded.
- sound.flac is not touched by this.
"""

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from gateway.clips.contents import SensorClip

Samples = npt.NDArray[np.float64]

LOW_HZ = (200.0, 250.0)  # all of the sound below the first, nothing above the second
HIGHEST_ORDER_HZ = 4000.0  # orders above it are lost in the noise of exhaust and tyres
SMEAR_S = 2.0
FRAME_S = 0.17  # resolves orders from about 25 Hz apart, and a revved engine hardly moves in it
OVERLAP = 4
FLOOR = 1e-9  # of the loudest order's power: -90 dB, not worth a cosine
# The three bins at a sine of amplitude 1 hold that part of (frame length)**2, with a Hann window.
SINE_POWER = 1.5 / 16
SEED = 1


def attenuated(samples: Samples, rate: int, firing_hz: Samples, end_s: Samples) -> Samples:
    """Return `samples` (channels, n), 1.0 full scale, with a vehicle in it and no speech; same shape.

    `firing_hz` (m,): the firing frequency of the frames that end at `end_s` (m,) seconds; 0.0 where none was found.
    """
    size = 1 << round(math.log2(FRAME_S * rate))
    hop = size // OVERLAP
    window = np.hanning(size + 1)[:-1]
    count = samples.shape[1]
    frames = math.ceil((count + size) / hop)
    times_s = (np.arange(frames, dtype=np.float64) * hop + hop - size / 2) / rate  # their middles
    track = _track(times_s, firing_hz, end_s)
    powers = [np.abs(_frames(channel, window, hop, frames)) ** 2 for channel in samples]
    orders = [_orders(power, track, rate, size) for power in powers]
    heard = np.stack([_low(channel, rate) for channel in samples])
    heard += _tone(orders, track, times_s, count, rate)
    dice = np.random.default_rng(SEED)
    for number, (power, found) in enumerate(zip(powers, orders, strict=True)):
        left = np.maximum(power - _explained(found, track, rate, size), 0.0)
        heard[number] += _noise(left, window, hop, rate, count, dice)
    return np.clip(heard, -1.0, 1.0)


def of_clip(clip: SensorClip, samples: Samples) -> Samples:
    """Return `attenuated` for the sound of `clip`."""
    end_s = np.array([(record.sample - clip.event.first) / clip.event.clock_hz for record in clip.trace])
    firing_hz = np.array([record.firing_hz for record in clip.trace])
    return attenuated(samples, clip.event.rate, firing_hz, end_s)


def _track(times_s: Samples, firing_hz: Samples, end_s: Samples) -> Samples:
    """Return the firing frequency at `times_s`, 0.0 where none was found."""
    if not np.any(firing_hz):
        return np.zeros(len(times_s))
    middle_s = end_s - 0.0625
    nearest = np.abs(times_s[:, np.newaxis] - middle_s).argmin(axis=1)
    known = firing_hz > 0
    between = np.interp(times_s, middle_s[known], firing_hz[known])
    return np.where(known[nearest], between, 0.0)


def _frames(channel: Samples, window: Samples, hop: int, count: int) -> npt.NDArray[np.complex128]:
    """Return the spectra (count, bins) of frames `hop` apart; the first begins before the sound."""
    size = len(window)
    padded = np.concatenate([np.zeros(size - hop), channel, np.zeros(size + hop)])
    padded = np.pad(padded, (0, max(0, (count - 1) * hop + size - len(padded))))
    cut = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count]
    return np.fft.rfft(cut * window, axis=1)


def _orders(power: Samples, track: Samples, rate: int, size: int) -> Samples:
    """Return the power (frames, orders) of each order above what lies between the orders: amplitude squared."""
    least = track[track > 0].min() if np.any(track) else HIGHEST_ORDER_HZ
    orders = np.arange(1, int(HIGHEST_ORDER_HZ / least) + 1)
    hz = track[:, np.newaxis] * orders
    inside = (hz >= LOW_HZ[1]) & (hz <= min(HIGHEST_ORDER_HZ, 0.45 * rate))
    at, half = hz * size / rate, track[:, np.newaxis] * size / rate / 2
    between = np.minimum(_three(power, at - half), _three(power, at + half))
    found = np.maximum(_three(power, at) - between, 0.0) / (SINE_POWER * size**2)
    return np.where(inside, found, 0.0)


def _three(power: Samples, at: Samples) -> Samples:
    """Return the power in the three bins at `at` (frames, orders), in bins."""
    middle = np.clip(np.rint(at).astype(np.int64), 1, power.shape[1] - 2)
    rows = np.arange(len(power))[:, np.newaxis]
    return power[rows, middle - 1] + power[rows, middle] + power[rows, middle + 1]


def _smeared(values: Samples, step_s: float) -> Samples:
    """Return `values` (frames, n) as means over SMEAR_S."""
    kernel = np.hanning(2 * round(SMEAR_S / step_s / 2) + 3)
    kernel /= kernel.sum()
    middle = len(kernel) // 2
    return np.stack([np.convolve(each, kernel)[middle : middle + len(each)] for each in values.T], axis=1)


def _low(channel: Samples, rate: int) -> Samples:
    """Return what lies below LOW_HZ."""
    spectrum = np.fft.rfft(channel)
    hz = np.fft.rfftfreq(len(channel), 1 / rate)
    part = np.clip((LOW_HZ[1] - hz) / (LOW_HZ[1] - LOW_HZ[0]), 0.0, 1.0)
    return np.fft.irfft(spectrum * np.sin(np.pi / 2 * part) ** 2, len(channel))


def _tone(orders: list[Samples], track: Samples, times_s: Samples, count: int, rate: int) -> Samples:
    """Return the orders as sines (channels, count)."""
    tone = np.zeros((len(orders), count))
    if not np.any(track):
        return tone
    step_s = float(times_s[1] - times_s[0])
    amplitudes = [np.sqrt(_smeared(found, step_s)) for found in orders]
    loudest = max(float(each.max()) for each in amplitudes)
    at_s = np.arange(count) / rate
    known = track > 0
    phase = 2 * np.pi * np.cumsum(np.interp(at_s, times_s[known], track[known])) / rate
    count_of_orders = int(orders[0].shape[1])
    turns = np.random.default_rng(SEED).random(count_of_orders)
    for number in range(count_of_orders):
        if max(float(each[:, number].max()) for each in amplitudes) ** 2 <= FLOOR * loudest**2:
            continue
        wave = np.cos((number + 1) * phase + 2 * np.pi * turns[number])
        for channel, each in enumerate(amplitudes):
            tone[channel] += wave * np.interp(at_s, times_s, each[:, number])
    return tone


def _explained(orders: Samples, track: Samples, rate: int, size: int) -> Samples:
    """Return the power (frames, bins) of the orders, each in the three bins where it was found."""
    power = np.zeros((len(track), size // 2 + 1))
    numbers = np.arange(1, int(orders.shape[1]) + 1)
    middle = np.clip(np.rint(track[:, np.newaxis] * numbers * size / rate).astype(np.int64), 1, size // 2 - 1)
    rows = np.arange(len(track))[:, np.newaxis]
    for aside, part in ((-1, 1 / 6), (0, 2 / 3), (1, 1 / 6)):
        np.add.at(power, (rows, middle + aside), part * SINE_POWER * size**2 * orders)
    return power


def _noise(
    power: Samples, window: Samples, hop: int, rate: int, count: int, dice: np.random.Generator
) -> Samples:
    """Return noise (count,) with the third-octave levels of `power` (frames, bins)."""
    size = len(window)
    frames = _frames(dice.standard_normal(count), window, hop, len(power))
    gains = np.zeros_like(power)
    for band in _bands(rate, size):
        wanted = power[:, band].mean(axis=1, keepdims=True)
        gains[:, band] = np.sqrt(_smeared(wanted, hop / rate))
    gains /= np.sqrt((window**2).sum())  # what a bin of the unscaled noise has
    cut = np.fft.irfft(frames * gains, size, axis=1) * window
    made = np.zeros((len(cut) - 1) * hop + size)
    for number, each in enumerate(cut):
        made[number * hop : number * hop + size] += each
    made /= (window**2).sum() / hop
    return made[size - hop : size - hop + count]


def _bands(rate: int, size: int) -> Iterator[slice]:
    """Return the bins of each third octave from LOW_HZ up; the last one ends with the spectrum."""
    edge, last = LOW_HZ[1], size // 2 + 1
    start = _bin(edge, rate, size)
    while start < last:
        edge *= 2 ** (1 / 3)
        end = min(_bin(edge, rate, size), last)
        end = last if edge * 2 ** (1 / 3) > rate / 2 else max(end, start + 1)
        yield slice(start, end)
        start = end


def _bin(hz: float, rate: int, size: int) -> int:
    return int(np.ceil(hz * size / rate))
