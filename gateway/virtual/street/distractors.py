"""What is loud in a street and is no exhaust: functions of seconds and seed that return (n,) at 48 kHz, any scale."""

from collections.abc import Callable
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engine import RATE


def siren(seconds: float, *, seed: int) -> Samples:
    """Two tones by turns, as European services sound them, with the harmonics of a horn."""
    rng = np.random.default_rng([seed, 11])
    low = rng.uniform(370, 450)
    t = np.arange(round(seconds * RATE)) / RATE
    hz = np.where((t % 1.5) < 0.75, low, low * 4 / 3)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return sum((np.sin(k * phase) / k for k in range(1, 9)), np.zeros(t.size))


def horn(seconds: float, *, seed: int) -> Samples:
    """A car's two horns, a third apart, pressed for about a second at a time."""
    rng = np.random.default_rng([seed, 12])
    low = rng.uniform(380, 440)
    t = np.arange(round(seconds * RATE)) / RATE
    tone = sum(
        (
            np.sin(2 * np.pi * k * hz * t + rng.uniform(0, 6)) / k**0.7
            for hz in (low, low * 1.25)
            for k in range(1, 13)
        ),
        np.zeros(t.size),
    )
    pressed = ((t % 1.8) < 1.1).astype(np.float64)
    return tone * _smooth(pressed, 0.02)


def speech(seconds: float, *, seed: int) -> Samples:
    """A loud voice: pitch that wanders, three formants that change with each syllable, pauses between words."""
    rng = np.random.default_rng([seed, 13])
    size = round(seconds * RATE)
    syllable = RATE // 5
    count = size // syllable + 2
    at = np.arange(size)
    knots = np.arange(count) * syllable
    pitch = np.interp(at, knots, rng.uniform(110, 210, count))
    phase = np.cumsum(pitch) / RATE
    loudness = np.interp(at, knots, np.where(rng.random(count) < 0.25, 0.0, rng.uniform(0.5, 1.0, count)))
    formants = [
        np.interp(at, knots, rng.uniform(*span, count)) for span in ((300, 800), (900, 2200), (2300, 3000))
    ]
    voice = np.zeros(size)
    for k in range(1, 24):
        hz = k * pitch
        gain = sum((1.0 / (1.0 + ((hz - f) / 120.0) ** 2) for f in formants), np.zeros(size))
        voice += gain / k**0.5 * np.sin(2 * np.pi * k * phase)
    return voice * loudness


def rain(seconds: float, *, seed: int) -> Samples:
    """Heavy rain: noise that rises towards 5 kHz, with drops on the housing."""
    rng = np.random.default_rng([seed, 14])
    size = round(seconds * RATE)
    hiss = _shaped(rng.standard_normal(size), lambda hz: hz / (hz + 3000.0) / (1 + (hz / 9000.0) ** 2))
    drops = np.where(rng.random(size) < 60 / RATE, rng.exponential(4.0, size), 0.0)
    return hiss + _shaped(drops, lambda hz: np.exp(-(((hz - 1800.0) / 900.0) ** 2))) * 3.0


def thunder(seconds: float, *, seed: int) -> Samples:
    """A crack, then rumble below 150 Hz that rolls and dies away."""
    rng = np.random.default_rng([seed, 15])
    size = round(seconds * RATE)
    t = np.arange(size) / RATE
    knots = np.arange(0, size + RATE, RATE // 4)
    rolling = np.interp(np.arange(size), knots, rng.uniform(0.2, 1.0, knots.size)) * np.exp(
        -t / (seconds / 3)
    )
    rumble = (
        _shaped(rng.standard_normal(size), lambda hz: hz / (hz + 20.0) / (1 + (hz / 100.0) ** 3)) * rolling
    )
    crack = rng.standard_normal(size) * np.exp(-t / 0.08)
    return rumble / np.max(np.abs(rumble)) + 0.6 * crack / np.max(np.abs(crack))


def music(seconds: float, *, seed: int) -> Samples:
    """A party's loudspeaker: a beat, a bass line and chords."""
    rng = np.random.default_rng([seed, 16])
    size = round(seconds * RATE)
    t = np.arange(size) / RATE
    beat_s = 60.0 / rng.uniform(95, 130)
    kick = np.sin(2 * np.pi * 55 * t) * np.exp(-(t % beat_s) / 0.09)
    roots = 110.0 * 2 ** (rng.choice([0, 3, 5, 7, 10], size=int(seconds / (2 * beat_s)) + 2) / 12)
    root = roots[(t / (2 * beat_s)).astype(np.int64)]
    phase = 2 * np.pi * np.cumsum(root) / RATE
    bass = sum((np.sin(k * phase / 2) / k for k in range(1, 5)), np.zeros(size)) * np.exp(
        -(t % (beat_s / 2)) / 0.2
    )
    chord = sum(
        (np.sin(ratio * k * phase) / k for ratio in (2.0, 2.52, 3.0) for k in range(1, 5)), np.zeros(size)
    )
    return 1.2 * kick + 0.8 * bass + 0.4 * chord


DISTRACTORS: Final[dict[str, Callable[..., Samples]]] = {
    "siren": siren,
    "horn": horn,
    "speech": speech,
    "rain": rain,
    "thunder": thunder,
    "music": music,
}


def _shaped(x: Samples, gain: Callable[[Samples], Samples]) -> Samples:
    size = 1 << (x.size - 1).bit_length()
    hz = np.asarray(np.fft.rfftfreq(size, 1 / RATE), np.float64)
    return np.fft.irfft(np.fft.rfft(x, size) * gain(hz), size)[: x.size]


def _smooth(x: Samples, seconds: float) -> Samples:
    width = int(seconds * RATE)
    return np.convolve(x, np.full(width, 1 / width), "same")
