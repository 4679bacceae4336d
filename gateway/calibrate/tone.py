"""Is what a board hears the tone of a calibrator, and at which level? Pure: figures in, a reading or a doubt out.

Rules of this file
- Only figures are looked at: LAeq, LCeq and third-octave bands of 125 ms. No sound leaves the board.
- The level is read from LCeq: C is flat from 100 Hz to 2 kHz, so a calibrator that is a little off its frequency does
  not move it, and it leaves out what wind does below 20 Hz. What C takes off at the tone is put back by the formula.
- A doubt is `final` when waiting cannot help: another frequency, another level. Everything else may pass.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from firmware.common import flags
from gateway.link.events import FiguresReceived

FRAMES_PER_SECOND = 8
STEADY_S = 5.0
STEADY_FRAMES = int(STEADY_S * FRAMES_PER_SECOND)
# A class 1 calibrator holds its level within 0.1 dB (IEC 60942), and noise 25 dB below a tone moves 125 ms of it by a
# few hundredths: more is a calibrator that does not sit well, or a hand on it.
MAX_SPREAD_DB = 0.1
# What is 25 dB below the tone adds 0.014 dB to it: less than is read. Class 1 calibrators distort by 3 % (-30 dB).
MIN_ABOVE_REST_DB = 25.0
# A tone is meant to be a tone at all when it is this much above the rest; below it, nothing but noise is heard.
MIN_ABOVE_NOISE_DB = 10.0
# Between A and C weighting a tone at 1 kHz differs by 0.2 dB when it is 7 % off, at 250 Hz when it is 3 % off;
# calibrators keep theirs within 1 %, weightings agree within 0.2 dB at 1 kHz (IEC 61672-1:2013).
MAX_WEIGHTING_DB = 0.2
WIND_HZ = 160.0  # wind is below, speech above
LOWEST_BAND = 14  # of the boards' bands: 10^(14/10) = 25 Hz
COMMON_LEVELS_DB = (94.0, 104.0, 114.0, 124.0)  # what calibrators are made for
SPOILT = flags.OVERLOAD | flags.CLIPPED | flags.STUCK | flags.FLOATING | flags.SAMPLES_LOST
LOW_POLE_HZ, HIGH_POLE_HZ, A_POLES_HZ = (
    20.598997,
    12194.217,
    (107.65265, 737.86223),
)  # IEC 61672-1:2013, annex E


@dataclass(frozen=True, slots=True)
class Wanted:
    """The tone that should be there; `offset_db` is what the board adds now, `margin_db` how far off it may be."""

    level_db: float
    frequency_hz: float
    offset_db: float
    margin_db: float


@dataclass(frozen=True, slots=True)
class Reading:
    """A steady tone: its mean level and how much the level of 125 ms moved."""

    level_db: float
    spread_db: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why there is no reading. `final`: waiting cannot help."""

    text: str
    final: bool = False


def judge(figures: Sequence[FiguresReceived], wanted: Wanted) -> Reading | Doubt:
    """Return what `STEADY_FRAMES` consecutive `figures` say of the tone that is `wanted`."""
    if any(each.flags & SPOILT for each in figures):
        return Doubt("the board's self-check finds the sound overloaded, stuck or cut: see its checks")
    energies = _band_energies(figures)
    total = sum(energies)
    strongest = max(range(len(energies)), key=energies.__getitem__)
    tone = sum(energies[max(strongest - 1, 0) : strongest + 2])
    levels_db = [each.lceq_db for each in figures]
    spread_db = max(levels_db) - min(levels_db)
    above_db = 10 * math.log10(tone / max(total - tone, tone * 1e-9))
    if band_of(wanted.frequency_hz) != strongest + LOWEST_BAND:
        return _other_tone(wanted, strongest, above_db, spread_db)
    if above_db < MIN_ABOVE_REST_DB:
        return Doubt(
            f"{_what_else(energies, strongest)} beside the tone, only {above_db:.0f} dB below it "
            f"(at least {MIN_ABOVE_REST_DB:.0f} are needed): wait for a quiet moment"
        )
    if spread_db > MAX_SPREAD_DB:
        return Doubt(
            f"the level moves by {spread_db:.2f} dB within {STEADY_S:.0f} s (at most {MAX_SPREAD_DB} dB): push the "
            "calibrator on to its stop, take the hand off, check its battery"
        )
    level_db = _mean_db(levels_db) - c_weighting_db(wanted.frequency_hz)
    return _weighting_doubt(figures, wanted) or _level_doubt(level_db, wanted) or Reading(level_db, spread_db)


