"""Levels against independent meters: A by FFT weighting, C and Z by the design's filters sample by sample."""

import struct

import numpy as np
import pytest

from gateway import weighting_design
from gateway.virtual.level import a_weighted_equivalent_db, a_weighted_fast_db, a_weighted_fast_max_db

BURST_HZ = 4000.0
FULL_SCALE_DB = 120.0
SINE_DB = 10 * np.log10(2)

METER = """
import struct
from ulab import numpy as np
from firmware.sensor.levels import SINE_DB, Levels
from firmware.sensor.microphone import unpack
def start(data):
    global levels, words, count
    rate = struct.unpack("<I", data)[0]
    levels, words, count = Levels(rate, SINE_DB + 120.0), np.zeros(rate // 40), 0
def hear(data):
    global count
    found = b""
    for at in range(0, len(data), 4 * len(words)):
        unpack(data[at : at + 4 * len(words)], words)
        levels.add(words, 0.0)
        count += 1
        if count % 5 == 0:
            levels.end()
            found += struct.pack("<9f", *(levels.fast_db + levels.slow_db + levels.leq_db))
            found += struct.pack("<3f", levels.lafmax_db, levels.lasmax_db, levels.lcpeak_db)
    return found
"""
LAFMAX, LASMAX, LCPEAK = 9, 10, 11


