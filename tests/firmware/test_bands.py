"""Third-octaves against the exact band edges: tones and noise of known spectrum."""

import numpy as np
import pytest

MIDDLES_HZ = 10 ** (np.arange(14, 43) / 10)


def reference(x, rate, number):
    """Level of band `number` of `x` (n,), from one long FFT, ideal edges."""
    power = 2 * np.abs(np.fft.rfft(x)) ** 2 / x.size**2
    hz = np.fft.rfftfreq(x.size, 1 / rate)
    inside = (hz >= 10 ** ((number - 0.5) / 10)) & (hz < 10 ** ((number + 0.5) / 10))
    return 10 * np.log10(power[inside].sum()) + 123.01


@pytest.mark.parametrize(("rate", "bands"), [(48000, 29), (32000, 28)])
def test_there_are_as_many_bands_as_fit_under_half_the_rate(analyse, rate, bands):
    """25 Hz to 16 kHz at 48 kHz; at 32 kHz the 16 kHz band would be cut and is left out."""
    assert bands == len(analyse(np.zeros(rate // 8), rate)[0].bands)


@pytest.mark.parametrize("rate", [48000, 32000])
def test_a_tone_in_the_middle_of_a_band_has_its_level_there(analyse, rate):
    """Within 0.1 dB from 50 Hz, and every band two away is 15 dB lower."""
    t = np.arange(2 * rate) / rate
    for index in range(3, 28, 3):
        frames = [
            frame.bands for frame in analyse(0.1 * np.sin(2 * np.pi * MIDDLES_HZ[index] * t), rate)[-4:]
        ]
        levels = list(10 * np.log10(np.mean(10 ** (np.array(frames) / 10), axis=0)))
        assert levels[index] == pytest.approx(100.0, abs=0.1)
        assert max(levels[: index - 1] + levels[index + 2 :]) < 85.0


def butterworth_db(number, hz):
    """Return the gain in dB, at `hz`, of the filter of order 6 whose edges are those of band `number`."""
    low, high = 10 ** ((number - 0.5) / 10), 10 ** ((number + 0.5) / 10)
    return -10 * np.log10(1 + ((hz**2 - low * high) / (hz * (high - low))) ** 12)


@pytest.mark.parametrize("rate", [48000, 32000])
@pytest.mark.parametrize("number", [14, 19, 20, 25, 26, 30, 33, 34, 37, 41])
def test_a_steady_tone_reads_what_a_butterworth_filter_makes_of_it(analyse, rate, number):
    """On both sides of the middle: within 0.3 dB down to 3 dB, within 1.2 dB down to 10 dB.

    The numbers are those at the ends of each of the four ways in which bands are computed.
    """
    t = np.arange((4 if number < 18 else 2) * rate) / rate  # a filter at 25 Hz rings for long
    fade = 0.5 - 0.5 * np.cos(np.pi * np.minimum(t, 1.0))
    for tenth, limit_db in (
        (-0.06, 1.2),
        (-0.05, 0.3),
        (-0.03, 0.1),
        (0.02, 0.1),
        (0.05, 0.3),
        (0.06, 1.2),
    ):
        hz = 10 ** (number / 10 + tenth)
        frames = np.array(
            [frame.bands for frame in analyse(0.5 * fade * np.sin(2 * np.pi * hz * t), rate)[-8:]]
        )
        read_db = 10 * np.log10(np.mean(10 ** (frames[:, number - 14] / 10)))
        expected_db = 120.0 - 6.02 + butterworth_db(number, hz)
        assert read_db == pytest.approx(expected_db, abs=limit_db), f"{hz:.1f} Hz"


@pytest.mark.parametrize("rate", [48000, 32000])
def test_bands_of_a_steady_noise_are_those_of_one_long_spectrum(analyse, rate):
    """Averaged over the recording, within 0.3 dB above 50 Hz, for noise that falls by 6 dB an octave."""
    rng = np.random.default_rng(3)
    n = 24 * rate
    spectrum = np.fft.rfft(rng.standard_normal(n)) / np.maximum(np.fft.rfftfreq(n, 1 / rate), 20.0)
    x = np.fft.irfft(spectrum, n)
    x *= 0.1 / np.std(x)
    frames = np.array([frame.bands for frame in analyse(x, rate)])
    heard = 10 * np.log10(np.mean(10 ** (frames[3:] / 10), axis=0))
    # The first and last third of a second count less in the low bands than in the long spectrum.
    for index in range(4, heard.size):
        assert heard[index] == pytest.approx(reference(x, rate, index + 14), abs=0.3), MIDDLES_HZ[index]
