"""What an engine sounds like a metre behind its tailpipe: pipe, silencer, mouth, jet, intake and rattle.

Rules of this file
- The pipe is a waveguide in the frequency domain: closed at the valve, open at the mouth, with a partial reflection
  at the collector; the higher the tone, the less comes back. Headers of unequal length delay their cylinders.
- A strong pulse steepens on its way: its crest runs ahead of its foot (weak-shock theory), by `steepening_s` at the
  loudest. That is the rasp of an open exhaust, and grows with the load by itself.
- The mouth radiates the change of the flow at low frequency. The outflow hisses with each pulse. Intake and
  mechanics sound as well, the latter also with a shut throttle.
"""

from typing import Final

import numpy as np

from gateway.virtual.level import Samples
from gateway.virtual.street.engines.engine import Engine, Exhaust
from gateway.virtual.street.engines.pulses import Firings, firings, flow, pops
from gateway.virtual.street.shaping import (
    CONTROL,
    RATE,
    Spectrum,
    bell,
    deviation_of,
    drawn_out,
    frequencies,
    low_pass,
    quick_length,
    resonance,
)

# Open ends reflect less and less above the frequency where the mouth is a sixth of a wave.
_MOUTH_HZ: Final = 1800.0
_RING_OUT_S: Final = 0.1
# Speed above which unburnt charge finds a pipe hot enough, in parts of the highest.
_POPS_FROM: Final = 0.4


