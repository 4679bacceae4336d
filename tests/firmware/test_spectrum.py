"""The two spectra: nothing counted twice, nothing left out, no aliases."""

import json

import numpy as np
import pytest

LOW = """
import json, math
from ulab import numpy as np
from firmware.sensor.spectrum import HighSpectrum, LowSpectrum

def low(hz, amplitude):
    spectrum = LowSpectrum(48000)
    for block in range(20):
        start = 1200 * block
        spectrum.add(np.array([amplitude * math.sin(2 * math.pi * hz * (start + n) / 48000) for n in range(1200)]))
        if block % 5 == 4:
            spectrum.end()
    return float(np.sum(spectrum.power))

def high(clicks):
    spectrum = HighSpectrum(48000, 2000.0, 18000.0)
    found = []
    for frame in range(3):
        for block in range(5):
            x = np.zeros(1200)
            for at in clicks:
                if at // 1200 == 5 * frame + block:
                    x[at % 1200] = 1.0
            spectrum.add(x)
        spectrum.end()
        found.append(float(np.sum(spectrum.power)))
    return found
"""


@pytest.mark.parametrize("hz", [30.0, 100.3, 997.0, 2200.0])
def test_the_low_spectrum_sums_to_the_mean_square_of_a_tone(interpreter, hz):
    """Also where the low-pass has ripple: it is divided out. Half the square of the amplitude."""
    assert json.loads(interpreter.exec(f"{LOW}\nprint(low({hz}, 0.1))")) == pytest.approx(0.005, rel=0.01)


@pytest.mark.parametrize(
    ("hz", "under_db"), [(4500.0, 45.0), (5000.0, 55.0), (7000.0, 70.0), (11900.0, 65.0)]
)
def test_what_the_decimation_would_fold_into_the_low_spectrum_is_filtered_out(interpreter, hz, under_db):
    """A tone over half the low rate is that much weaker than one inside.

    The last limit is that of the tone itself, which is made in single precision.
    """
    folded = json.loads(interpreter.exec(f"{LOW}\nprint(low({hz}, 0.1))"))
    assert 10 * np.log10(folded / 0.005) < -under_db


def test_a_click_counts_as_much_wherever_it_lies_in_a_frame(interpreter):
    """The squared windows add up to one at every sample, so no moment is overheard or counted twice."""
    printed = interpreter.exec(LOW + "\nprint([high([at]) for at in range(6000, 12000, 611)])")
    sums = [sum(frames) for frames in json.loads(printed)]
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-3)


def test_two_windows_in_one_transform_do_not_disturb_each_other(interpreter):
    """Clicks in neighbouring windows, which share a complex transform, add up to the sum of each alone."""
    together, first, second = json.loads(
        interpreter.exec(LOW + "\nprint([high([6300, 7300]), high([6300]), high([7300])])")
    )
    assert sum(together) == pytest.approx(sum(first) + sum(second), rel=1e-3)
