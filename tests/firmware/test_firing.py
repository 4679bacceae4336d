"""Which multiple of the orders' spacing fires: frames that say little are no harm."""

import pytest

FIRING = """
from ulab import numpy as np
from firmware.sensor.firing import Firing

class Series:
    bin_hz = 5.0
    first = 3
    count = 200

class Rough:
    def depth(self, hz):
        return 0.1

spectrum = Series()

def chosen(values):
    spectrum.series = np.array(values)
    return Firing(Rough()).choose(spectrum, np.ones(200), 50.0, 0.0)
"""


@pytest.mark.parametrize("value", [-0.9, -0.2, 0.0, 3.0])
def test_a_frame_without_an_order_that_stands_out_still_has_a_choice(interpreter, value):
    """A track outlives a frame in which the series lies under its surroundings, as in a gap of the sound."""
    interpreter.write_files({"choosing.py": FIRING.encode()})
    hz = float(interpreter.exec(f"from choosing import *\nprint(chosen([{value}] * 200))"))
    assert 18.0 <= hz <= 410.0
