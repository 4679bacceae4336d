"""What is loud in a street and is no exhaust: functions of seconds and seed that return (n,) at 48 kHz, any scale."""

from collections.abc import Callable
from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engine import RATE, Engine, exhaust
from gateway.virtual.street.passby import Path, passing


def siren(seconds: float, *, seed: int) -> Samples:
    """Two tones by turns, as European services sound them; its horn is loudest from 1 to 3 kHz."""
    rng = np.random.default_rng([seed, 11])
    low = rng.uniform(370, 450)
    t = np.arange(round(seconds * RATE)) / RATE
    hz = np.where((t % 1.5) < 0.75, low, low * 4 / 3)
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    tone = np.zeros(t.size)
    for k in range(1, 13):
        strength = 1.0 / (1.0 + ((k * low - 1800.0) / 1000.0) ** 2) + 0.2 / k
        tone += strength * np.sin(k * phase + rng.uniform(0, 6))
    return tone


def horn(seconds: float, *, seed: int) -> Samples:
    """A car's two horns, a third apart, pressed for a second at a time; loudest at 2 to 3.5 kHz, as UN R28 asks."""
    rng = np.random.default_rng([seed, 12])
    t = np.arange(round(seconds * RATE)) / RATE
    low = rng.uniform(390, 430)
    tone = np.zeros(t.size)
    # Two horns are never tuned to each other: with exact ratios they would make one series, as an engine does.
    for hz in (low, low * rng.uniform(1.19, 1.27)):
        for k in range(1, 16):
            strength = 1.0 / (1.0 + ((k * hz - 2700.0) / 900.0) ** 2) + 0.25 / k
            tone += strength * np.sin(2 * np.pi * k * hz * t + rng.uniform(0, 6))
    pressed = ((t % 1.8) < 1.1).astype(np.float64)
    return tone * _smooth(pressed, 0.02)


