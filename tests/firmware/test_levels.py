"""A-weighted levels against an independent meter: FFT weighting in double precision, exact exponential."""

import numpy as np
import pytest

from gateway.virtual.level import a_weighted_equivalent_db, a_weighted_fast_db, a_weighted_fast_max_db

BURST_HZ = 4000.0


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
