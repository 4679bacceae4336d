"""Is it the tone of a calibrator? Figures as a board makes them, by the formulas of the standard."""

import math
import re
from dataclasses import replace

import pytest

from firmware.common import flags
from gateway.calibrate.tone import (
    LOWEST_BAND,
    MAX_SPREAD_DB,
    MIN_ABOVE_REST_DB,
    STEADY_FRAMES,
    Doubt,
    Reading,
    Wanted,
    a_weighting_db,
    band_of,
    c_weighting_db,
    judge,
)
from gateway.link.events import FiguresReceived

WANTED = Wanted(94.0, 1000.0, 0.0, 2.0)


def figures(level_db=94.0, frequency_hz=1000.0, *, rest_db=None, rest_hz=400.0, flagged=0):
    """Return the figures of 125 ms of a tone, and of other sound of `rest_db` (C-weighted) in the band of `rest_hz`."""
    bands = [20.0] * 29
    bands[band_of(frequency_hz) - LOWEST_BAND] = level_db
    lceq, laeq = level_db + c_weighting_db(frequency_hz), level_db + a_weighting_db(frequency_hz)
    if rest_db is not None:
        bands[band_of(rest_hz) - LOWEST_BAND] = rest_db - c_weighting_db(rest_hz)
        lceq = 10 * math.log10(10 ** (lceq / 10) + 10 ** (rest_db / 10))
    return FiguresReceived(
        sample=0,
        laf_db=laeq,
        lafmax_db=laeq,
        laeq_db=laeq,
        lasmax_db=laeq,
        lceq_db=lceq,
        lzeq_db=lceq,
        lcpeak_db=lceq + 3,
        flags=flagged,
        bands=tuple(bands),
    )


def steady(**sound):
    """Return a steady stretch of it."""
    return [figures(**sound)] * STEADY_FRAMES


@pytest.mark.parametrize("frequency_hz", [125.0, 250.0, 251.19, 500.0, 1000.0, 2000.0])
@pytest.mark.parametrize("level_db", [93.1, 94.0, 95.9])
def test_a_steady_tone_is_read_at_its_unweighted_level(frequency_hz, level_db):
    """At every frequency of a calibrator the weighting is taken back."""
    found = judge(
        steady(level_db=level_db, frequency_hz=frequency_hz), replace(WANTED, frequency_hz=frequency_hz)
    )

    assert isinstance(found, Reading)
    assert found.level_db == pytest.approx(level_db, abs=1e-6)
    assert found.spread_db == 0.0


@pytest.mark.parametrize(
    ("hz", "a_db", "c_db"),
    [
        (31.62, -39.4, -3.0),
        (251.19, -8.6, 0.0),
        (1000.0, 0.0, 0.0),
        (1995.3, 1.2, -0.2),
        (7943.3, -1.1, -3.0),
    ],
)
def test_the_weightings_are_those_of_the_standard(hz, a_db, c_db):
    """IEC 61672-1:2013, table 3, rounded as it is there."""
    assert round(a_weighting_db(hz), 1) == a_db
    assert round(c_weighting_db(hz), 1) == c_db


def test_what_moves_by_more_than_a_calibrator_may_is_waited_for():
    """The limit itself is still good."""

    def moving(by_db):
        return [figures(level_db=94.0 + by_db * (frame == 20)) for frame in range(STEADY_FRAMES)]

    found = judge(moving(MAX_SPREAD_DB + 0.02), WANTED)
    assert isinstance(judge(moving(MAX_SPREAD_DB - 0.02), WANTED), Reading)
    assert found == Doubt(found.text)
    assert "moves by 0.12 dB within 5 s" in found.text


@pytest.mark.parametrize(
    ("rest_hz", "who"), [(63.0, "wind or rumble"), (400.0, "talk or another"), (4000.0, "talk or another")]
)
def test_other_sound_beside_the_tone_is_named_and_waited_for(rest_hz, who):
    """What is less than 25 dB below the tone; what is further below adds less than a fiftieth of a dB."""
    loud = judge(steady(rest_db=94.0 - MIN_ABOVE_REST_DB + 1, rest_hz=rest_hz), WANTED)
    quiet = judge(steady(rest_db=94.0 - MIN_ABOVE_REST_DB - 1, rest_hz=rest_hz), WANTED)

    assert isinstance(loud, Doubt)
    assert who in loud.text
    assert not loud.final
    assert isinstance(quiet, Reading)
    assert quiet.level_db == pytest.approx(94.0, abs=0.02)


@pytest.mark.parametrize(
    ("sound", "why"),
    [
        ({"frequency_hz": 250.0}, "band of 251 Hz"),
        ({"frequency_hz": 1090.0}, "A minus C weighting is 0.26 dB, 0.00 dB"),
        ({"level_db": 114.0}, "is the calibrator at 114 dB"),
        ({"level_db": 96.5}, "reads 96.5 dB .* pushed on to its stop"),
        ({"level_db": 91.5}, "reads 91.5 dB"),
    ],
)
def test_a_steady_clean_tone_that_is_another_one_is_refused_for_good(sound, why):
    """Waiting cannot help: the command line has to say something else, or the calibrator to be set."""
    found = judge(steady(**sound), WANTED)

    assert isinstance(found, Doubt)
    assert found.final
    assert re.search(why, found.text)


def test_the_level_is_judged_by_the_data_sheet_and_not_by_the_last_calibration():
    """A microphone of +1.5 dB that was calibrated reads 94: no doubt; the offset is not counted twice."""
    wanted = Wanted(94.0, 1000.0, -1.5, 2.0)
    far = judge(steady(level_db=95.0), wanted)

    assert isinstance(judge(steady(level_db=94.0), wanted), Reading)
    assert isinstance(far, Doubt)
    assert "reads 96.5 dB by the microphone's data sheet" in far.text


def test_noise_without_a_tone_is_waited_for():
    """A street: the strongest band is another one, nothing stands out."""
    street = replace(figures(), bands=tuple(50.0 - band for band in range(29)), lceq_db=60.0)
    found = judge([street] * STEADY_FRAMES, WANTED)

    assert found == Doubt("no tone of 1000 Hz is heard: switch the calibrator on and push it on")


@pytest.mark.parametrize(
    "flag", [flags.OVERLOAD, flags.STUCK, flags.SAMPLES_LOST, flags.CLIPPED, flags.FLOATING]
)
def test_a_sound_that_the_self_check_doubts_is_not_read(flag):
    """One frame of forty is enough."""
    window = steady()
    window[7] = figures(flagged=flag)
    found = judge(window, WANTED)

    assert isinstance(found, Doubt)
    assert "self-check" in found.text


def test_digital_silence_is_no_reading():
    """Bands as low as they go: nothing is divided by nothing."""
    silent = replace(figures(), bands=(-327.67,) * 29, lceq_db=-327.67, laeq_db=-327.67)

    assert isinstance(judge([silent] * STEADY_FRAMES, WANTED), Doubt)
