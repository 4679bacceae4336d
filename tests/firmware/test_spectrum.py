"""The spectra: nothing counted twice, nothing left out, nothing folded in from above."""

import ast
import json

import numpy as np
import pytest
from scipy import signal

from gateway import lowpass_design

PROGRAM = """
import json, math
from ulab import numpy as np
from firmware.sensor.spectrum import HighSpectrum, LowSpectrum
from firmware.sensor.transform import Transform

def low(hz, amplitude):
    spectrum = LowSpectrum(48000, Transform())
    turn = 2 * math.pi * hz / 48000
    for block in range(40):
        phase = turn * 1200 * block % (2 * math.pi)
        spectrum.add(np.array([amplitude * math.sin(phase + turn * n) for n in range(1200)]))
        if block % 5 == 4:
            spectrum.end()
    return spectrum

def long(hz, amplitude):
    spectrum = low(hz, amplitude)
    return float(np.sum(spectrum.long.power)) / spectrum.gain(hz, 2)

def short(hz, amplitude):
    spectrum = low(hz, amplitude)
    return float(np.sum(spectrum.short.power)) / spectrum.gain(hz, 1)

def folded(hz, amplitude):
    spectrum = low(hz, amplitude)
    bands = spectrum.long.power[: int(450.0 / spectrum.bin_hz)]
    return float(np.sum(bands)), float(np.sum(spectrum.short.power))

def high(clicks):
    spectrum = HighSpectrum(48000, 2000.0, 18000.0, Transform())
    found = []
    for frame in range(3):
        for block in range(5):
            x = np.zeros(1200)
            for at in clicks:
                if at // 1200 == 5 * frame + block:
                    x[at % 1200] = 1.0
            spectrum.add(x)
        spectrum.end()
        found.append(float(np.sum(spectrum.bins.power)))
    return found
"""


@pytest.mark.parametrize(
    ("name", "low_pass"),
    [
        *((f"FIRST[{rate}]", low_pass) for rate, low_pass in lowpass_design.FIRST.items()),
        ("SECOND", lowpass_design.SECOND),
        ("THIRD", lowpass_design.THIRD),
    ],
)
def test_the_low_passes_on_the_board_are_the_designed_ones(interpreter, name, low_pass):
    """The numbers in lowpass.py are what the design program gives, and that is what scipy calls elliptic."""
    printed = interpreter.exec(f"from firmware.sensor import lowpass\nprint(lowpass.{name}.tolist())")
    designed = lowpass_design.design(low_pass)
    np.testing.assert_allclose(ast.literal_eval(printed), designed, atol=2e-7)
    frequency, response = signal.sosfreqz(designed, 4096, fs=1.0)
    above = frequency >= low_pass.stopband
    attenuation_db = -20 * np.log10(np.abs(response[above]).max()) + low_pass.ripple_db
    assert attenuation_db > 70.0
    scipys = signal.ellip(
        low_pass.order, low_pass.ripple_db, attenuation_db, 2 * low_pass.passband, output="sos"
    )
    _, expected = signal.sosfreqz(scipys, 4096, fs=1.0)
    expected *= np.abs(response[0]) / np.abs(expected[0])
    np.testing.assert_allclose(np.abs(response), np.abs(expected), atol=1e-4)


@pytest.mark.parametrize(
    ("spectrum", "hz"),
    [("long", 30.0), ("long", 100.3), ("long", 900.0), ("short", 397.0), ("short", 997.0), ("short", 2400.0)],
)
def test_a_low_spectrum_sums_to_the_mean_square_of_a_tone(interpreter, spectrum, hz):
    """Also where a low-pass has ripple: its gain is divided out. Half the square of the amplitude."""
    found = json.loads(interpreter.exec(f"{PROGRAM}\nprint({spectrum}({hz}, 0.1))"))
    assert found == pytest.approx(0.005, rel=0.01)


@pytest.mark.parametrize("hz", [2600.0, 2900.0, 3200.0, 3400.0, 3761.5, 4500.0, 5000.0, 7000.0, 11900.0])
def test_what_a_decimation_would_fold_into_a_band_is_filtered_out(interpreter, hz):
    """A tone over half of a low rate is at least 68 dB weaker in the bands than one inside.

    The low-passes are designed for 70 dB; the rest is the tone itself, which is made in single precision.
    """
    long, short = json.loads(interpreter.exec(f"{PROGRAM}\nprint(list(folded({hz}, 0.1)))"))
    assert 10 * np.log10(long / 0.005) < -68.0
    if hz > 6000 - lowpass_design.TOP_BAND_HZ:
        assert 10 * np.log10(short / 0.005) < -68.0


def test_a_click_counts_as_much_wherever_it_lies_in_a_frame(interpreter):
    """The squared windows add up to one at every sample, so no moment is overheard or counted twice."""
    printed = interpreter.exec(PROGRAM + "\nprint([high([at]) for at in range(6000, 12000, 611)])")
    sums = [sum(frames) for frames in json.loads(printed)]
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-3)


def test_windows_that_overlap_do_not_disturb_each_other(interpreter):
    """Clicks in neighbouring windows, which are filled in one memory, add up to the sum of each alone."""
    together, first, second = json.loads(
        interpreter.exec(PROGRAM + "\nprint([high([6300, 7300]), high([6300]), high([7300])])")
    )
    assert sum(together) == pytest.approx(sum(first) + sum(second), rel=1e-3)