def band_of(frequency_hz: float) -> int:
    """Return the number n of the third-octave band, mid-frequency 10^(n/10) Hz, that `frequency_hz` is in."""
    return round(10 * math.log10(frequency_hz))


def a_weighting_db(frequency_hz: float) -> float:
    """Return the A-weighting at `frequency_hz`, IEC 61672-1:2013, annex E: 0 at 1 kHz."""
    return _unscaled_a_db(frequency_hz) - _unscaled_a_db(1000.0)


def c_weighting_db(frequency_hz: float) -> float:
    """Return the C-weighting at `frequency_hz`, IEC 61672-1:2013, annex E: 0 at 1 kHz."""
    return _unscaled_c_db(frequency_hz) - _unscaled_c_db(1000.0)


def _unscaled_c_db(hz: float) -> float:
    square = hz * hz
    return 20 * math.log10(square / ((square + LOW_POLE_HZ**2) * (square + HIGH_POLE_HZ**2)))


def _unscaled_a_db(hz: float) -> float:
    square = hz * hz
    return _unscaled_c_db(hz) + sum(20 * math.log10(hz / math.sqrt(square + pole**2)) for pole in A_POLES_HZ)


def _band_energies(figures: Sequence[FiguresReceived]) -> list[float]:
    """Return the mean energy of each band, C-weighted as the level that is read."""
    count = min(len(each.bands) for each in figures)
    return [
        sum(10 ** (each.bands[band] / 10) for each in figures)
        / len(figures)
        * 10 ** (c_weighting_db(_mid_hz(band)) / 10)
        for band in range(count)
    ]


def _mid_hz(band: int) -> float:
    return 10 ** ((band + LOWEST_BAND) / 10)


def _what_else(energies: Sequence[float], strongest: int) -> str:
    rest = [(_mid_hz(band), energy) for band, energy in enumerate(energies) if abs(band - strongest) > 1]
    low = sum(energy for hz, energy in rest if hz < WIND_HZ)
    return "wind or rumble" if low > sum(energy for _, energy in rest) / 2 else "talk or another sound"


def _other_tone(wanted: Wanted, strongest: int, above_db: float, spread_db: float) -> Doubt:
    found_hz = _mid_hz(strongest)
    if above_db >= MIN_ABOVE_REST_DB and spread_db <= MAX_SPREAD_DB:
        return Doubt(
            f"a steady tone in the band of {found_hz:.0f} Hz is heard, not one of {wanted.frequency_hz:g} Hz: "
            "give --frequency as the calibrator says",
            final=True,
        )
    if above_db >= MIN_ABOVE_NOISE_DB:
        return Doubt(f"the strongest sound is in the band of {found_hz:.0f} Hz, and not steady")
    return Doubt(f"no tone of {wanted.frequency_hz:g} Hz is heard: switch the calibrator on and push it on")


def _weighting_doubt(figures: Sequence[FiguresReceived], wanted: Wanted) -> Doubt | None:
    """Return a doubt when A and C differ by another amount than at the frequency that is wanted."""
    difference_db = _mean_db([each.laeq_db for each in figures]) - _mean_db(
        [each.lceq_db for each in figures]
    )
    expected_db = a_weighting_db(wanted.frequency_hz) - c_weighting_db(wanted.frequency_hz)
    if abs(difference_db - expected_db) <= MAX_WEIGHTING_DB:
        return None
    return Doubt(
        f"the tone is in the band of {wanted.frequency_hz:g} Hz but not at it: A minus C weighting is "
        f"{difference_db:.2f} dB, {expected_db:.2f} dB at that frequency; give --frequency as the calibrator says",
        final=True,
    )


def _level_doubt(level_db: float, wanted: Wanted) -> Doubt | None:
    """Return a doubt when the offset that would be needed is more than the microphone can be off."""
    needed_db = wanted.offset_db + wanted.level_db - level_db
    if abs(needed_db) <= wanted.margin_db:
        return None
    as_made_db = level_db - wanted.offset_db
    other = next((level for level in COMMON_LEVELS_DB if abs(as_made_db - level) <= wanted.margin_db), None)
    cure = (
        f"is the calibrator at {other:.0f} dB? Then give --level {other:.0f}"
        if other is not None
        else "is it pushed on to its stop, and is full_scale_db that of the microphone?"
    )
    return Doubt(
        f"the tone reads {as_made_db:.1f} dB by the microphone's data sheet, not {wanted.level_db:g} dB within "
        f"{wanted.margin_db:g} dB: {cure}",
        final=True,
    )


def _mean_db(levels_db: Sequence[float]) -> float:
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels_db) / len(levels_db))