def speech(seconds: float, *, seed: int) -> Samples:
    """A shout: high pitch that wanders, formants that change with each syllable, hissing consonants, pauses."""
    rng = np.random.default_rng([seed, 13])
    size = round(seconds * RATE)
    syllable = RATE // 5
    count = size // syllable + 2
    at = np.arange(size)
    knots = np.arange(count) * syllable
    pitch = np.interp(at, knots, rng.uniform(140, 280, count))
    phase = np.cumsum(pitch) / RATE
    loudness = np.interp(at, knots, np.where(rng.random(count) < 0.25, 0.0, rng.uniform(0.5, 1.0, count)))
    formants = [
        np.interp(at, knots, rng.uniform(*span, count)) for span in ((300, 800), (900, 2200), (2300, 3000))
    ]
    voice = np.zeros(size)
    for k in range(1, 24):
        hz = k * pitch
        gain = sum((1.0 / (1.0 + ((hz - f) / 120.0) ** 2) for f in formants), np.zeros(size))
        voice += gain / k**0.2 * np.sin(2 * np.pi * k * phase)
    consonants = np.interp(at, knots + syllable // 2, np.where(rng.random(count) < 0.4, 1.0, 0.0)) ** 3
    hiss = _shaped(rng.standard_normal(size), lambda hz: 1 / (1 + ((hz - 5500.0) / 1800.0) ** 2))
    return voice * loudness + 0.5 * float(np.std(voice)) / float(np.std(hiss)) * hiss * consonants


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
    """A party's loudspeaker: kick, snare and cymbals on the beat, a bass line, chords, a melody over them."""
    rng = np.random.default_rng([seed, 16])
    size = round(seconds * RATE)
    t = np.arange(size) / RATE
    beat_s = 60.0 / rng.uniform(95, 130)
    count = int(seconds / beat_s) + 2
    beat = t / beat_s
    kick = np.sin(2 * np.pi * 55 * t) * np.exp(-(t % beat_s) / 0.09)
    bright = _shaped(rng.standard_normal(size), lambda hz: (hz / 8000.0) ** 2 / (1 + (hz / 8000.0) ** 4))
    wide = _shaped(rng.standard_normal(size), lambda hz: hz / (hz + 200.0) / (1 + (hz / 3000.0) ** 2))
    cymbals = bright / np.std(bright) * np.exp(-(t % (beat_s / 2)) / 0.04)
    snare = wide / np.std(wide) * np.exp(-((t + beat_s) % (2 * beat_s)) / 0.07)
    roots = 110.0 * 2 ** (np.repeat(rng.choice([0, 3, 5, 7, 10], count), 2)[:count] / 12)
    bass = _notes(roots / 2, beat, 4) * np.exp(-(t % (beat_s / 2)) / 0.2)
    chord = sum((_notes(roots * 2 ** (step / 12), beat, 5) for step in (12, 15, 19)), np.zeros(size))
    melody = _notes(440.0 * 2 ** (rng.choice([0, 2, 3, 5, 7, 8, 12], 2 * count) / 12), 2 * beat, 6)
    return 1.0 * kick + 0.5 * bass + 0.3 * chord + 0.4 * melody + 0.5 * snare + 0.35 * cymbals


def birds(seconds: float, *, seed: int) -> Samples:
    """Birds close by: chirps that glide between 2 and 6 kHz, in phrases."""
    rng = np.random.default_rng([seed, 17])
    size = round(seconds * RATE)
    song = np.zeros(size)
    at = rng.uniform(0.0, 0.2)
    while at < seconds - 0.3:
        length = rng.uniform(0.05, 0.2)
        t = np.arange(int(length * RATE)) / RATE
        first, last = rng.uniform(2000, 6000, 2)
        chirp = np.sin(2 * np.pi * (first * t + (last - first) * t**2 / (2 * length))) * np.sin(
            np.pi * t / length
        )
        start = int(at * RATE)
        song[start : start + t.size] += rng.uniform(0.4, 1.0) * chirp[: size - start]
        at += length + rng.choice([0.05, 0.1, 0.6])
    return song


def truck(seconds: float, *, seed: int) -> Samples:
    """A lorry passes: a large diesel at a steady 60 to 75 firings a second behind a good muffler, and its tyres."""
    rng = np.random.default_rng([seed, 18])
    size = round(seconds * RATE)
    diesel = Engine(
        "diesel", 6, idle_rpm=550, top_rpm=2100, scatter=0.05, pipe_m=3.0, muffler_hz=120, noise=0.4
    )
    motor = exhaust(diesel, np.full(size, rng.uniform(1200, 1500)), np.full(size, 0.6), seed=seed)
    tyres = _shaped(rng.standard_normal(size), lambda hz: hz / (hz + 500.0) / (1 + (hz / 1200.0) ** 2))
    both = motor / np.std(motor) + 1.2 * tyres / np.std(tyres)
    return passing(both, Path(seconds / 2, speed_m_s=float(rng.uniform(9, 14))))[0]


DISTRACTORS: Final[dict[str, Callable[..., Samples]]] = {
    "siren": siren,
    "horn": horn,
    "speech": speech,
    "rain": rain,
    "thunder": thunder,
    "music": music,
    "birds": birds,
    "truck": truck,
}


def _notes(pitches_hz: Samples, place: Samples, harmonics: int) -> Samples:
    """Return (n,) of notes, the whole part of `place` (n,) telling which."""
    phase = 2 * np.pi * np.cumsum(pitches_hz[place.astype(np.int64)]) / RATE
    return sum((np.sin(k * phase) / k for k in range(1, harmonics + 1)), np.zeros(place.size))


def _shaped(x: Samples, gain: Callable[[Samples], Samples]) -> Samples:
    size = 1 << (x.size - 1).bit_length()
    hz = np.asarray(np.fft.rfftfreq(size, 1 / RATE), np.float64)
    return np.fft.irfft(np.fft.rfft(x, size) * gain(hz), size)[: x.size]


def _smooth(x: Samples, seconds: float) -> Samples:
    width = int(seconds * RATE)
    return np.convolve(x, np.full(width, 1 / width), "same")
