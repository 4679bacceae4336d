"""C- and A-weighting: the designed response against the norm, and the board's numbers against the design."""

import ast

import numpy as np
import pytest

from gateway import weighting_design


@pytest.mark.parametrize("name", ["c", "a"])
def test_the_weighting_on_the_board_is_the_designed_one(interpreter, name):
    """The numbers in weighting.py are what the design program gives, and single precision has each of them."""
    table = f"{name.upper()}_SECTIONS"
    printed = interpreter.exec(f"from firmware.sensor.weighting import {table}\nprint({table})")
    on_board = ast.literal_eval(printed)
    assert set(weighting_design.FITTED_TO_HZ) == set(on_board)
    for rate, sections in on_board.items():
        steps = getattr(weighting_design.design(rate), name) * weighting_design.STEPS
        np.testing.assert_array_equal(sections, steps)
        np.testing.assert_array_equal(sections, steps.astype(np.float32))


@pytest.mark.parametrize("weighting", ["C", "A"])
@pytest.mark.parametrize(
    ("rate", "top", "limit"),
    [(48000, 16000, 0.02), (48000, 20000, 0.08), (32000, 14000, 0.02), (16000, 7200, 0.02)],
)
def test_the_designed_weighting_is_the_norms(weighting, rate, top, limit):
    """From 10 Hz up it is off by hundredths of a dB, also near the end of the band, and right at 1 kHz."""
    hz = np.concatenate([[1000.0], np.geomspace(10, top, 400)])
    c, a = weighting_design.design(rate)
    sections = c if weighting == "C" else np.concatenate([c, a])
    error = weighting_design.response_db(sections, hz, rate) - weighting_design.goal_db(hz, weighting)
    assert abs(error[0]) < 1e-4
    assert np.abs(error).max() < limit


def test_a_rate_without_a_design_is_refused(interpreter):
    """With the rates there are."""
    said = interpreter.exec(
        "from firmware.sensor.weighting import weightings\n"
        "try:\n    weightings(44100)\nexcept ValueError as error:\n    print(error)"
    )
    assert said.strip() == "no weighting for 44100 Hz: only for [16000, 32000, 48000]"


def cascade(sections, x, kind):
    """Return `x` (tones, n) after `sections` as `sosfilt` computes it, every operation rounded to `kind`."""
    sections, y = sections.astype(kind), x.T.astype(kind)
    states = np.zeros((2, len(sections), y.shape[1]), kind)
    out = np.empty_like(y)
    for at, v in enumerate(y):
        for (b0, b1, b2, _, a1, a2), s1, s2 in zip(sections, *states, strict=True):
            w = b0 * v + s1
            s1[:] = b1 * v - a1 * w + s2
            s2[:] = b2 * v - a2 * w
            v = w  # noqa: PLW2901  from section to section
        out[at] = v
    return out.T.astype(np.float64)


@pytest.fixture(scope="module")
def heard():
    """Tones of 110 dB where full scale is 120 dB, after C and after A, in double and in single precision."""
    rate = 48000
    hz = 10 ** (np.arange(10, 44, 3) / 10)
    t = np.arange(round(0.5 * rate)) / rate
    x = 10 ** (-10 / 20) * np.sin(2 * np.pi * hz[:, np.newaxis] * t)
    c, a = weighting_design.design(rate)
    found = {}
    for kind in (np.float64, np.float32):
        at_c = cascade(c, x, kind)
        found[kind] = at_c, cascade(a, at_c, kind)
    return found


@pytest.mark.parametrize(("weighting", "index"), [("C", 0), ("A", 1)])
def test_single_precision_changes_no_level_by_a_twentieth_of_a_db(heard, weighting, index):
    """From 10 Hz to 20 kHz, low-frequency poles included: what a board computes against double precision."""
    levels = [
        10 * np.log10(np.mean(heard[kind][index][:, 12000:] ** 2, axis=1))
        for kind in (np.float64, np.float32)
    ]
    difference = np.abs(levels[1] - levels[0]).max()
    print(f"{weighting}: at most {difference:.4f} dB")
    assert 0 < difference < 0.02


def test_single_precision_adds_a_noise_far_below_that_of_a_microphone(heard):
    """Loud tones of 10 Hz to 20 kHz: what is added to A is 90 dB under them, 20 dB(A) where they have 110 dB."""
    exact = heard[np.float64][1]
    # Without what is only a change of gain: that is the test above.
    gains = np.sum(heard[np.float32][1] * exact, axis=1) / np.sum(exact**2, axis=1)
    errors = heard[np.float32][1] - gains[:, np.newaxis] * exact
    noise_dba = 10 * np.log10(np.mean(errors[:, 12000:] ** 2, axis=1)) + 123.01
    print(f"noise beside tones of 110 dB: {noise_dba.min():.0f} to {noise_dba.max():.0f} dB(A)")
    assert noise_dba.max() < 20.0


def test_a_constant_of_one_per_cent_adds_hardly_any_noise_to_a_quiet_sound():
    """30 dB at 1 kHz beside a constant that is 50 dB larger, in single precision: A within 0.05 dB, C within 0.3 dB.

    What is added to C lies below 50 Hz; a microphone's own noise is far above it there.
    """
    rate = 48000
    t = np.arange(rate) / rate
    x = (0.01 + 10 ** (-90 / 20) * np.sin(2 * np.pi * 1000 * t))[np.newaxis]
    c, a = weighting_design.design(rate)
    at_c = cascade(c, x, np.float32)
    for y, limit in ((at_c, 0.3), (cascade(a, at_c, np.float32), 0.05)):
        level = 10 * np.log10(np.mean(y[:, -12000:] ** 2)) + 123.01
        assert level == pytest.approx(30.0, abs=limit)