@pytest.fixture
def meter(interpreter):
    """Return a function: samples (n,), rate -> figures (frames, 12): F, S, Leq of A, C, Z; LAFmax, LASmax, LCpeak."""
    interpreter.write_files({"meter.py": METER.encode()})
    interpreter.exec("import meter")

    def measured(x, rate=48000):
        interpreter.call("meter.start", struct.pack("<I", rate))
        words = (np.round(np.clip(x, -1, 1 - 2**-23) * 2**23).astype("<i4") << 8).tobytes()
        size = rate // 8 * 4
        pieces = [words[at : at + 4 * size] for at in range(0, len(words) // size * size, 4 * size)]
        found = b"".join(interpreter.call("meter.hear", piece) for piece in pieces)
        return np.frombuffer(found, "<f4").reshape(-1, 12)

    return measured


def filtered(sections, x):
    """Return `x` (n,) after `sections` (m, 6), sample by sample, in double precision."""
    y = x
    for b0, b1, b2, _, a1, a2 in sections:
        out, s1, s2 = [], 0.0, 0.0
        for v in y.tolist():
            o = b0 * v + s1
            s1, s2 = b1 * v - a1 * o + s2, b2 * v - a2 * o
            out.append(o)
        y = np.array(out)
    return y


def exponential(square, rate, seconds):
    """Return the exponential average of `square` (n,)."""
    keep = np.exp(-1 / (rate * seconds))
    return filtered([[1 - keep, 0, 0, 1, -keep, 0]], square)


def decibels(mean_square):
    """Return the level of a mean square."""
    return 10 * np.log10(np.maximum(mean_square, 1e-20)) + SINE_DB + FULL_SCALE_DB


@pytest.mark.parametrize("rate", [48000, 32000])
def test_fast_slow_and_leq_of_a_c_and_z_are_those_of_an_average_sample_by_sample(meter, rate):
    """At the end of every frame, of a noise that jumps by 30 dB: within 0.03 dB; LAFmax, LASmax within 0.05 dB."""
    n = rate * 3 // 2
    rng = np.random.default_rng(4)
    loud = np.where(np.arange(n) // round(0.33 * rate) % 2, 1.0, 0.03)
    x = 0.1 * loud * np.convolve(rng.standard_normal(n), [0.6, 0.3, 0.1], "same")
    x = np.round(x * 2**23) / 2**23
    found = meter(x, rate)
    c, a = weighting_design.design(rate)
    at_c = filtered(c, x)
    squares = [filtered(a, at_c) ** 2, at_c**2, x**2]
    frame = rate // 8
    ends = np.arange(frame - 1, n, frame)
    for index, square in enumerate(squares):
        fast, slow = exponential(square, rate, 0.125), exponential(square, rate, 1.0)
        np.testing.assert_allclose(found[:, index], decibels(fast[ends]), atol=0.03)
        np.testing.assert_allclose(found[:, 3 + index], decibels(slow[ends]), atol=0.03)
        mean = square[: len(ends) * frame].reshape(-1, frame).mean(axis=1)
        np.testing.assert_allclose(found[:, 6 + index], decibels(mean), atol=0.01)
        if index == 0:
            for column, average in ((LAFMAX, fast), (LASMAX, slow)):
                highest = average[: len(ends) * frame].reshape(-1, frame).max(axis=1)
                np.testing.assert_allclose(found[:, column], decibels(highest), atol=0.05)


@pytest.mark.parametrize(("rate", "limit"), [(48000, 0.25), (32000, 0.45)])
def test_the_peak_of_one_period_of_8_khz_hardly_depends_on_where_it_lies_between_the_samples(
    meter, rate, limit
):
    """3.4 dB over the steady level, as IEC 61672-1:2013, table 5, where the highest sample may be 2 dB lower."""
    hz = 10**3.9
    t = np.arange(rate // 4) / rate
    steady = meter(0.3 * np.sin(2 * np.pi * hz * t), rate)[-1, 7]
    peaks = []
    for part in np.arange(0, 1, 0.125):
        after = t - 0.1 - part / rate
        burst = np.where((after >= 0) & (after < 1 / hz), 0.3 * np.sin(2 * np.pi * hz * after), 0.0)
        peaks.append(meter(burst, rate)[:, LCPEAK].max() - steady)
    assert np.abs(np.array(peaks) - 3.4).max() < limit
    print(f"{rate} Hz: {min(peaks):.2f} to {max(peaks):.2f} dB")


def test_a_peak_on_the_border_of_two_blocks_is_the_same_as_inside_one(meter):
    """Up or down, at every sample around the border, also that of a frame: what is found is found across it."""
    rate = 48000
    pulse = np.sin(np.pi * (np.arange(4) + 0.3) / 4)
    for border in (2400, 6000):
        for sign in (1, -1):
            peaks = []
            for at in [border + 300, *range(border - 14, border + 8)]:
                x = np.zeros(12000)
                x[at : at + 4] = sign * 0.5 * pulse
                peaks.append(meter(x, rate)[:, LCPEAK].max())
            np.testing.assert_allclose(peaks[1:], peaks[0], atol=0.05)


def test_levels_are_proportional_from_the_noise_of_a_microphone_to_full_scale(meter):
    """1 kHz from 25 dB to 120 dB: A, C and Z within 0.05 dB of what is there; 25 dB are six steps of 24 bits."""
    t = np.arange(24000) / 48000
    for level in (25.0, 30.0, 50.0, 70.0, 94.0, 119.99):
        tone = 10 ** ((level - FULL_SCALE_DB) / 20) * np.sin(2 * np.pi * 1000 * t)
        noise = np.random.default_rng(5).uniform(
            -(2**-25), 2**-25, len(t)
        )  # so that rounding is no distortion
        np.testing.assert_allclose(meter(tone + noise)[-1, 6:9], level, atol=0.05)


@pytest.mark.parametrize(("hz", "limit_dba"), [(1.25, 12.0), (2.0, 12.0)])
def test_a_shaken_microphone_does_not_raise_the_noise_of_the_arithmetic_to_its_own(meter, hz, limit_dba):
    """Wind of 115 dB: A takes 120 dB or more off, what is left is 10 dB under the quietest microphone."""
    t = np.arange(3 * 48000) / 48000
    found = meter(10 ** (-5 / 20) * np.sin(2 * np.pi * hz * t))
    assert found[-8:, 6].max() < limit_dba


@pytest.mark.parametrize("rate", [48000, 32000])
def test_levels_of_a_changing_noise_are_the_reference_meters(analyse, rate):
    """LAF, LAFmax and LAeq of every frame within 0.1 dB, over 40 dB of changing level."""
    rng = np.random.default_rng(1)
    n = 4 * rate
    swell = 10 ** (np.sin(np.arange(n) / rate * 5.0) - 1.5)
    x = np.convolve(rng.standard_normal(n), [0.5, 0.3, 0.2], "same") * swell
    x = np.clip(x, -1, 1)
    frames = analyse(x, rate)
    laf = a_weighted_fast_db(x, rate)
    size = rate // 8
    for index, frame in enumerate(frames):
        if index < 2:
            continue  # the reference starts from rest a little differently
        inside = slice(index * size, (index + 1) * size)
        assert frame.laf == pytest.approx(laf[inside][-1], abs=0.1)
        assert frame.lafmax == pytest.approx(laf[inside].max(), abs=0.1)
    whole = 10 * np.log10(np.mean([10 ** (frame.laeq / 10) for frame in frames]))
    assert whole == pytest.approx(a_weighted_equivalent_db(x, rate), abs=0.1)


@pytest.mark.parametrize("burst_s", [1.0, 0.2, 0.05, 0.01, 0.002, 0.001, 0.00025])
def test_lafmax_of_a_toneburst_is_the_reference_meters_and_the_norms(analyse, burst_s):
    """Within 0.05 dB; and from 10 ms under the steady level by what IEC 61672-1:2013, table 4, follows from.

    Of the shortest bursts the A-weighting itself takes up to 0.6 dB: they are wider than a tone.
    """
    rate = 48000
    t = np.arange(2 * rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * BURST_HZ * t)
    start = 0.6137  # on no border of anything
    burst = np.where((t >= start) & (t < start + burst_s), tone, 0.0)
    steady = analyse(tone)[-1].laf
    highest = max(frame.lafmax for frame in analyse(burst))
    assert highest == pytest.approx(a_weighted_fast_max_db(burst, rate), abs=0.05)
    if burst_s >= 0.01:
        assert highest - steady == pytest.approx(10 * np.log10(1 - np.exp(-burst_s / 0.125)), abs=0.1)


def test_a_calibration_is_added_to_levels_and_bands(analyse):
    """What a calibrator has shown moves every level by as much."""
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    plain, calibrated = analyse(tone)[-1], analyse(tone, calibration_db=-1.5)[-1]
    assert plain.laf == pytest.approx(100.0, abs=0.05)
    assert calibrated.laf == pytest.approx(plain.laf - 1.5, abs=0.01)
    assert calibrated.bands[16] == pytest.approx(plain.bands[16] - 1.5, abs=0.02)


def test_a_constant_offset_of_the_microphone_does_not_count(analyse):
    """One per cent of full scale as direct current changes no level by a tenth of a dB."""
    rng = np.random.default_rng(2)
    x = 0.001 * rng.standard_normal(3 * 48000)
    assert analyse(x + 0.01)[-1].laeq == pytest.approx(analyse(x)[-1].laeq, abs=0.1)
