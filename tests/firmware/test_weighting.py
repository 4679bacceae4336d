"""C- and A-weighting: the designed response against the norm, and the board's numbers against the design."""

import ast

import numpy as np
import pytest

from gateway import weighting_design


@pytest.mark.parametrize("name", ["c", "a"])
def test_the_weighting_on_the_board_is_the_designed_one(interpreter, name):
    """The numbers in weighting.py are what the design program gives."""
    table = f"{name.upper()}_SECTIONS"
    printed = interpreter.exec(f"from firmware.sensor.weighting import {table}\nprint({table})")
    on_board = ast.literal_eval(printed)
    assert set(weighting_design.FITTED_TO_HZ) == set(on_board)
    for rate, sections in on_board.items():
        np.testing.assert_allclose(sections, getattr(weighting_design.design(rate), name), atol=1e-6)


@pytest.mark.parametrize("weighting", ["C", "A"])
@pytest.mark.parametrize(
    ("rate", "top", "limit"),
    [(48000, 16000, 0.02), (48000, 20000, 0.08), (32000, 14000, 0.01), (16000, 7200, 0.02)],
)
def test_the_designed_weighting_is_the_norms(weighting, rate, top, limit):
    """From 10 Hz up it is off by hundredths of a dB, also near the end of the band, and right at 1 kHz."""
    hz = np.concatenate([[1000.0], np.geomspace(10, top, 400)])
    c, a = weighting_design.design(rate)
    sections = c if weighting == "C" else np.concatenate([c, a])
    error = weighting_design.response_db(sections, hz, rate) - weighting_design.goal_db(hz, weighting)
    assert abs(error[0]) < 1e-9
    assert np.abs(error).max() < limit


def test_a_rate_without_a_design_is_refused(interpreter):
    """With the rates there are."""
    said = interpreter.exec(
        "from firmware.sensor.weighting import weightings\n"
        "try:\n    weightings(44100)\nexcept ValueError as error:\n    print(error)"
    )
    assert said.strip() == "no weighting for 44100 Hz: only for [16000, 32000, 48000]"