def sound(
    engine: Engine, rpm: Samples, load: Samples, cut: Samples, n: int, rng: np.random.Generator
) -> Samples:
    """Return (n,) of the engine a metre away, any scale; `rpm`, `load`, `cut` are on the control grid (m,)."""
    turns = np.concatenate([[0.0], np.cumsum(0.5 * (rpm[1:] + rpm[:-1]))]) / 60.0 * CONTROL / RATE
    fired = firings(engine, turns + rng.random() * 2, load, cut, CONTROL, rng)
    hot = (rpm > _POPS_FROM * engine.top_rpm).astype(np.float64)
    popped = pops(engine, fired, load, CONTROL, rng, fast=hot)
    size = quick_length(n + int(_RING_OUT_S * RATE))
    hz = frequencies(size)
    waves = np.zeros(size // 2 + 1, np.complex128)
    intake = np.zeros(size // 2 + 1, np.complex128)
    pressed = np.zeros(n)
    for bank in sorted(set(engine.layout.banks)):
        stretch = 1.0 if bank == 0 else engine.exhaust.second_pipe
        gas = flow(_through_headers(engine, fired, bank), n) + flow(_of_bank(engine, popped, bank), n)
        pressed += gas
        # What goes off in the pipe burns on for some milliseconds.
        pressed += 0.4 * flow(_burning(_of_bank(engine, popped, bank)), n)
        spectrum = np.fft.rfft(gas, size)
        waves += spectrum * _pipe(engine.exhaust, hz, stretch)
        intake += spectrum
    wave = np.fft.irfft(waves, size)
    wave = _steepened(wave, engine.exhaust.steepening_s)
    out = np.fft.rfft(wave) * _mouth(engine.exhaust, hz)
    out *= _body(engine.exhaust, size, rng)
    strength = deviation_of(out, size)
    inlet = intake * _intake(engine, hz)
    inlet *= engine.intake * strength / deviation_of(inlet, size)
    hiss = _jet(engine, pressed, load, n, size, strength, rng)
    rattle = _mechanics(engine, turns, rpm, n, size, strength, rng)
    total = np.fft.irfft(out + inlet + hiss + rattle, size)[:n]
    if engine.whine:
        teeth = np.sin(2 * np.pi * engine.whine_order * drawn_out(turns, n))
        total += engine.whine * strength * teeth * drawn_out(0.3 + 0.7 * load, n)
    return total


def _of_bank(engine: Engine, fired: Firings, bank: int) -> Firings:
    return fired.of(np.array(engine.layout.banks)[fired.cylinder] == bank)


def _burning(popped: Firings) -> Firings:
    return Firings(popped.at, popped.strength, popped.cylinder, popped.rise_s, 8.0 * popped.fall_s)


def _through_headers(engine: Engine, fired: Firings, bank: int) -> Firings:
    own = _of_bank(engine, fired, bank)
    delay = np.array(engine.exhaust.headers_m)[own.cylinder] / engine.exhaust.gas_m_s * RATE
    return Firings(own.at + delay, own.strength, own.cylinder, own.rise_s, own.fall_s)


def _pipe(exhaust: Exhaust, hz: Samples, stretch: float) -> Spectrum:
    """Return what the pipe makes of the flow: standing waves of the headers and of the whole length."""
    header = float(np.mean(exhaust.headers_m))
    whole = (header + exhaust.pipe_m) * stretch
    lost = low_pass(hz, _MOUTH_HZ) * np.exp(-hz / 9000.0)
    there_and_back: Spectrum = np.exp(-4j * np.pi * hz / exhaust.gas_m_s * whole)
    in_header: Spectrum = np.exp(-4j * np.pi * hz / exhaust.gas_m_s * header)
    gain = (1.0 / (1.0 + exhaust.reflects * lost * there_and_back)).astype(np.complex128)
    gain /= 1.0 + exhaust.junction * lost * in_header
    if exhaust.chamber_hz:
        # The expansion chamber answers in two broad resonances and makes the note ring.
        gain *= (
            0.35 + resonance(hz, exhaust.chamber_hz, 2.5) + 0.6 * resonance(hz, 2.3 * exhaust.chamber_hz, 3.5)
        )
    return gain


def _steepened(wave: Samples, seconds: float) -> Samples:
    """Return `wave` after its crests ran ahead of its feet, by `seconds` where it is loudest."""
    crest = float(np.quantile(np.abs(wave), 0.999))
    if not seconds or not crest:
        return wave
    at = np.arange(wave.size)
    arrival = at - np.clip(wave / crest, -1.5, 1.5) * seconds * RATE
    # Where later parts overtake earlier ones a shock stands.
    return np.interp(at, np.maximum.accumulate(arrival), wave)


def _mouth(exhaust: Exhaust, hz: Samples) -> Spectrum:
    """Return silencer and radiation."""
    gain = 1j * hz / (1j * hz + exhaust.radiates_hz)
    if exhaust.silencer_hz:
        gain *= low_pass(hz, exhaust.silencer_hz, exhaust.silencer_order)
        # A chamber lets through every half wave and stops what lies between.
        gain *= 1.0 / (1.0 + 0.8 * np.sin(2 * np.pi * hz * exhaust.silencer_m / 400.0) ** 2)
    return gain * low_pass(hz, exhaust.dull_hz)


def _body(exhaust: Exhaust, size: int, rng: np.random.Generator) -> Spectrum:
    """Return what chambers, the vehicle's body and the ground beneath it add within milliseconds: a blur."""
    t = np.arange(int(6 * exhaust.blur_s * RATE) + 2) / RATE
    answer = rng.standard_normal(t.size) * np.exp(-t / exhaust.blur_s)
    answer *= exhaust.blur / float(np.sqrt(np.sum(answer**2)))
    answer[0] += 1.0
    return np.fft.rfft(answer, size)


def _intake(engine: Engine, hz: Samples) -> Spectrum:
    """Return what the airbox makes of the strokes, half a cycle later: a resonance and some roar above it."""
    late = np.exp(-2j * np.pi * hz * 0.004)
    return late * (resonance(hz, engine.intake_hz, 2.0) + 0.15 * low_pass(hz, 1500.0)) * hz / (hz + 60.0)


def _jet(
    engine: Engine,
    gas: Samples,
    load: Samples,
    n: int,
    size: int,
    strength: float,
    rng: np.random.Generator,
) -> Spectrum:
    """Return the hiss of the outflow: stronger than the flow, because a jet's sound grows with a high power of it."""
    mean = float(np.mean(gas)) or 1.0
    speed = gas / mean
    blown = rng.standard_normal(n) * (0.15 + speed * np.sqrt(speed)) * drawn_out(0.12 + 0.88 * load**1.5, n)
    colour = bell(engine.exhaust.jet_hz, 1.6)
    hissing = np.fft.rfft(blown, size) * colour(frequencies(size))
    if engine.exhaust.silencer_hz:
        hissing *= 0.3 + 0.7 * low_pass(frequencies(size), 3 * engine.exhaust.silencer_hz)
    return hissing * (engine.exhaust.jet * strength / deviation_of(hissing, size))


def _mechanics(
    engine: Engine,
    turns: Samples,
    rpm: Samples,
    n: int,
    size: int,
    strength: float,
    rng: np.random.Generator,
) -> Spectrum:
    """Return valves, chain and gears: clicks, two for each cylinder and cycle, and a rustle that follows them."""
    rate = 2 * len(engine.layout.angles) / engine.layout.turns
    clicking = np.cos(np.pi * rate * drawn_out(turns, n)) ** 2
    clicking = clicking * clicking * clicking * drawn_out(np.clip(rpm / engine.top_rpm, 0.05, 1.0) ** 1.5, n)
    rustle = np.fft.rfft(rng.standard_normal(n) * (0.8 * float(np.mean(clicking)) + clicking), size)
    rustle *= bell(engine.rattle_hz, 1.4)(frequencies(size))
    return rustle * (engine.rattle * strength / deviation_of(rustle, size))
