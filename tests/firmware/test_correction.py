"""The response of each type of microphone: its data, the designed correction, and what the board makes of it."""

import ast
import csv

import numpy as np
import pytest

from firmware.common.microphones import MICROPHONES
from gateway import microphone_design, weighting_design
from gateway.clips import uncertainty

KINDS = list(MICROPHONES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_agrees_with_the_figures_the_data_sheet_gives_in_words(kind):
    """-3 dB at the low end, what it says of the high end, 0 dB at 1 kHz; typical lies between the limits."""
    hz, typical, lower, upper = microphone_design.responses()[kind]
    microphone = MICROPHONES[kind]

    def at(f):
        return np.interp(np.log(f), np.log(hz), typical)

    assert at(1000.0) == 0.0
    assert at(microphone.low_hz) == pytest.approx(-3.0, abs=0.4)
    assert at(microphone.high_hz) == pytest.approx(microphone.high_db, abs=0.4)
    limited = ~np.isnan(lower) & ~np.isnan(upper)
    assert limited.any() == (kind != "ICS-43434")
    assert (lower[limited] <= typical[limited]).all()
    assert (typical[limited] <= upper[limited]).all()


@pytest.mark.parametrize("rate", [48000, 32000])
@pytest.mark.parametrize("kind", KINDS)
def test_after_the_correction_the_typical_response_is_flat(kind, rate):
    """Within 0.3 dB from 25 Hz and 0.5 dB at 20 Hz, exactly right at 1 kHz; wind is not made louder than 35 dB."""
    response = microphone_design.responses()[kind]
    sections = microphone_design.design(response, rate)
    inside = (response.hz > 19) & (response.hz <= weighting_design.FITTED_TO_HZ[rate])
    hz = response.hz[inside]
    left = response.typical_db[inside] + weighting_design.response_db(sections, hz, rate)
    assert np.abs(left[hz > 24]).max() < 0.3
    assert abs(left[0]) < 0.5
    assert left[hz == 1000.0] == pytest.approx(0.0, abs=1e-4)
    everywhere = np.geomspace(0.1, 0.499 * rate, 1000)
    assert weighting_design.response_db(sections, everywhere, rate).max() < 35.0


def test_the_corrections_on_the_board_are_the_designed_ones(interpreter):
    """The numbers in correction.py are what the design program gives."""
    printed = interpreter.exec("from firmware.sensor.correction import CORRECTIONS\nprint(CORRECTIONS)")
    on_board = ast.literal_eval(printed)
    assert set(on_board) == set(MICROPHONES)
    for kind, rates in on_board.items():
        assert set(rates) == set(microphone_design.RATES)
        for rate, sections in rates.items():
            designed = microphone_design.design(microphone_design.responses()[kind], rate)
            np.testing.assert_array_equal(sections, designed * weighting_design.STEPS)
            np.testing.assert_array_equal(np.float32(sections), sections)


@pytest.mark.parametrize("rate", [48000, 32000])
@pytest.mark.parametrize("kind", KINDS)
def test_a_tone_reads_as_much_as_was_there_before_the_microphone(analyse, kind, rate):
    """63 Hz and 8 kHz, as loud as that type gives them: the band reads what a flat microphone gives, within 0.3 dB."""
    response = microphone_design.responses()[kind]
    t = np.arange(rate) / rate
    for number, band in ((18, 4), (39, 25)):
        hz = 10 ** (number / 10)
        typical = np.interp(hz, response.hz, response.typical_db)
        tone = 0.05 * np.sin(2 * np.pi * hz * t)
        flat = analyse(tone, rate)[-1]
        heard = analyse(tone * 10 ** (typical / 20), rate, microphone=kind)[-1]
        assert heard.bands[band] == pytest.approx(flat.bands[band], abs=0.3)
        assert heard.laf == pytest.approx(flat.laf, abs=0.3)


def test_the_uncertainty_budget_has_the_tolerance_of_each_type():
    """The data sheet is read once: what a level without a calibrator may be off is what the firmware's table says."""
    for kind, microphone in MICROPHONES.items():
        assert uncertainty.tolerance_db(kind) == microphone.tolerance_db


def test_a_table_names_no_other_type():
    """Whoever adds a response adds the type, or the board refuses its name."""
    with microphone_design.TABLE.open(encoding="utf-8", newline="") as file:
        assert set(MICROPHONES) == {row["microphone"] for row in csv.DictReader(file)}
